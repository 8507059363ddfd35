use std::fmt::Display;
use std::iter::successors;
use std::time::Duration;

use app::problem::{Code, Problem};
use event_store::StoreError;
use tokio::time::sleep;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Five minutes. What runs for hours at night is not given up for a throttle.
const PAUSES: usize = 14;

/// What may be over when the same is asked again.
pub(super) trait Passing: Display {
    fn is_passing(&self) -> bool;
}

impl Passing for StoreError {
    fn is_passing(&self) -> bool {
        self.is_transient()
    }
}

impl Passing for Problem {
    fn is_passing(&self) -> bool {
        self.is(Code::Unavailable)
    }
}

/// Asks, and asks again while the store is away, for minutes.
///
/// # Errors
/// The last one, or the first that does not pass.
pub(super) async fn patiently<T, E: Passing>(
    mut ask: impl AsyncFnMut() -> Result<T, E>,
) -> Result<T, E> {
    let mut pauses = pauses();
    loop {
        match (ask().await, pauses.next()) {
            (Err(error), Some(pause)) if error.is_passing() => {
                tracing::warn!(%error, ?pause, "verification waits for the store; it tries again");
                sleep(pause).await;
            }
            (answer, _) => return answer,
        }
    }
}

fn pauses() -> impl Iterator<Item = Duration> {
    successors(Some(FIRST_PAUSE), |pause| Some((*pause * 2).min(LONGEST_PAUSE))).take(PAUSES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_last_for_minutes() {
        assert!(pauses().is_sorted());
        assert_eq!(pauses().take(3).map(|pause| pause.as_secs()).sum::<u64>(), 1 + 2 + 4);
        assert!((5 * 60..6 * 60).contains(&pauses().map(|pause| pause.as_secs()).sum::<u64>()));
    }

    #[tokio::test]
    async fn what_does_not_pass_is_not_waited_for() {
        let mut asked = 0;
        let answer = patiently(async || {
            asked += 1;
            Err::<(), _>(StoreError::Refused("no permission".to_owned()))
        });
        assert!(answer.await.is_err());
        assert_eq!(asked, 1);
    }
}

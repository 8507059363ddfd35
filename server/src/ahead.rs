//! Recorded times that this machine's clock has not reached.

use std::fmt;
use std::time::Duration;

use event_store::{SKEW_ALLOWANCE_MS, Timestamp};

/// The time by which the latest recorded change is ahead of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ahead(Duration);

impl Ahead {
    pub(crate) fn of(latest: Option<Timestamp>, now: Timestamp) -> Self {
        let ahead = latest.map_or(0, |latest| latest.as_millis().saturating_sub(now.as_millis()));
        Self(Duration::from_millis(ahead.try_into().unwrap_or(0)))
    }

    pub(crate) fn duration(self) -> Duration {
        self.0
    }

    /// Returns whether the lead exceeds the usual skew between the clocks of servers.
    pub(crate) fn is_remarkable(self) -> bool {
        self.0 > Duration::from_millis(SKEW_ALLOWANCE_MS.unsigned_abs())
    }
}

/// Formats the lead in the largest unit that fits at least twice.
impl fmt::Display for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let units = [(86_400, "days"), (3600, "hours"), (60, "minutes")];
        match units.into_iter().find(|(unit, _)| seconds >= 2 * unit) {
            Some((unit, name)) => write!(f, "{} {name}", seconds / unit),
            None => write!(f, "{seconds} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lead_beyond_the_skew_allowance_is_remarkable() {
        let now = Timestamp::from_millis(1_000_000);
        let ahead = |by: i64| Ahead::of(Some(Timestamp::from_millis(1_000_000 + by)), now);
        assert!(!Ahead::of(None, now).is_remarkable());
        assert!(!ahead(-SKEW_ALLOWANCE_MS - 1).is_remarkable());
        assert!(!ahead(SKEW_ALLOWANCE_MS).is_remarkable());
        assert!(ahead(SKEW_ALLOWANCE_MS + 1).is_remarkable());
    }

    #[test]
    fn a_lead_is_shown_in_the_largest_unit_that_fits_twice() {
        let told = |seconds| Ahead(Duration::from_secs(seconds)).to_string();
        assert_eq!(told(119), "119 s");
        assert_eq!(told(120), "2 minutes");
        assert_eq!(told(2 * 86_400 - 1), "47 hours");
        assert_eq!(told(365 * 86_400), "365 days");
    }
}

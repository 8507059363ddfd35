//! Compares this machine's clock with the store's, which dates each answer, and with recorded
//! times.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, SdkError};
use aws_sdk_dynamodb::operation::describe_table::builders::DescribeTableFluentBuilder;
use aws_sdk_dynamodb::operation::describe_table::{DescribeTableError, DescribeTableOutput};
use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use event_store::{SKEW_ALLOWANCE_MS, Timestamp};
use read_model::ReadModel;

use super::Finding;
use crate::ahead::Ahead;
use crate::config::Settings;
use crate::open::DataDirectory;

/// The difference that the whole seconds of a `Date` and a slow answer may explain.
const UNREMARKABLE_MS: u64 = 5000;
/// The error in a command id's time beyond which a repeat is searched for in the whole history.
const ALLOWANCE_MS: u64 = SKEW_ALLOWANCE_MS.unsigned_abs();

/// An interceptor that compares the clock with the `Date` of the last answer.
#[derive(Clone, Debug, Default)]
struct Comparison(Arc<Mutex<Taken>>);

#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    sent: i64,
    ahead: Option<i64>,
}

/// Describes the table, and returns by how many milliseconds this clock is ahead of the answer's
/// `Date`.
pub(super) async fn compared(
    request: DescribeTableFluentBuilder,
    table: &str,
) -> (Option<i64>, Result<DescribeTableOutput, SdkError<DescribeTableError, HttpResponse>>) {
    let comparison = Comparison::default();
    let request = request.table_name(table).customize().interceptor(comparison.clone());
    let answer = request.send().await;
    (comparison.taken().ahead, answer)
}

pub(super) fn finding(ahead: Option<i64>) -> Option<Finding> {
    let ahead = ahead?;
    let seconds = ahead.unsigned_abs() / 1000;
    let direction = if ahead < 0 { "behind" } else { "ahead of" };
    let what = format!("this machine's clock is {seconds} s {direction} the store's");
    let remedy = "Set it, and keep it set by NTP";
    Some(if ahead.unsigned_abs() <= UNREMARKABLE_MS {
        Finding::ok("this machine's clock agrees with the store's")
    } else if ahead.unsigned_abs() <= ALLOWANCE_MS {
        Finding::warning(what, remedy)
    } else {
        let what =
            format!("{what}; beyond {} s, every retried command is slow", ALLOWANCE_MS / 1000);
        Finding::problem(what, remedy)
    })
}

/// Compares the clock with the latest time in the lists, if there are any.
pub(super) async fn recorded(settings: &Settings) -> Option<Finding> {
    let path = DataDirectory::read_model_in(&settings.data);
    if !path.exists() {
        return None;
    }
    Some(match ReadModel::latest_change_in(&path).await {
        Ok(latest) => recorded_finding(Ahead::of(latest, Timestamp::from_millis(now()))),
        Err(error) => Finding::warning(
            format!("the times in {} cannot be compared with the clock: {error}", path.display()),
            "If `daybook serve` does not repair it, run `daybook rebuild`",
        ),
    })
}

fn recorded_finding(ahead: Ahead) -> Finding {
    if !ahead.is_remarkable() {
        return Finding::ok("no change is recorded ahead of this machine's clock");
    }
    Finding::warning(
        format!("the latest change is recorded {ahead} ahead of this machine's clock"),
        "Set the clock by NTP. If it is right now, it was wrong when the change was recorded: until the clock \
         catches up, new changes to such a record are dated with its latest time",
    )
}

impl Comparison {
    fn taken(&self) -> Taken {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, change: impl FnOnce(&mut Taken)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Intercept for Comparison {
    fn name(&self) -> &'static str {
        "Comparison"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.take(|taken| taken.sent = now());
        Ok(())
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date = date.and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok());
        let theirs = date.and_then(|date| date.to_millis().ok());
        let received = now();
        self.take(|taken| {
            taken.ahead = theirs.map(|theirs| i64::midpoint(taken.sent, received) - theirs);
        });
        Ok(())
    }
}

/// Reads the clock, in milliseconds since the epoch. This time is never recorded.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;

    #[test]
    fn a_skew_of_seconds_is_a_warning_and_one_beyond_the_allowance_is_a_problem() {
        let severity = |ahead| finding(Some(ahead)).map(|finding| finding.severity);
        assert_eq!(finding(None), None);
        for sign in [1, -1] {
            assert_eq!(severity(sign * 5000), Some(Severity::Ok));
            assert_eq!(severity(sign * 5001), Some(Severity::Warning));
            assert_eq!(severity(sign * SKEW_ALLOWANCE_MS), Some(Severity::Warning));
            assert_eq!(severity(sign * (SKEW_ALLOWANCE_MS + 1)), Some(Severity::Problem));
        }
    }
}

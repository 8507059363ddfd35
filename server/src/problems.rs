//! Conversions of internal failures to a [`Problem`], in one place.

use std::time::Duration;

use api::{Code, Problem};
use domain::sku::SkuRejection;
use event_store::feed::{FeedError, Position};
use event_store::full_disk::{self, OnceAMinute};
use event_store::{AggregateId, StoreError, Version};
use serde_json::Value;
use uuid::Uuid;

/// The retry delay in seconds, in which somebody may have made room.
const FULL_RETRY_AFTER: u64 = 10;

/// Converts a failure of the store to the problem that the client receives.
pub(crate) fn of_store(error: &StoreError) -> Problem {
    match error {
        StoreError::Unavailable { reason, retry_after } => {
            warn_that_the_store_is_away(reason);
            unavailable("the store does not answer; it is safe to send the same again")
                .with("retry_after", whole_seconds(*retry_after))
        }
        StoreError::Full(reason) => {
            full_disk::tell(reason);
            disk_full()
        }
        StoreError::Corrupt { aggregate, version, problem } => {
            tracing::error!(%aggregate, version, problem, "what is stored is not what was written");
            Problem::new(Code::Corrupt, error.to_string()).with("failed_at", *version)
        }
        StoreError::Newer { aggregate, version, reason } => {
            tracing::error!(%aggregate, version, %reason, "this program is older than what is stored: update it");
            let detail = format!(
                "A newer version of Daybook recorded version {version} of this record. Nothing is lost: update this \
                 server to read it."
            );
            Problem::new(Code::NewerVersion, detail).with("failed_at", *version)
        }
        StoreError::Feed(broken) => {
            tracing::error!(error = %broken, "what is stored is not what was written");
            Problem::new(Code::Corrupt, error.to_string()).with("batch", broken.batch)
        }
        StoreError::TooLarge { bytes, limit } => Problem::new(Code::TooLarge, error.to_string())
            .with("bytes", *bytes)
            .with("limit", *limit),
        other => {
            tracing::error!(error = %other, "the store failed");
            Problem::new(Code::Internal, "the store refused the request; the server's log says why")
        }
    }
}

/// Logs the reason, at most once a minute. During an outage every request fails for the same
/// reason.
fn warn_that_the_store_is_away(reason: &str) {
    static TOLD: OnceAMinute = OnceAMinute::new();
    TOLD.tell(|untold| tracing::warn!(reason, untold, "the store is unavailable"));
}

/// Converts an error of the feed to the problem of a reader who gave the position in `place`.
pub(crate) fn of_feed(place: &str, error: &FeedError) -> Problem {
    match error {
        FeedError::Opening => unavailable("the feed is still being read"),
        FeedError::Beyond { after, newest } => no_position(place, after, *newest),
        FeedError::Unreadable { position, problem } => {
            of_store(problem).with("position", *position)
        }
        FeedError::Store(error) => of_store(error),
        other => defect(other),
    }
}

/// Returns the problem of what was `found` in place of a position of the feed.
pub(crate) fn no_position(place: &str, found: impl std::fmt::Display, newest: Position) -> Problem {
    let expected = format!("expected a whole number from 0 to {newest}, where the feed ends");
    malformed(place, format!("`{found}` is not a position in the feed; {expected}"))
}

/// Rounds up, as `Retry-After` has no fractions and 0 means at once (RFC 9110, 10.2.3).
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

/// Returns the problem of what is unavailable now, but will soon be available.
pub(crate) fn unavailable(detail: &str) -> Problem {
    Problem::new(Code::Unavailable, detail).with("retry_after", 1)
}

pub(crate) fn disk_full() -> Problem {
    let detail =
        "The server's disk is full, and nothing was recorded. Try again once there is room.";
    Problem::new(Code::DiskFull, detail).with("retry_after", FULL_RETRY_AFTER)
}

pub(crate) fn unknown_aggregate(aggregate: &AggregateId) -> Problem {
    Problem::new(Code::UnknownAggregate, format!("there is no {} {}", aggregate.kind, aggregate.id))
}

pub(crate) fn unknown_version(version: Version, current: Version) -> Problem {
    Problem::new(
        Code::UnknownVersion,
        format!("there is no version {version}: the newest is {current}"),
    )
    .with("current_version", current)
}

/// Returns the problem of a new item whose SKU belongs to this item, with its name if that is
/// known.
pub(crate) fn sku_taken(sku: &str, item: Uuid, name: Option<&str>) -> Problem {
    let by = name.unwrap_or("another item");
    let detail = format!("the SKU {sku} is taken by {by}");
    let mut figures = serde_json::to_value(SkuRejection::Taken { sku: sku.to_owned(), item });
    if let Ok(Value::Object(figures)) = &mut figures {
        figures.insert("name".to_owned(), name.into());
    }
    match figures {
        Ok(figures) => {
            Problem::new(Code::Rejected, detail).with("rejection", figures).with("version", 0)
        }
        Err(error) => defect(&error),
    }
}

/// Returns the problem of a request that cannot be parsed. `pointer` (RFC 6901) or the name of a
/// parameter says where.
pub(crate) fn malformed(pointer: &str, detail: impl std::fmt::Display) -> Problem {
    let detail = match pointer {
        "" => detail.to_string(),
        pointer => format!("{pointer}: {detail}"),
    };
    let problem = Problem::new(Code::Malformed, detail);
    if pointer.is_empty() { problem } else { problem.with("pointer", pointer) }
}

/// Logs a defect of this program, and returns its problem.
pub(crate) fn defect(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "a bug in the program");
    Problem::new(Code::Internal, "this is a bug in the program; the server's log says where")
}

#[cfg(test)]
mod tests {
    use domain::InventoryItem;
    use event_store::FeedBreak;

    use super::*;

    fn away(retry_after: Duration) -> StoreError {
        StoreError::Unavailable { reason: "no answer".to_owned(), retry_after }
    }

    #[test]
    fn each_failure_of_the_store_has_a_code() {
        let aggregate = AggregateId::of::<InventoryItem>(Uuid::max());
        for (error, code) in [
            (away(Duration::from_secs(1)), Code::Unavailable),
            (StoreError::Full("daybook.db".to_owned()), Code::DiskFull),
            (StoreError::corrupt(&aggregate, 3, "is missing"), Code::Corrupt),
            (StoreError::TooLarge { bytes: 400_000, limit: 300_000 }, Code::TooLarge),
            (StoreError::Refused("no permission".to_owned()), Code::Internal),
        ] {
            assert!(of_store(&error).is(code), "{error}");
        }
    }

    #[test]
    fn each_failure_of_the_feed_has_a_code() {
        let aggregate = AggregateId::of::<InventoryItem>(Uuid::max());
        let missing = || StoreError::corrupt(&aggregate, 3, "is missing");
        let altered = FeedBreak { batch: 2, problem: "was altered".to_owned() };
        for (error, code, name, value) in [
            (FeedError::Opening, Code::Unavailable, "retry_after", 1),
            (
                FeedError::Unreadable { position: 7, problem: missing() },
                Code::Corrupt,
                "position",
                7,
            ),
            (FeedError::Store(away(Duration::ZERO)), Code::Unavailable, "retry_after", 1),
            (FeedError::Store(StoreError::Feed(altered)), Code::Corrupt, "batch", 2),
        ] {
            let problem = of_feed("after", &error);
            assert!(problem.is(code), "{error}");
            assert_eq!(problem.more[name], value, "{error}");
        }
        let beyond = of_feed("after", &FeedError::Beyond { after: 9, newest: 4 });
        assert!(beyond.is(Code::Malformed));
        assert_eq!(beyond.more["pointer"], "after");
    }

    #[test]
    fn retry_after_is_in_whole_seconds_and_never_zero() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (30_000, 30)] {
            let problem = of_store(&away(Duration::from_millis(millis)));
            assert_eq!(problem.more["retry_after"], seconds, "{millis} ms");
        }
    }

    #[test]
    fn internal_details_of_the_store_are_hidden_from_clients() {
        let refused = of_store(&StoreError::Refused("arn:aws:iam::1234:user/x".to_owned()));
        assert!(!refused.detail.contains("arn"), "{}", refused.detail);
        assert!(!of_store(&away(Duration::ZERO)).detail.contains("no answer"));
    }
}

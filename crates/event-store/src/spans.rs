//! The spans for `tracing`, of target `event_store` and level DEBUG, each with its `outcome`. They
//! cost next to nothing without a subscriber.

use tracing::Span;

use crate::StoreError;

/// The target of every span, whatever module it is in.
pub(crate) const TARGET: &str = "event_store";

/// Records the outcome in the span. Callers instrument a future where they await it: passing an
/// instrumented future on would copy it, and the SDK's futures are large.
pub(crate) fn tell<T>(
    span: &Span,
    result: &Result<T, StoreError>,
    done: impl FnOnce(&T) -> &'static str,
) {
    span.record("outcome", result.as_ref().map_or_else(failed, done));
}

/// The outcome that stands for an error.
pub(crate) const fn failed(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable { .. } => "unavailable",
        StoreError::Full(_) => "full",
        StoreError::Corrupt { .. } => "corrupt",
        StoreError::Newer { .. } => "newer",
        StoreError::TooLarge { .. } | StoreError::TooMany { .. } => "too-large",
        StoreError::Refused(_) => "refused",
        _ => "failed",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::{AggregateId, DecodeError, FeedBreak, Kind, UpcastError};

    #[test]
    fn an_error_has_an_outcome_that_names_its_kind() {
        let aggregate = AggregateId::new(Kind::from_static("tally"), Uuid::nil());
        let newer = UpcastError::Newer { name: "Sold".to_owned(), schema: 2 };
        let unavailable =
            StoreError::Unavailable { reason: "no answer".to_owned(), retry_after: Duration::ZERO };
        for (error, outcome) in [
            (unavailable, "unavailable"),
            (StoreError::Full("the quota is exceeded".to_owned()), "full"),
            (StoreError::corrupt(&aggregate, 1, "is missing"), "corrupt"),
            (StoreError::unreadable(&aggregate, 1, newer.into()), "newer"),
            (StoreError::TooLarge { bytes: 2, limit: 1 }, "too-large"),
            (StoreError::TooMany { count: 101 }, "too-large"),
            (StoreError::Refused("no permission".to_owned()), "refused"),
            (FeedBreak { batch: 1, problem: "is missing".to_owned() }.into(), "failed"),
            (DecodeError::NoEvents.into(), "failed"),
        ] {
            assert_eq!(failed(&error), outcome, "{error}");
        }
    }
}

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

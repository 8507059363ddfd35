//! What `tracing` is told: spans of target `event_store` and level DEBUG, each with its `outcome`. They
//! cost next to nothing while nobody listens.

use tracing::Span;

use crate::StoreError;

/// The target of every span, whatever module it is in.
pub(crate) const TARGET: &str = "event_store";

/// Says in the span what came of it. (What is done in it is instrumented where it is awaited: a future that
/// is handed on is copied, and those of the SDK are large.)
pub(crate) fn tell<T>(
    span: &Span,
    result: &Result<T, StoreError>,
    done: impl FnOnce(&T) -> &'static str,
) {
    span.record("outcome", result.as_ref().map_or_else(failed, done));
}

/// What an error is called.
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

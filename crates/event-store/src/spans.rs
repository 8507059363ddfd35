//! What `tracing` is told: spans of target `event_store` and level DEBUG, each with its `outcome`. They
//! cost next to nothing while nobody listens.

use tracing::{Instrument, Span};

use crate::StoreError;

/// The target of every span, whatever module it is in.
pub(crate) const TARGET: &str = "event_store";

/// Does this in the span, and says there what came of it. The span has to have the field `outcome`.
pub(crate) async fn telling<T>(
    span: Span,
    work: impl Future<Output = Result<T, StoreError>>,
    done: impl FnOnce(&T) -> &'static str,
) -> Result<T, StoreError> {
    let result = work.instrument(span.clone()).await;
    span.record("outcome", result.as_ref().map_or_else(failed, done));
    result
}

/// What an error is called.
pub(crate) const fn failed(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable { .. } => "unavailable",
        StoreError::Corrupt { .. } => "corrupt",
        StoreError::TooLarge { .. } | StoreError::TooMany { .. } => "too-large",
        StoreError::Refused(_) => "refused",
        _ => "failed",
    }
}

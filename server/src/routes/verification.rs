//! `/api/v1/aggregates/{kind}/{id}/verification`

use api::openapi;
use axum::Json;
use axum::extract::State;
use event_store::Verification;

use crate::desk::FrontDesk;
use crate::http::ids::AggregatePath;
use crate::http::problem::ProblemDocument;

/// Verifies the whole history.
///
/// The chain must hold, and each command, decided again, must give the very events that were
/// recorded.
#[utoipa::path(
    get,
    path = "/api/v1/aggregates/{kind}/{id}/verification",
    tag = "aggregates",
    params(AggregatePath),
    responses(
        (status = 200, description = "Checked", body = openapi::Verification),
        (status = 400, description = "`malformed`: says where"),
        (status = 404, description = "`unknown-kind` or `unknown-aggregate`"),
        (status = 429, description = "`busy`: its turn did not come; safe to repeat after `retry-after` \
            seconds"),
        (status = 503, description = "`unavailable`: the store does not answer; safe to repeat after \
            `retry-after` seconds"),
    ),
)]
pub(super) async fn get(
    State(desk): State<FrontDesk>,
    AggregatePath { kind, id }: AggregatePath,
) -> Result<Json<Verification>, ProblemDocument> {
    Ok(Json(desk.kinds().named(&kind)?.verify(id).await?))
}

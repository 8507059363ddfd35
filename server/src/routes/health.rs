//! `/healthz` and `/readyz`

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::FrontDesk;
use crate::http::problem::ProblemDocument;

/// The health of the server.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct Health {
    status: &'static str,
}

/// Reports that the process is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operations",
    responses((status = 200, description = "The process is alive", body = Health)),
)]
pub(super) async fn healthz() -> Json<Health> {
    Json(Health { status: "alive" })
}

/// Checks that the store answers and the read model has caught up.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operations",
    responses(
        (status = 200, description = "The server is ready", body = Health),
        (status = 503, description = "`unavailable`: not yet, or not now; or `disk-full`"),
    ),
)]
pub(super) async fn readyz(State(desk): State<FrontDesk>) -> Result<Json<Health>, ProblemDocument> {
    desk.ready().await?;
    Ok(Json(Health { status: "ready" }))
}

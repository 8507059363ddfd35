//! `/api/v1/commands`

use app::desk::Desk;
use axum::extract::State;
use axum::http::StatusCode;
use event_store::wire::{CommandAccepted, CommandRequest};

use crate::desk::FrontDesk;
use crate::http::json::Json;
use crate::http::problem::ProblemDocument;
use crate::openapi::schemas;

/// Takes up one command.
#[utoipa::path(
    post,
    path = "/api/v1/commands",
    tag = "commands",
    request_body = schemas::CommandRequest,
    responses(
        (status = 201, description = "Accepted", body = schemas::CommandAccepted),
        (status = 200, description = "Accepted before: the first outcome again",
            body = schemas::CommandAccepted),
        (status = 400, description = "`malformed`: says where", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 403, description = "`forbidden`: posted by a page of another site", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 404, description = "`unknown-kind` or `unknown-aggregate`", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 409, description = "`conflict`, with `current_version` and `since`; or `command-id-reused`", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 413, description = "`too-large`: the body, or the change set it would become", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`: not JSON", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "`rejected`: the rules say no; `rejection` says why, with figures", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 500, description = "`corrupt`: what is stored is not what was written", body = schemas::Problem,
            content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the store is away; safe to repeat after `retry-after` seconds", body = schemas::Problem,
            content_type = "application/problem+json"),
    ),
)]
pub(super) async fn post(
    State(desk): State<FrontDesk>,
    Json(request): Json<CommandRequest>,
) -> Result<(StatusCode, axum::Json<CommandAccepted>), ProblemDocument> {
    let accepted = desk.execute(request).await?;
    let status = if accepted.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, axum::Json(accepted)))
}

//! `/api/v1/openapi.json`

use std::sync::Arc;

use axum::Extension;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::openapi::OpenApi;

use crate::http::problem::ProblemDocument;
use crate::problems;

/// This description.
#[utoipa::path(
    get,
    path = "/api/v1/openapi.json",
    tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")),
)]
pub(super) async fn get(
    Extension(description): Extension<Arc<OpenApi>>,
) -> Result<impl IntoResponse, ProblemDocument> {
    let json = description.to_json().map_err(|error| problems::defect(&error))?;
    Ok(([(CONTENT_TYPE, "application/json")], json))
}

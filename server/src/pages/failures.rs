//! What server functions answer when they fail.

use app::problem::Problem;
use axum::body::to_bytes;
use axum::response::{IntoResponse as _, Response};
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;

use crate::http::json::BODY_LIMIT;
use crate::http::problem::ProblemDocument;

/// Leptos answers every failure of a server function with 500, that of a request which it cannot read
/// among them. The problem itself names the status and the headers that are right.
pub(super) async fn failures_as_problems(response: Response) -> Response {
    if !response.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => ProblemDocument(problem).into_response(),
        Err(_) => Response::from_parts(parts, body.into()),
    }
}

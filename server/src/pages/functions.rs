//! The requests and answers of server functions.

use api::Problem;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest as _, Request};
use axum::http::header::{ACCEPT, REFERER};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use leptos::server_fn::error::SERVER_FN_ERROR_HEADER;

use crate::http::json::{BODY_LIMIT, insist_on_json, unreadable};
use crate::http::problem::ProblemDocument;

/// The prefix of the paths of all server functions.
const FUNCTIONS: &str = "/ui/";

/// Lets only scripts call server functions, and answers them only with data.
///
/// Leptos mistakes a request whose `Accept` names HTML for a form, and redirects its sender to
/// wherever `Referer` says. Our forms post to pages (`forms.rs`), so no such request is one of
/// ours.
pub(super) async fn only_scripts(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(FUNCTIONS) || request.method() != Method::POST {
        return next.run(request).await;
    }
    match of_script(request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => ProblemDocument(problem).into_response(),
    }
}

/// Returns the request with its whole body, and without the headers that make Leptos redirect.
async fn of_script(request: Request) -> Result<Request, Problem> {
    insist_on_json(&request)?;
    let (mut parts, body) = request.into_parts();
    parts.headers.remove(REFERER);
    parts.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    // Leptos would report a body that is too large as malformed.
    let body = Bytes::from_request(Request::new(body), &()).await.map_err(unreadable)?;
    Ok(Request::from_parts(parts, body.into()))
}

/// Turns failures of server functions into problem documents. Leptos answers each of them with 500,
/// even that of an unreadable request; the problem itself names the right status and headers.
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

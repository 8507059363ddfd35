//! Problems as responses (RFC 9457).

use api::{Code, Problem};
use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// The media type of a problem document.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A problem as a response. Handlers return it as their error, and `?` converts a problem to it.
#[derive(Clone, Debug)]
pub struct ProblemDocument(pub Problem);

impl From<Problem> for ProblemDocument {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ProblemDocument {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = problem.more.get("retry_after").and_then(serde_json::Value::as_u64) {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// Turns errors that a layer or the router itself answers, such as 405 or 413 in plain text, into
/// problem documents.
pub(crate) async fn only_problems(response: Response) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_problem(&response) {
        return response;
    }
    let (code, detail) = match status {
        StatusCode::BAD_REQUEST => (Code::Malformed, "the request cannot be read"),
        StatusCode::NOT_FOUND => (Code::NotFound, "no resource of this interface has this address"),
        StatusCode::METHOD_NOT_ALLOWED => {
            (Code::MethodNotAllowed, "the header `allow` names the methods of this resource")
        }
        StatusCode::PAYLOAD_TOO_LARGE => (Code::TooLarge, "the body has more than 1 MiB"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (Code::UnsupportedMediaType, "send JSON"),
        _ => (Code::Internal, "the server's log says why"),
    };
    let (mut given, _) = response.into_parts();
    let mut problem = ProblemDocument(Problem::new(code, detail)).into_response();
    for name in [CONTENT_TYPE, CONTENT_LENGTH, ALLOW] {
        if let (Some(value), true) = (given.headers.remove(&name), name == ALLOW) {
            problem.headers_mut().insert(name, value);
        }
    }
    for (name, value) in given.headers.drain().filter_map(|(name, value)| Some((name?, value))) {
        problem.headers_mut().insert(name, value);
    }
    problem
}

fn is_problem(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|content_type| content_type == PROBLEM_JSON)
}

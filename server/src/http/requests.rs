//! Requests that no handler sees: `OPTIONS`, and bodies in a coding that the server does not read.

use api::{Code, Problem};
use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::ProblemDocument;

/// The methods that at least one resource of this server supports.
const METHODS: &str = "GET,HEAD,POST";

/// Answers `OPTIONS` for the whole server and for each resource (RFC 9110, 9.3.7). No resource
/// handles the method itself, so the router refuses it; axum adds the header `allow` to the
/// response once it has passed this layer.
pub(super) async fn options(request: Request, next: Next) -> Response {
    if request.method() != Method::OPTIONS {
        return next.run(request).await;
    }
    // `OPTIONS *`
    if request.uri().path() == "*" {
        return (StatusCode::NO_CONTENT, [(ALLOW, METHODS)]).into_response();
    }
    let mut response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let allowed = response.headers_mut().remove(ALLOW);
    let allowed: HeaderMap = allowed.into_iter().map(|methods| (ALLOW, methods)).collect();
    (StatusCode::NO_CONTENT, allowed).into_response()
}

/// Refuses compressed bodies, whose compressed bytes a handler would mistake for the content (RFC
/// 9110, 8.4 and 15.5.16).
pub(super) async fn only_plain(request: Request, next: Next) -> Response {
    let mut codings = request.headers().get_all(CONTENT_ENCODING).iter();
    if codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return next.run(request).await;
    }
    let detail = "send the body without a content coding";
    let mut refused =
        ProblemDocument(Problem::new(Code::UnsupportedMediaType, detail)).into_response();
    refused.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    refused
}

//! One log line for each request that a guard refuses.

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderName, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

/// Logs requests that are answered with 401, 403 or 421. Such a request bypasses the proxy, comes
/// from a page of another site, or comes through a proxy that is not set up yet; the headers and
/// the peer tell which.
pub(super) async fn log_refusals(request: Request, next: Next) -> Response {
    let (host, origin) = (text(&request, &HOST), text(&request, &ORIGIN));
    // A request target in absolute form names a host of its own.
    let authority = request.uri().authority().map(ToString::to_string);
    let response = next.run(request).await;
    let outcome = match response.status() {
        StatusCode::UNAUTHORIZED => "unauthenticated",
        StatusCode::FORBIDDEN => "forbidden",
        StatusCode::MISDIRECTED_REQUEST => "misdirected",
        _ => return response,
    };
    tracing::warn!(outcome, host, authority, origin, "a request was refused");
    response
}

fn text(request: &Request, header: &HeaderName) -> Option<String> {
    let value = request.headers().get(header)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

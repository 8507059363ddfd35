//! Request ids. A request keeps the id that its client sent if that is safe to log, and gets a new
//! one otherwise. The response and every log line of the request carry it.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 128;

/// Gives each request an id and a span.
pub(crate) async fn identify(request: Request, next: Next) -> Response {
    let given = request.headers().get(&X_REQUEST_ID).filter(|id| is_decent(id)).cloned();
    let id = given.or_else(|| HeaderValue::try_from(Uuid::now_v7().to_string()).ok());
    let Some(id) = id else { return next.run(request).await };
    // The template, not the path: the number of paths is unbounded.
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let caller = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        caller = caller.map(|ConnectInfo(address)| tracing::field::display(address)),
        method = request.method().as_str(),
        route,
        status = Empty
    );
    let mut response = next.run(request).instrument(span.clone()).await;
    span.record("status", response.status().as_u16());
    response.headers_mut().insert(X_REQUEST_ID, id);
    response
}

/// Returns whether the id is short and cannot break out of a log line.
fn is_decent(id: &HeaderValue) -> bool {
    let decent = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:/=+".contains(byte);
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(decent)
}

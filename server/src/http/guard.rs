//! The layers between the network and the handlers.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use api::{Code, Problem};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::caller::{Callers, name_caller};
use super::compression::compressed;
use super::host::{Origin, Reach, only_for_us};
use super::json::BODY_LIMIT;
use super::problem::{ProblemDocument, only_problems};
use super::refusals::log_refusals;
use super::request_id::identify;
use super::requests::{only_plain, options};
use crate::problems;

/// The longest time that a client waits for an answer. The command itself is finished all the same:
/// several unanswered attempts, or several conflicts, may together take longer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The headers of every response, unless its handler sets others: a page brings its own policy, a
/// file of the site its own caching.
const EVERY_ANSWER: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    // Most answers show records.
    (header::CACHE_CONTROL, "no-store"),
];

/// Adds the outer layers: request ids, a timeout, callers, and protection against panics, foreign
/// hosts and cross-site posts.
pub(crate) fn around_all(router: Router, reach: Reach, callers: Callers) -> Router {
    let callers = Arc::new(callers);
    let origins = reach.origins.iter().fold(CsrfLayer::new(), |layer, Origin(origin)| {
        layer.clone().add_trusted_origin(origin).unwrap_or_else(|error| {
            tracing::error!(%origin, %error, "the origin is not allowed");
            layer
        })
    });
    let guarded = router.layer(RequestBodyLimitLayer::new(BODY_LIMIT)).layer(
        ServiceBuilder::new()
            .layer(CatchPanicLayer::custom(panicked))
            .layer(from_fn(move |request, next| only_for_us(reach.clone(), request, next)))
            // Before all that could tell a stranger what there is.
            .layer(from_fn(move |request, next| name_caller(Arc::clone(&callers), request, next)))
            .layer(from_fn(options))
            .layer(origins.with_rejection_response(cross_site))
            .layer(from_fn(only_plain))
            .layer(from_fn(|request, next| in_time(REQUEST_TIMEOUT, request, next)))
            .layer(map_response(layers_as_problems)),
    );
    compressed(guarded).layer(
        ServiceBuilder::new()
            .layer(from_fn(identify))
            .layer(map_response(fill_in_headers))
            .layer(from_fn(log_refusals)),
    )
}

/// Adds the layers for data: every error is a problem document, and no cache keeps a response.
pub(crate) fn around_data(router: Router) -> Router {
    router.layer(
        ServiceBuilder::new()
            .layer(SetResponseHeaderLayer::overriding(
                header::CACHE_CONTROL,
                HeaderValue::from_static("no-store"),
            ))
            .layer(map_response(only_problems)),
    )
}

async fn fill_in_headers(mut response: Response) -> Response {
    for (name, value) in EVERY_ANSWER {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn in_time(limit: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let detail = "this took too long; it is safe to send the same again";
            ProblemDocument(problems::unavailable(detail)).into_response()
        }
    }
}

/// Turns the errors of the router and of the body limit, which have a plain text or no body, into
/// problems.
async fn layers_as_problems(response: Response) -> Response {
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::METHOD_NOT_ALLOWED => {
            only_problems(response).await
        }
        _ => response,
    }
}

fn cross_site(_: ProtectionError) -> Response {
    let detail = "a page of another site may not post here; if a proxy serves this page, start with \
                  --allowed-origin or DAYBOOK_ALLOWED_ORIGIN and the origin that the browser shows";
    ProblemDocument(Problem::new(Code::Forbidden, detail)).into_response()
}

/// Answers a request whose handler panicked; the log has the message and the place.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    let detail = "this is a bug in the program; the server's log says where";
    ProblemDocument(Problem::new(Code::Internal, detail)).into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

    use std::future::pending;

    use api::Caller;
    use axum::body::Body;
    use axum::http::header::RETRY_AFTER;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn ask(router: Router) -> Response {
        router
            .oneshot(Request::get("http://localhost/").body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_of_this_request_alone() {
        let defect = || async {
            if true {
                panic!("on purpose")
            }
        };
        let callers = Callers::Lone(Caller::named("Tess"));
        let reach = Reach::new(([127, 0, 0, 1], 80).into(), Vec::new(), Vec::new());
        let response = ask(around_all(Router::new().route("/", get(defect)), reach, callers)).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_told_to_retry() {
        let soon = from_fn(|request, next| in_time(Duration::from_millis(1), request, next));
        let response = ask(Router::new().route("/", get(pending::<()>)).layer(soon)).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }
}

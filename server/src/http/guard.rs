//! What stands between the network and the handlers.

use std::any::Any;
use std::time::Duration;

use app::problem::{Code, Problem};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::json::BODY_LIMIT;
use super::problem::{ProblemDocument, only_problems};
use super::request_id::identify;
use crate::problems;

/// Nobody waits longer than this for an answer. What was taken up is finished all the same: attempts that
/// the store does not answer, or a command decided anew behind others, may take longer together.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Nothing that the interface answers with is a page.
const NOT_A_PAGE: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Around everything: ids for requests, no panic, no cross-site post, no endless request.
pub(crate) fn around_all(router: Router) -> Router {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router.layer(RequestBodyLimitLayer::new(BODY_LIMIT)).layer(
        ServiceBuilder::new()
            .layer(from_fn(identify))
            .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .layer(header(header::X_FRAME_OPTIONS, "DENY"))
            .layer(header(header::REFERRER_POLICY, "same-origin"))
            .layer(CompressionLayer::new())
            .layer(CatchPanicLayer::custom(panicked))
            .layer(CsrfLayer::new().with_rejection_response(cross_site))
            .layer(from_fn(|request, next| in_time(REQUEST_TIMEOUT, request, next)))
            .layer(map_response(too_large)),
    )
}

/// Around what answers with data: nothing but problem documents for errors, nothing kept by caches,
/// nothing that a browser would run.
pub(crate) fn around_data(router: Router) -> Router {
    router.layer(
        ServiceBuilder::new()
            .layer(SetResponseHeaderLayer::if_not_present(
                header::CONTENT_SECURITY_POLICY,
                NOT_A_PAGE,
            ))
            .layer(SetResponseHeaderLayer::if_not_present(
                header::CACHE_CONTROL,
                HeaderValue::from_static("no-store"),
            ))
            .layer(map_response(only_problems)),
    )
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

/// The layer that counts says it in plain text.
async fn too_large(response: Response) -> Response {
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return only_problems(response).await;
    }
    response
}

fn cross_site(_: ProtectionError) -> Response {
    let detail = "a page of another site may not post here";
    ProblemDocument(Problem::new(Code::Forbidden, detail)).into_response()
}

/// The log has the message and the place.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    let detail = "this is a defect of the program; the log of the server says where";
    ProblemDocument(Problem::new(Code::Internal, detail)).into_response()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "tests")]

    use std::future::pending;

    use axum::body::Body;
    use axum::http::header::RETRY_AFTER;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn ask(router: Router) -> Response {
        router.oneshot(Request::new(Body::empty())).await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_of_this_request_alone() {
        let defect = || async {
            if true {
                panic!("on purpose")
            }
        };
        let response = ask(around_all(Router::new().route("/", get(defect)))).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_told_to_come_back() {
        let soon = from_fn(|request, next| in_time(Duration::from_millis(1), request, next));
        let response = ask(Router::new().route("/", get(pending::<()>)).layer(soon)).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }
}

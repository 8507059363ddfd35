//! Compression of responses by a bounded number of encoders.
//!
//! An encoder holds up to a mebibyte until its client has received the response. While all encoders
//! are busy, further responses are sent uncompressed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};

/// The maximum number of responses that are compressed at the same time.
const ENCODERS: usize = 32;
/// The compression level; the highest is 11 for brotli and 9 for gzip. Brotli at 11 takes 5 MiB and
/// a third of a second for 200 change sets; level 3 takes 2 milliseconds and produces a third more
/// bytes.
const LEVEL: CompressionLevel = CompressionLevel::Precise(3);

/// Compresses responses that gain by it, for clients that accept it.
pub(super) fn compressed(router: Router) -> Router {
    let encoders = Arc::new(Semaphore::new(ENCODERS));
    router
        .layer(from_fn_with_state(encoders, with_encoder))
        .layer(CompressionLayer::new().quality(LEVEL).compress_when(IfItHasEncoder))
}

/// Gives the response an encoder if it gains by it and one is free.
async fn with_encoder(
    State(encoders): State<Arc<Semaphore>>,
    request: Request,
    next: Next,
) -> Response {
    let is_accepted = request.headers().contains_key(ACCEPT_ENCODING);
    let mut answer = next.run(request).await;
    if is_accepted
        && !answer.headers().contains_key(CONTENT_ENCODING)
        && DefaultPredicate::new().should_compress(&answer)
        && let Ok(encoder) = encoders.try_acquire_owned()
    {
        answer.extensions_mut().insert(HasEncoder);
        return answer.map(|body| Body::new(Compressible { body, _encoder: encoder }));
    }
    answer
}

/// Marks a response that has an encoder.
#[derive(Clone, Copy, Debug)]
struct HasEncoder;

#[derive(Clone, Copy, Debug)]
struct IfItHasEncoder;

impl Predicate for IfItHasEncoder {
    fn should_compress<B: HttpBody>(&self, answer: &Response<B>) -> bool {
        answer.extensions().get::<HasEncoder>().is_some()
    }
}

/// A response body that holds its encoder until it is dropped.
struct Compressible {
    body: Body,
    _encoder: OwnedSemaphorePermit,
}

impl HttpBody for Compressible {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn answers_are_sent_uncompressed_while_all_encoders_are_busy() {
        let router = compressed(Router::new().route("/", get(|| async { "text".repeat(1000) })));
        let answer = || async {
            let request = Request::get("/").header(ACCEPT_ENCODING, "br").body(Body::empty());
            router.clone().oneshot(request.unwrap()).await.unwrap()
        };
        let is_compressed = |answer: &Response| answer.headers().contains_key(CONTENT_ENCODING);
        let mut waiting = Vec::new();
        for _ in 0..ENCODERS {
            waiting.push(answer().await);
        }
        assert!(waiting.iter().all(is_compressed));
        assert!(!is_compressed(&answer().await));
        waiting.pop();
        assert!(is_compressed(&answer().await));
    }
}

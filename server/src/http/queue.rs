//! A queue for expensive requests.

use std::sync::Arc;
use std::time::Duration;

use api::{Code, Problem};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::problem::ProblemDocument;

/// The time for which a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// A limit on the requests that are handled at once. Others wait in order of arrival, for some
/// seconds, and are then told to retry. A client that disconnects leaves the queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Queue {
    pub(crate) fn new(places: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), patience: PATIENCE }
    }

    #[cfg(test)]
    fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

/// Server functions that only read. They are posts, as all of the screens' functions are.
const READS: [&str; 4] = ["/ui/item", "/ui/list", "/ui/change-sets", "/ui/sample-progress"];

/// Returns whether the request only reads.
pub(crate) fn is_read(request: &Request) -> bool {
    request.method().is_safe() || READS.contains(&request.uri().path())
}

/// Makes requests that only read wait for their turn. Requests that write pass: people at work do
/// not queue behind readers.
///
/// The place is held until the response begins, which bounds the work in progress as well as the
/// responses that wait for room.
pub(crate) async fn wait_for_turn(
    State(queue): State<Queue>,
    request: Request,
    next: Next,
) -> Response {
    if !is_read(&request) {
        return next.run(request).await;
    }
    match timeout(queue.patience, queue.places.acquire()).await {
        Ok(_place) => next.run(request).await,
        Err(_) => ProblemDocument(busy()).into_response(),
    }
}

/// The problem of a request that did not get its turn in time.
pub(crate) fn busy() -> Problem {
    Problem::new(Code::Busy, "too many requests of this kind are being answered; try again")
        .with("retry_after", PATIENCE.as_secs())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::future::pending;

    use axum::Router;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::http::header::RETRY_AFTER;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tokio::sync::Notify;
    use tower::ServiceExt as _;

    use super::*;

    fn ask() -> Request {
        Request::get("/").body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn a_request_whose_turn_does_not_come_is_told_to_retry() {
        let queue = Queue::new(1).with_patience(Duration::from_millis(1));
        let begun = Arc::new(Notify::new());
        let endless = {
            let begun = Arc::clone(&begun);
            move || async move {
                begun.notify_one();
                pending::<()>().await;
            }
        };
        let turns = from_fn_with_state(queue, wait_for_turn);
        let routes = Router::new().route("/", get(endless)).layer(turns);
        let first = tokio::spawn(routes.clone().oneshot(ask()));
        begun.notified().await;
        let second = routes.clone().oneshot(ask()).await.unwrap();
        assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(second.headers()[RETRY_AFTER], "5");

        // The first client disconnects, which frees its place.
        first.abort();
        assert!(first.await.is_err());
        let third = tokio::spawn(routes.oneshot(ask()));
        begun.notified().await;
        third.abort();
    }
}

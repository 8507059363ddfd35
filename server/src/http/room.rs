//! A bound on the bytes of responses that wait for their clients.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::problem::ProblemDocument;
use super::queue::{busy, is_read};

/// The maximum number of bytes in all responses that clients have not read yet.
const BYTES: usize = 32 * 1024 * 1024;
/// The size from which a response counts. Smaller ones fit into the buffers of the system.
const COUNTS: u64 = 64 * 1024;
/// The bytes that a permit stands for.
const UNIT: usize = 1024;
/// The maximum number of parts of streamed responses that are in production or wait for room.
const TURNS: usize = 16;
/// The time for which a finished response waits for room. Clients that read nothing are cut off
/// after 30 seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Room for responses that wait for their clients. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    units: Arc<Semaphore>,
    of: usize,
    turns: Arc<Semaphore>,
    patience: Duration,
}

/// A part of a response, which holds its room until it is written.
struct Held {
    bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::of(BYTES)
    }
}

impl Room {
    fn of(bytes: usize) -> Self {
        let of = bytes / UNIT;
        let turns = Arc::new(Semaphore::new(TURNS));
        Self { units: Arc::new(Semaphore::new(of)), of, turns, patience: PATIENCE }
    }

    /// Admits the responses to requests that only read. Others are not refused for lack of room,
    /// because their writes are committed.
    pub(crate) async fn admit_reads(
        State(room): State<Self>,
        request: Request,
        next: Next,
    ) -> Response {
        let is_read = is_read(&request);
        let answer = next.run(request).await;
        if is_read { room.admit(answer).await } else { answer }
    }

    /// Returns the response once it has room. A streamed response has room for its first part then,
    /// and waits with each further part.
    async fn admit(self, response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let admitted = match body.size_hint().exact() {
            Some(..COUNTS) => Some(body),
            Some(_) => self.admit_whole(body).await,
            None => self.admit_stream(body.into_data_stream()).await,
        };
        match admitted {
            Some(body) => Response::from_parts(parts, body),
            None => ProblemDocument(busy()).into_response(),
        }
    }

    async fn admit_whole(self, body: Body) -> Option<Body> {
        // The body is in memory as a whole already.
        let bytes = to_bytes(body, usize::MAX).await.ok()?;
        timeout(self.patience, self.hold(bytes)).await.ok().map(Body::from)
    }

    async fn admit_stream(self, mut parts: BodyDataStream) -> Option<Body> {
        let turn = timeout(self.patience, self.turns.acquire()).await.ok()?;
        let first = match parts.next().await {
            Some(Ok(bytes)) => Some(Ok(timeout(self.patience, self.hold(bytes)).await.ok()?)),
            Some(Err(error)) => Some(Err(error)),
            None => None,
        };
        drop(turn);
        let rest = stream::unfold((self, parts), |(room, mut parts)| async {
            let part = room.next(&mut parts).await?;
            Some((part, (room, parts)))
        });
        // Compression polls once more after the end.
        Some(Body::from_stream(stream::iter(first).chain(rest).fuse()))
    }

    /// Produces the next part when it is its turn, so that few parts wait for room.
    async fn next(&self, parts: &mut BodyDataStream) -> Option<Result<Bytes, axum::Error>> {
        let _turn = self.turns.acquire().await;
        match parts.next().await? {
            Ok(bytes) => Some(Ok(self.hold(bytes).await)),
            Err(error) => Some(Err(error)),
        }
    }

    async fn hold(&self, bytes: Bytes) -> Bytes {
        // A part larger than the whole room waits for all of it.
        let units = u32::try_from(bytes.len().div_ceil(UNIT).min(self.of)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.units).acquire_many_owned(units).await.ok();
        Bytes::from_owner(Held { bytes, _room: room })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::StatusCode;
    use futures::poll;

    use super::*;

    fn answer(bytes: usize) -> Response {
        vec![0_u8; bytes].into_response()
    }

    #[tokio::test]
    async fn an_answer_holds_its_room_until_it_is_taken_or_dropped() {
        let room = Room::of(200 * 1024);
        let first = room.clone().admit(answer(150 * 1024)).await;
        assert_eq!(first.body().size_hint().exact(), Some(150 * 1024));
        let small = room.clone().admit(answer(1024)).await;
        assert_eq!(small.status(), StatusCode::OK);

        let mut second = Box::pin(room.clone().admit(answer(150 * 1024)));
        assert!(poll!(&mut second).is_pending());
        drop(to_bytes(first.into_body(), usize::MAX).await.unwrap());
        assert_eq!(second.await.status(), StatusCode::OK);

        let larger_than_all = room.clone().admit(answer(500 * 1024)).await;
        assert_eq!(larger_than_all.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_answer_that_gets_no_room_is_refused_as_busy() {
        let room = Room { patience: Duration::from_millis(1), ..Room::of(100 * 1024) };
        let _first = room.clone().admit(answer(100 * 1024)).await;
        let second = room.clone().admit(answer(100 * 1024)).await;
        assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
        let parts = stream::iter([Ok::<_, std::io::Error>(vec![0; 1024])]);
        let streamed = room.admit(Body::from_stream(parts).into_response()).await;
        assert_eq!(streamed.status(), StatusCode::TOO_MANY_REQUESTS);
    }

    #[tokio::test]
    async fn a_streamed_answer_waits_for_room_before_each_part() {
        let room = Room::of(2 * 1024);
        let made = Arc::new(AtomicUsize::new(0));
        let parts = stream::iter(0..3).map({
            let made = Arc::clone(&made);
            move |_| {
                made.fetch_add(1, Ordering::Relaxed);
                Ok::<_, std::io::Error>(vec![0; 1024])
            }
        });
        let response = room.clone().admit(Body::from_stream(parts).into_response()).await;
        let mut parts = response.into_body().into_data_stream();
        let first = parts.next().await.unwrap().unwrap();
        let _second = parts.next().await.unwrap().unwrap();
        let mut third = Box::pin(parts.next());
        assert!(poll!(&mut third).is_pending());
        let turns = room.turns.available_permits();
        assert_eq!((made.load(Ordering::Relaxed), turns), (3, TURNS - 1));
        drop(first);
        assert!(third.await.unwrap().is_ok());
        drop(room);
        for _ in 0..2 {
            assert!(parts.next().await.is_none(), "compression polls once more after the end");
        }
    }
}

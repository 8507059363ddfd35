//! Accepts connections and limits them: their number, their time without a request, and their time
//! without progress.
//!
//! HTTP/1.1 only. One HTTP/2 connection holds as many responses as its client opens streams, and a
//! proxy that speaks HTTP/2 to browsers speaks HTTP/1.1 to servers.

mod timed;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustix::net::sockopt::set_socket_send_buffer_size;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};
use tower::Service as _;

use timed::{Exchange, TimedStream};

/// File descriptors reserved for the store, the lists and the AWS clients.
const OTHER_FILES: u64 = 192;
/// The maximum size of a request head and of a single write, in bytes.
const BUFFER: usize = 64 * 1024;
/// The size of the kernel's send buffer for a client, in bytes; the kernel doubles it (socket(7)).
/// A socket becomes writable again when a third of the buffer is free, so a client counts as
/// reading from about 3 KB a second. The size also bounds the memory that a client costs that does
/// not read.
const SEND_BUFFER: usize = 128 * 1024;
/// The maximum number of connections over the limit that await their answer. One more closes the
/// oldest: silent connections must not keep a client with a request from its answer.
const TURNED_AWAY: usize = 64;
/// The time for a connection over the limit to receive its answer.
const TURNING_AWAY: Duration = Duration::from_secs(1);
/// The pause after a connection could not be accepted for lack of a resource.
const OUT_OF_RESOURCES: Duration = Duration::from_millis(100);

/// The problem that a connection over the limit receives. Its request is never parsed.
const FULL: &str = r#"{"type":"/problems/unavailable","title":"Not available now","status":503,"code":"unavailable","detail":"too many connections are open; try again","retry_after":5}"#;

/// Limits on connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The maximum number of simultaneous connections.
    pub connections: usize,
    /// The time from the first byte of a request head, or from connecting, to the end of the head.
    pub head: Duration,
    /// The time from the end of a response to the next request. It exceeds the 60 seconds for which
    /// proxies keep a connection, so that no proxy sends a request into a closing connection.
    pub idle: Duration,
    /// The time from the moment a client stops reading its response until the connection is closed.
    pub stalled: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1000,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            stalled: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Raises the process's limit of open files as far as the system allows, and returns these
    /// limits reduced to what it permits.
    #[must_use]
    pub fn within_open_files(self) -> Self {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
            tracing::warn!(%error, "the limit of open files could not be raised");
        }
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let room = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX).max(1);
        if room < self.connections {
            tracing::warn!(
                files,
                connections = room,
                "the limit of open files is low: raise it (LimitNOFILE, `ulimit -Hn`) to serve more connections"
            );
        }
        Self { connections: self.connections.min(room), ..self }
    }
}

/// Serves connections until `stop`, then lets requests in flight finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let seats = Arc::new(Semaphore::new(limits.connections));
    let mut turned_away = TurnedAway::default();
    let accepting = async {
        loop {
            let (stream, peer) = accepted(&listener).await;
            match Arc::clone(&seats).try_acquire_owned() {
                Ok(seat) => {
                    let talk = converse(stream, peer, router.clone(), limits, graceful.watcher());
                    tokio::spawn(async move {
                        talk.await;
                        drop(seat);
                    });
                }
                Err(_) => turned_away.add(stream),
            }
        }
    };
    tokio::select! {
        biased;
        () = stop => {}
        () = accepting => {}
    }
    drop(listener);
    graceful.shutdown().await;
}

/// Accepts the next connection. Disables Nagle's algorithm: a short response must not wait until
/// the previous one is acknowledged.
async fn accepted(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let set = set_socket_send_buffer_size(&stream, SEND_BUFFER).map_err(Into::into);
                if let Err(error) = stream.set_nodelay(true).and(set) {
                    tracing::debug!(%error, "a connection keeps its delay or its buffer");
                }
                return (stream, peer);
            }
            Err(error) if is_of_the_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "a connection cannot be accepted");
                sleep(OUT_OF_RESOURCES).await;
            }
        }
    }
}

/// Returns whether the client closed the connection before it was accepted (accept(2)).
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    stop: Watcher,
) {
    let exchange = Arc::new(Exchange::default());
    let stream = TimedStream::new(stream, Arc::clone(&exchange), limits);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        exchange.begin();
        let (answer, exchange) = (router.clone().call(request), Arc::clone(&exchange));
        async move {
            let answer = answer.await;
            exchange.end();
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.idle)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = stop.watch(connection).await {
        tracing::trace!(%error, "a connection broke");
    }
}

/// The connections over the limit that await their answer, oldest first.
#[derive(Default)]
struct TurnedAway(VecDeque<AbortHandle>);

impl TurnedAway {
    fn add(&mut self, stream: TcpStream) {
        self.0.retain(|answering| !answering.is_finished());
        if self.0.len() == TURNED_AWAY
            && let Some(oldest) = self.0.pop_front()
        {
            oldest.abort();
        }
        self.0.push_back(tokio::spawn(turn_away(stream)).abort_handle());
    }
}

/// Answers that the server is full, once the first bytes of a request arrive: clients mistake an
/// earlier response for a broken connection. Then reads until the client closes: closing with
/// unread bytes would reset the connection, and the client might never see the answer.
async fn turn_away(mut stream: TcpStream) {
    let answering = async {
        let mut unread = [0; 1024];
        if stream.read(&mut unread).await? == 0 {
            return Ok(());
        }
        stream.write_all(full().as_bytes()).await?;
        stream.shutdown().await?;
        while stream.read(&mut unread).await? > 0 {}
        Ok::<_, io::Error>(())
    };
    // A client that is gone needs no answer.
    let _ = timeout(TURNING_AWAY, answering).await;
}

fn full() -> String {
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
         content-length: {}\r\nretry-after: 5\r\ncache-control: no-store\r\n\
         x-content-type-options: nosniff\r\ncross-origin-resource-policy: same-origin\r\n\
         content-security-policy: default-src 'none'; frame-ancestors 'none'\r\nconnection: close\r\n\r\n{FULL}",
        FULL.len()
    )
}

//! Connection limits, over real sockets and short enough for a test to wait for.

use std::future::pending;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use futures::stream;
use server::connections::{self, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const SHORT: Duration = Duration::from_millis(300);
/// Longer than any test takes: a limit that must not apply, or the timeout of a wait.
const LONG: Duration = Duration::from_secs(60);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

fn patient() -> Limits {
    Limits { connections: 100, head: LONG, idle: LONG, stalled: LONG }
}

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

async fn serve(router: Router, limits: Limits) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let told = async move { _ = stopped.await };
    let serving = tokio::spawn(connections::serve(listener, router, limits, told));
    Served { address, stop, serving }
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn sent(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

/// Reads until the server closes the connection.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    // A reset is an error, and closes the connection as well.
    let _ = timeout(LONG, stream.read_to_end(&mut all)).await.expect("still open");
    String::from_utf8(all).unwrap()
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let read = timeout(LONG, stream.read(&mut bytes)).await.unwrap().unwrap();
    String::from_utf8(bytes[..read].to_vec()).unwrap()
}

/// Sends a message when it is dropped.
struct Dropped(mpsc::UnboundedSender<()>);

impl Drop for Dropped {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn a_connection_that_sends_no_complete_head_is_closed() {
    let served = serve(hello(), Limits { head: SHORT, ..patient() }).await;
    for sent in ["", "G", "GET / HTTP/1.1\r\nhost: local"] {
        let mut stream = served.sent(sent.as_bytes()).await;
        assert_eq!(until_closed(&mut stream).await, "", "{sent}");
    }
    // Sending byte by byte does not help: the limit counts from the first byte.
    let mut stream = served.connect().await;
    let dripping = async {
        for byte in REQUEST.iter().cycle() {
            if stream.write_all(&[*byte]).await.is_err() || stream.try_read(&mut [0]).is_ok() {
                return;
            }
            if *byte == b'/' {
                sleep(SHORT).await;
            }
        }
    };
    timeout(LONG, dripping).await.unwrap();
}

#[tokio::test]
async fn a_connection_may_idle_for_longer_than_a_head_may_take() {
    let limits = Limits { head: SHORT, idle: SHORT * 10, ..patient() };
    let served = serve(hello(), limits).await;
    let mut stream = served.sent(REQUEST).await;
    assert!(answer(&mut stream).await.ends_with("hello"));
    sleep(SHORT * 2).await;
    stream.write_all(REQUEST).await.unwrap();
    assert!(answer(&mut stream).await.ends_with("hello"));
    assert_eq!(until_closed(&mut stream).await, "");
}

#[tokio::test]
async fn a_slow_answer_or_a_slow_body_does_not_count_as_a_slow_head() {
    let slow = |body: Bytes| async move {
        sleep(SHORT * 3).await;
        body
    };
    let router = Router::new().route("/", post(slow));
    let served = serve(router, Limits { head: SHORT, ..patient() }).await;
    let head = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\na";
    let mut stream = served.sent(head).await;
    sleep(SHORT * 2).await;
    stream.write_all(b"b").await.unwrap();
    assert!(answer(&mut stream).await.ends_with("ab"));
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off_and_its_answer_dropped() {
    let (dropped, mut drops) = mpsc::unbounded_channel();
    let endless = move || {
        let guard = Dropped(dropped.clone());
        async move {
            let parts = stream::repeat_with(move || {
                let _held = &guard;
                Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 64 * 1024]))
            });
            Body::from_stream(parts)
        }
    };
    let router = Router::new().route("/", get(endless));
    let served = serve(router, Limits { stalled: SHORT, ..patient() }).await;
    let _silent = served.sent(REQUEST).await;
    assert!(timeout(LONG, drops.recv()).await.unwrap().is_some());

    // A client that reads may take as long as it likes.
    let mut reading = served.sent(REQUEST).await;
    let mut bytes = vec![0; 256 * 1024];
    for _ in 0..20 {
        assert!(reading.read(&mut bytes).await.unwrap() > 0);
        sleep(SHORT / 30).await;
    }
    assert!(drops.try_recv().is_err());
}

#[tokio::test]
async fn an_answer_is_dropped_when_its_client_disconnects() {
    let (dropped, mut drops) = mpsc::unbounded_channel();
    let (begun, mut begins) = mpsc::unbounded_channel();
    let endless = move || {
        let (guard, begun) = (Dropped(dropped.clone()), begun.clone());
        async move {
            let _held = guard;
            begun.send(()).unwrap();
            pending::<()>().await;
        }
    };
    let served = serve(Router::new().route("/", get(endless)), patient()).await;
    let stream = served.sent(REQUEST).await;
    begins.recv().await.unwrap();
    drop(stream);
    assert!(timeout(LONG, drops.recv()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_connection_over_the_limit_gets_a_503_and_others_are_served() {
    let served = serve(hello(), Limits { connections: 1, ..patient() }).await;
    let mut first = served.sent(REQUEST).await;
    assert!(answer(&mut first).await.ends_with("hello"));
    let mut second = served.sent(REQUEST).await;
    let refused = until_closed(&mut second).await;
    let (head, body) = refused.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("retry-after: 5\r\n"), "{head}");
    for guard in
        ["content-security-policy: default-src 'none'", "cross-origin-resource-policy: same-origin"]
    {
        assert!(head.contains(guard), "{head}");
    }
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&problem["code"], &problem["status"]), (&"unavailable".into(), &503.into()));

    first.write_all(REQUEST).await.unwrap();
    assert!(answer(&mut first).await.ends_with("hello"));
    drop(first);
    // The server notices the closed connection a moment later.
    let served_again = async {
        loop {
            let mut third = served.sent(REQUEST).await;
            if answer(&mut third).await.ends_with("hello") {
                return;
            }
        }
    };
    timeout(LONG, served_again).await.unwrap();
}

#[tokio::test]
async fn silent_connections_over_the_limit_do_not_keep_others_from_an_answer() {
    let served = serve(hello(), Limits { connections: 1, ..patient() }).await;
    let mut first = served.sent(REQUEST).await;
    assert!(answer(&mut first).await.ends_with("hello"));
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(served.connect().await);
    }
    let mut asking = served.sent(REQUEST).await;
    assert!(until_closed(&mut asking).await.starts_with("HTTP/1.1 503 "));
    // The oldest silent connection has made room.
    assert_eq!(until_closed(&mut silent[0]).await, "");
}

#[tokio::test]
async fn http_2_is_refused() {
    let served = serve(hello(), patient()).await;
    let mut stream = served.sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    let refused = until_closed(&mut stream).await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 400 "), "{refused}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let served = serve(hello(), patient()).await;
    let mut stream = served.connect().await;
    let head = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    // The server may close the connection before it has read the whole head.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut bytes = vec![0; 4096];
    let read = timeout(LONG, stream.read(&mut bytes)).await.unwrap().unwrap_or(0);
    assert!(read == 0 || bytes.starts_with(b"HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_stop_finishes_requests_in_flight_and_closes_idle_connections() {
    let (begun, mut begins) = mpsc::unbounded_channel();
    let slow = move || {
        let begun = begun.clone();
        async move {
            begun.send(()).unwrap();
            sleep(SHORT).await;
            "done"
        }
    };
    let served = serve(Router::new().route("/", get(slow)), patient()).await;
    let mut busy = served.sent(REQUEST).await;
    begins.recv().await.unwrap();
    let mut idle = served.connect().await;
    served.stop.send(()).unwrap();
    assert!(until_closed(&mut busy).await.ends_with("done"));
    assert_eq!(until_closed(&mut idle).await, "");
    timeout(LONG, served.serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}

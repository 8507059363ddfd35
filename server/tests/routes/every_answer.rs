//! The headers of every answer, whichever layer sends it.

use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;

use crate::desk::{TestDesk, bolt, new_id};

/// Asserts the headers that keep a browser from running, framing, caching or sharing an answer.
fn assert_guarded(answer: &axum::response::Response, of: &str) {
    let header = |name: &str| {
        answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let policy = header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{of}: {policy}");
    assert!(policy.contains("default-src 'none'") || policy.contains("'nonce-"), "{of}: {policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        // Must not be sent over plain HTTP (RFC 6797, section 7.2).
        ("strict-transport-security", ""),
    ] {
        assert_eq!(header(name), value, "{of}: {name}");
    }
    let is_file = of.contains("favicon");
    let caching = if is_file { "public, max-age=86400" } else { "no-store" };
    assert_eq!(header("cache-control"), caching, "{of}");
    assert!(!header("x-request-id").is_empty(), "{of}");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let get = |path: &str| Request::get(path);
    let post = |path: &str, kind: &str| Request::post(path).header("content-type", kind);
    let huge = "x".repeat(2 * 1024 * 1024);
    let check_in = format!("command_id={}&quantity=1", new_id());
    let item = format!("/inventory/{id}");
    let cases: Vec<(u16, Builder, Body)> = vec![
        (200, get("/inventory"), Body::empty()),
        (200, get(&item), Body::empty()),
        (404, get("/nowhere"), Body::empty()),
        (400, get(&format!("{item}?version=0")), Body::empty()),
        (200, get("/favicon.svg"), Body::empty()),
        (
            304,
            get("/favicon.svg").header("if-none-match", format!("\"{}\"", "01".repeat(32))),
            Body::empty(),
        ),
        (303, post(&format!("{item}?task=check-in"), FORM), check_in.into()),
        (200, get("/api/v1/aggregates/inventory-item"), Body::empty()),
        (200, get("/api/v1/feed/live"), Body::empty()),
        (200, get("/api/v1/openapi.json"), Body::empty()),
        (200, get("/healthz"), Body::empty()),
        (200, get("/metrics"), Body::empty()),
        (200, post("/ui/sample-progress", JSON), "{}".into()),
        (400, post("/ui/list", JSON), "{".into()),
        (415, post("/ui/list", "text/plain"), "{}".into()),
        (400, post("/api/v1/commands", JSON), "{".into()),
        (413, post("/api/v1/commands", JSON), huge.clone().into()),
        (413, post("/inventory/new", FORM), huge.clone().into()),
        (413, post("/ui/list", JSON), huge.into()),
        (415, post("/api/v1/commands", "text/plain"), "{}".into()),
        (415, post("/api/v1/commands", JSON).header("content-encoding", "gzip"), "{}".into()),
        (403, post("/api/v1/commands", JSON).header("origin", "null"), "{}".into()),
        (404, get("/api/v1/nowhere"), Body::empty()),
        (405, get("/api/v1/commands"), Body::empty()),
        (405, Request::put("/inventory"), Body::empty()),
        (204, Request::options("/inventory"), Body::empty()),
        (204, Request::options("*"), Body::empty()),
        (421, get("/inventory").header("host", "evil.example"), Body::empty()),
        (400, get("/inventory").header("host", "a b"), Body::empty()),
    ];
    for (status, request, body) in cases {
        let request = request.body(body).unwrap();
        let of = format!("{} {} {status}", request.method(), request.uri());
        let answer = desk.raw(request).await;
        assert_eq!(answer.status(), status, "{of}");
        assert_guarded(&answer, &of);
    }
}

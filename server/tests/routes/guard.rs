//! The rules for every route.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use uuid::Uuid;

use crate::desk::{TestDesk, bolt, command, new_id, path, post};

#[tokio::test]
async fn a_page_of_another_site_cannot_post() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let create = command(id, "CreateInventoryItem", bolt()).to_string();
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for target in ["/api/v1/commands", "/inventory/new", "/ui/submit-command"] {
            let mut request = post(create.clone());
            *request.uri_mut() = target.parse().unwrap();
            request.headers_mut().insert("host", "daybook.example".parse().unwrap());
            request.headers_mut().insert(name, value.parse().unwrap());
            desk.send(request).await.problem(403, "forbidden");
        }
    }
    desk.get(&path(id)).await.problem(404, "unknown-aggregate");
}

#[tokio::test]
async fn a_page_of_this_site_and_a_script_can_post() {
    let desk = TestDesk::new().await;
    for headers in [
        &[][..],
        &[("origin", "http://daybook.example"), ("host", "daybook.example")],
        &[("origin", "http://daybook.example"), ("sec-fetch-site", "same-origin")],
        // Behind a proxy that changes the host.
        &[("origin", "https://books.example"), ("host", "127.0.0.1:3000")],
    ] {
        let mut request = post(command(new_id(), "CreateInventoryItem", bolt()).to_string());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        assert_eq!(desk.send(request).await.status, 201, "{headers:?}");
    }
}

#[tokio::test]
async fn options_lists_the_methods() {
    let desk = TestDesk::new().await;
    for (path, allowed) in [
        ("*", "GET,HEAD,POST"),
        ("/api/v1/commands", "POST"),
        ("/inventory/new", "GET,HEAD,POST"),
        ("/favicon.svg", "GET,HEAD"),
    ] {
        let request = Request::options(path).header("origin", "https://evil.example");
        let answer = desk.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (204, allowed), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    let nowhere = Request::options("/api/v1/nowhere").body(Body::empty()).unwrap();
    desk.send(nowhere).await.problem(404, "not-found");
}

#[tokio::test]
async fn a_compressed_body_is_refused() {
    let desk = TestDesk::new().await;
    for path in ["/api/v1/commands", "/ui/submit-command", "/inventory/new"] {
        for coding in ["gzip", "br", "identity, gzip", "nonsense"] {
            let mut request = post(command(new_id(), "CreateInventoryItem", bolt()).to_string());
            *request.uri_mut() = path.parse().unwrap();
            request.headers_mut().insert("content-encoding", coding.parse().unwrap());
            let answer = desk.send(request).await;
            answer.problem(415, "unsupported-media-type");
            assert_eq!(answer.header("accept-encoding"), "identity");
        }
    }
    let mut plain = post(command(new_id(), "CreateInventoryItem", bolt()).to_string());
    plain.headers_mut().insert("content-encoding", "identity".parse().unwrap());
    assert_eq!(desk.send(plain).await.status, 201);
}

/// A foreign name may resolve to this machine (DNS rebinding), so unknown hosts are refused.
#[tokio::test]
async fn an_unknown_host_is_refused_except_for_probes() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    for host in ["evil.example", "localhost.evil.example:3000", "192.0.2.1"] {
        for path in ["/", "/inventory", "/pkg/daybook.wasm", "/metrics", &path(id)] {
            let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
            let problem = desk.send(request).await.problem(421, "misdirected");
            assert!(problem["detail"].as_str().unwrap().contains("--allowed-host"), "{problem}");
        }
        let mut create = post(command(new_id(), "CreateInventoryItem", bolt()).to_string());
        create.headers_mut().insert("host", host.parse().unwrap());
        create.headers_mut().insert("origin", format!("http://{host}").parse().unwrap());
        desk.send(create).await.problem(421, "misdirected");
        let absolute = Request::get(format!("http://{host}/inventory")).header("host", "localhost");
        let answer = desk.send(absolute.body(Body::empty()).unwrap()).await;
        answer.problem(421, "misdirected");
        // A load balancer probes under an address of its own choice.
        let probe = Request::get("/healthz").header("host", host).body(Body::empty()).unwrap();
        assert_eq!(desk.send(probe).await.status, 200);
    }
    for host in
        ["localhost", "127.0.0.1:3000", "[::1]:3000", "daybook.example", "Daybook.Example:80"]
    {
        let request = Request::get("/inventory").header("host", host).body(Body::empty()).unwrap();
        assert_eq!(desk.send(request).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_request_must_name_exactly_one_host() {
    let desk = TestDesk::new().await;
    let none = desk.as_it_is(Request::get("/inventory").body(Body::empty()).unwrap()).await;
    assert_eq!(none.status(), 400);
    let over_http2 = Request::get("http://localhost/inventory").body(Body::empty()).unwrap();
    assert_eq!(desk.as_it_is(over_http2).await.status(), 200);
    let two = Request::get("/inventory").header("host", "localhost").header("host", "evil.example");
    desk.send(two.body(Body::empty()).unwrap()).await.problem(400, "malformed");
    let broken = Request::get("/inventory").header("host", "a b");
    desk.send(broken.body(Body::empty()).unwrap()).await.problem(400, "malformed");
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let desk = TestDesk::new().await;
    let create = || command(new_id(), "CreateInventoryItem", bolt()).to_string();
    for content_type in ["", "text/plain", "application/x-www-form-urlencoded", "text/json; a=b"] {
        let mut request = post(create());
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        desk.send(request).await.problem(415, "unsupported-media-type");
    }
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let mut request = post(create());
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        assert_eq!(desk.send(request).await.status, 201, "{content_type}");
    }
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_too_large_with_or_without_its_length() {
    let desk = TestDesk::new().await;
    let huge = "x".repeat(10 * 1024 * 1024);
    let mut announced = post(huge.clone());
    announced.headers_mut().insert("content-length", huge.len().into());
    desk.send(announced).await.problem(413, "too-large");
    let chunks = huge.as_bytes().chunks(64 * 1024).map(|c| Ok::<_, std::io::Error>(c.to_vec()));
    let chunks: Vec<_> = chunks.collect();
    let streamed = post(Body::from_stream(futures::stream::iter(chunks)));
    desk.send(streamed).await.problem(413, "too-large");
}

#[tokio::test]
async fn a_missing_resource_is_a_problem() {
    let desk = TestDesk::new().await;
    for path in ["/api", "/api/", "/api/v1", "/api/v1/command", "/api/v2/commands", "/api/v1/feed/"]
    {
        desk.get(path).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn the_error_for_an_unsupported_method_lists_the_supported_ones() {
    let desk = TestDesk::new().await;
    for (method, path, allowed) in [
        ("GET", "/api/v1/commands".to_owned(), "POST"),
        ("DELETE", path(new_id()), "GET,HEAD"),
        ("PUT", "/api/v1/aggregates/inventory-item".to_owned(), "GET,HEAD"),
        ("TRACE", "/api/v1/aggregates/inventory-item".to_owned(), "GET,HEAD"),
        ("PATCH", "/api/v1/commands/batch".to_owned(), "POST"),
        ("GET", "/ui/list".to_owned(), "POST"),
        ("PUT", "/inventory".to_owned(), "GET,HEAD"),
        ("DELETE", "/inventory/new".to_owned(), "GET,HEAD,POST"),
        ("POST", "/favicon.svg".to_owned(), "GET,HEAD"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = desk.send(request).await;
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), allowed);
    }
}

#[tokio::test]
async fn a_request_keeps_its_valid_id_or_gets_a_new_one() {
    let desk = TestDesk::new().await;
    for (given, kept) in
        [("batch-7:line.12", true), ("two words", false), (&*"x".repeat(129), false)]
    {
        let request = Request::get("/healthz").header("x-request-id", given);
        let answer = desk.send(request.body(Body::empty()).unwrap()).await;
        let id = answer.header("x-request-id");
        assert_eq!(id == given, kept, "{given}");
        assert!(kept || id.parse::<Uuid>().is_ok(), "{id}");
    }
    assert!(desk.get("/api/v1/nothing").await.header("x-request-id").parse::<Uuid>().is_ok());
}

#[tokio::test]
async fn long_answers_are_compressed_for_clients_that_accept_it() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(1).await;
    let history = format!("{}/change-sets", path(id));
    for (accepted, coding) in [("br", "br"), ("gzip", "gzip"), ("gzip, br", "br"), ("zstd", "")] {
        let request = Request::get(&history).header("accept-encoding", accepted);
        let answer = desk.raw(request.body(Body::empty()).unwrap()).await;
        let there = answer.headers().get("content-encoding");
        assert_eq!(there.map_or("", |value| value.to_str().unwrap()), coding, "{accepted}");
    }
    assert_eq!(
        desk.get(&history).await.ok()["change_sets"][1]["command"]["data"],
        json!({ "quantity": 1 })
    );
}

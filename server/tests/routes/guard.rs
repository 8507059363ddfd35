//! What holds for every route.

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
    ] {
        let mut request = post(command(new_id(), "CreateInventoryItem", bolt()).to_string());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        assert_eq!(desk.send(request).await.status, 201, "{headers:?}");
    }
}

#[tokio::test]
async fn a_body_has_to_say_that_it_is_json() {
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
async fn a_body_of_ten_megabytes_is_too_large_whether_or_not_it_says_so() {
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
async fn what_is_not_there_is_a_problem() {
    let desk = TestDesk::new().await;
    for path in ["/api", "/api/", "/api/v1", "/api/v1/command", "/api/v2/commands", "/api/v1/feed/"]
    {
        desk.get(path).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn a_method_that_a_resource_does_not_have_is_told_which_it_has() {
    let desk = TestDesk::new().await;
    for (method, path, allowed) in [
        ("GET", "/api/v1/commands".to_owned(), "POST"),
        ("DELETE", path(new_id()), "GET,HEAD"),
        ("PUT", "/api/v1/aggregates/inventory-item".to_owned(), "GET,HEAD"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = desk.send(request).await;
        answer.problem(405, "method-not-allowed");
        assert_eq!(answer.header("allow"), allowed);
    }
}

#[tokio::test]
async fn answers_are_nothing_that_a_browser_would_run_frame_or_keep() {
    let desk = TestDesk::new().await;
    let answer = desk.get("/api/v1/aggregates/inventory-item").await;
    for (name, value) in [
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
        // Not over plain HTTP (RFC 6797, 7.2).
        ("strict-transport-security", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn a_request_keeps_its_id_or_is_given_one() {
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
async fn long_answers_are_compressed_for_those_who_can_read_it() {
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

//! Server functions answer with the same problem documents as the rest of the interface.

use api::Problem;
use axum::http::Request;
use serde_json::{Value, json};

use crate::desk::{Answer, TestDesk, bolt, command, new_id, path};

async fn ask(desk: &TestDesk, function: &str, body: String) -> Answer {
    let request =
        Request::post(format!("/ui/{function}")).header("content-type", "application/json");
    desk.send(request.body(body.into()).unwrap()).await
}

async fn submit(desk: &TestDesk, command: &Value) -> Answer {
    let body = json!({ "request": command, "seen": 0 });
    ask(desk, "submit-command", body.to_string()).await
}

#[tokio::test]
async fn an_unreadable_request_is_malformed() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let create = || command(id, "CreateInventoryItem", bolt());
    let mut unknown_field = create();
    unknown_field["quantity"] = json!(1);
    let mut no_uuid = create();
    no_uuid["command_id"] = "next".into();
    let check_in = command(id, "CheckInItems", json!({ "quantity": 1 }));
    let repeated_key = json!({ "request": check_in, "seen": 0 }).to_string();
    let repeated_key = repeated_key.replace("\"quantity\":1", "\"quantity\":1,\"quantity\":9");
    let no_seen = json!({ "request": create() }).to_string();
    for body in ["{".to_owned(), "[]".to_owned(), no_seen, repeated_key] {
        ask(&desk, "submit-command", body).await.problem(400, "malformed");
    }
    for command in [unknown_field, no_uuid] {
        submit(&desk, &command).await.problem(400, "malformed");
    }
    desk.get(&path(id)).await.problem(404, "unknown-aggregate");
}

#[tokio::test]
async fn a_failure_has_the_status_of_its_problem() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let again = command(id, "CheckInItems", json!({ "quantity": 1 }));
    let mut other_kind = again.clone();
    other_kind["aggregate"]["kind"] = "invoice".into();
    submit(&desk, &other_kind).await.problem(404, "unknown-kind");
    let desk = desk.without_its_store().await;
    let away = submit(&desk, &again).await;
    away.problem(503, "unavailable");
    assert!(away.header("retry-after").parse::<u64>().unwrap() >= 1);
}

async fn ask_as(desk: &TestDesk, content_type: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::post("/ui/list").header("content-type", content_type);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = r#"{"kind":"inventory-item","request":{"search":"","sort":"name","after":null,"limit":50}}"#;
    desk.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn only_json_is_accepted() {
    let desk = TestDesk::new().await;
    let form = "application/x-www-form-urlencoded";
    for content_type in ["", "text/plain", form, "multipart/form-data; boundary=x"] {
        ask_as(&desk, content_type, &[]).await.problem(415, "unsupported-media-type");
    }
    ask_as(&desk, "application/json; charset=utf-8", &[]).await.ok();
}

/// Leptos redirects a client that accepts HTML to the page that `Referer` names.
#[tokio::test]
async fn no_client_is_redirected_to_the_referer() {
    let desk = TestDesk::new().await;
    for referer in ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\"] {
        for accept in ["text/html", "text/html,application/json"] {
            let headers = [("accept", accept), ("referer", referer)];
            let answer = ask_as(&desk, "application/json", &headers).await;
            assert_eq!(answer.header("location"), "", "{referer}");
            answer.ok();
            let body = Request::post("/ui/list")
                .header("content-type", "application/json")
                .header("accept", accept)
                .header("referer", referer);
            let refused = desk.send(body.body("{".into()).unwrap()).await;
            assert_eq!(refused.header("location"), "", "{referer}");
            refused.problem(400, "malformed");
        }
    }
}

/// A refusal has status 200, because the browser takes any other status for a failure.
#[tokio::test]
async fn a_refusal_because_of_a_taken_sku_names_its_item() {
    let desk = TestDesk::new().await;
    let data = bolt();
    let holder = desk.item(data.clone()).await;
    let answer = submit(&desk, &command(new_id(), "CreateInventoryItem", data.clone())).await.ok();
    let problem: Problem = serde_json::from_value(answer["Refused"].clone()).unwrap();
    let taken = problem.sku_taken().unwrap();
    assert_eq!((&*taken.sku, taken.item), (data["sku"].as_str().unwrap(), holder));
    assert_eq!(taken.name.as_deref(), Some("Bolt M8 × 40"));
    let remove = json!({ "quantity": 1, "reason": "sold" });
    let answer = submit(&desk, &command(holder, "RemoveItems", remove)).await.ok();
    let problem: Problem = serde_json::from_value(answer["Refused"].clone()).unwrap();
    assert_eq!(problem.sku_taken(), None);
}

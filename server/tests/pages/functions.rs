//! Server functions are part of the interface: what they cannot read is a problem as anywhere else.

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
async fn what_cannot_be_read_is_malformed() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let create = || command(id, "CreateInventoryItem", bolt());
    let mut unknown_field = create();
    unknown_field["quantity"] = json!(1);
    let mut no_uuid = create();
    no_uuid["command_id"] = "next".into();
    for body in ["{".to_owned(), "[]".to_owned(), json!({ "request": create() }).to_string()] {
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

//! Server functions are part of the interface: what they cannot read is a problem as anywhere else.

use app::problem::Problem;
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

/// A no is an answer: a browser calls nothing else than 200 one.
#[tokio::test]
async fn a_sku_that_is_taken_is_an_answer_that_names_its_item() {
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

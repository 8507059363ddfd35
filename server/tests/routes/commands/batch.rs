//! Several commands in one request.

use axum::http::Request;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::desk::{Answer, TestDesk, bolt, command, expecting, new_id, path};

async fn batch(desk: &TestDesk, atomic: bool, commands: &[Value]) -> Answer {
    send(desk, &json!({ "commands": commands, "atomic": atomic })).await
}

async fn send(desk: &TestDesk, batch: &Value) -> Answer {
    let request =
        Request::post("/api/v1/commands/batch").header("content-type", "application/json");
    desk.send(request.body(batch.to_string().into()).unwrap()).await
}

fn create(id: Uuid) -> Value {
    command(id, "CreateInventoryItem", bolt())
}

fn check_in(id: Uuid, quantity: i64) -> Value {
    command(id, "CheckInItems", json!({ "quantity": quantity }))
}

fn remove(id: Uuid, quantity: i64) -> Value {
    command(id, "RemoveItems", json!({ "quantity": quantity, "reason": "used" }))
}

async fn on_hand(desk: &TestDesk, id: Uuid) -> Value {
    desk.get(&path(id)).await.ok()["state"]["on_hand"].clone()
}

#[tokio::test]
async fn an_atomic_batch_carries_out_all_commands() {
    let desk = TestDesk::new().await;
    let (kit, part, new) = (desk.stocked(1).await, desk.stocked(10).await, new_id());
    let commands = [create(new), remove(part, 4), check_in(kit, 1)];
    let answer = batch(&desk, true, &commands).await;
    assert_eq!(answer.status, 201);
    let results = answer.ok()["results"].clone();
    assert_eq!(results[1]["aggregate"]["id"], json!(part));
    assert_eq!(
        results[1]["events"],
        json!([{ "type": "ItemsRemoved", "data": { "quantity": 4, "reason": "used" } }])
    );
    let versions: Vec<_> =
        results.as_array().unwrap().iter().map(|r| r["version"].clone()).collect();
    assert_eq!(versions, [1, 3, 3]);
    assert_eq!((on_hand(&desk, part).await, on_hand(&desk, kit).await), (json!(6), json!(2)));
    for id in [kit, part, new] {
        let verification = desk.get(&format!("{}/verification", path(id))).await.ok();
        assert_eq!(verification["ok"], true);
    }
    let list = desk.get("/api/v1/aggregates/inventory-item").await.ok();
    assert_eq!(list["rows"].as_array().unwrap().len(), 3);

    let again = batch(&desk, true, &commands).await;
    assert_eq!(again.status, 200);
    let mut expected = results;
    for result in expected.as_array_mut().unwrap() {
        result["duplicate"] = true.into();
    }
    assert_eq!(again.ok()["results"], expected);
    assert_eq!(on_hand(&desk, part).await, 6);
}

#[tokio::test]
async fn one_refused_command_refuses_the_whole_atomic_batch() {
    let desk = TestDesk::new().await;
    let (one, other) = (desk.stocked(5).await, desk.stocked(5).await);
    let problem = batch(&desk, true, &[check_in(one, 1), remove(other, 6), create(new_id())]).await;
    let problem = problem.problem(422, "rejected");
    assert_eq!(problem["index"], 1);
    assert_eq!(
        problem["rejection"],
        json!({ "code": "more-than-on-hand", "on_hand": 5, "quantity": 6 })
    );
    let rename = |id, name: &str| command(id, "RenameInventoryItem", json!({ "name": name }));
    desk.command(&rename(other, "Screw")).await.ok();
    let stale = expecting(2, rename(other, "Nail"));
    let problem = batch(&desk, true, &[check_in(one, 1), stale]).await.problem(409, "conflict");
    assert_eq!((&problem["index"], &problem["current_version"]), (&json!(1), &json!(3)));
    let nowhere = batch(&desk, true, &[check_in(one, 1), check_in(new_id(), 1)]).await;
    assert_eq!(nowhere.problem(404, "unknown-aggregate")["index"], 1);
    assert_eq!(on_hand(&desk, one).await, 5);
    assert_eq!(desk.get(&path(one)).await.ok()["version"], 2);
    // The refused batches leave no command waiting.
    desk.command(&check_in(one, 1)).await.ok();
}

#[tokio::test]
async fn an_atomic_batch_names_an_aggregate_at_most_once() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let answer = batch(&desk, true, &[create(id), create(new_id()), check_in(id, 1)]).await;
    let problem = answer.problem(400, "malformed");
    assert_eq!(problem["pointer"], "/commands/2/aggregate");
    assert!(problem["detail"].as_str().unwrap().contains("/commands/0"), "{problem}");
    desk.get(&path(id)).await.problem(404, "unknown-aggregate");
}

/// The client makes the id, so it can address the new aggregate in the same batch.
#[tokio::test]
async fn a_batch_that_is_not_atomic_can_create_an_aggregate_and_change_it() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let commands = [create(id), check_in(id, 12), remove(id, 2)];
    let answer = batch(&desk, false, &commands).await;
    assert_eq!(answer.status, 200);
    let results = answer.ok()["results"].clone();
    for (place, result) in results.as_array().unwrap().iter().enumerate() {
        assert_eq!((&result["status"], &result["version"]), (&json!(201), &json!(place + 1)));
    }
    assert_eq!(on_hand(&desk, id).await, 10);
    let again = batch(&desk, false, &commands).await.ok();
    for result in again["results"].as_array().unwrap() {
        assert_eq!((&result["status"], &result["duplicate"]), (&json!(200), &json!(true)));
    }
    assert_eq!(on_hand(&desk, id).await, 10);
}

#[tokio::test]
async fn one_refused_command_of_a_batch_that_is_not_atomic_leaves_the_others() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(5).await;
    let mut unknown_kind = check_in(id, 1);
    unknown_kind["aggregate"]["kind"] = "invoice".into();
    let mut no_id = check_in(id, 1);
    no_id["command_id"] = json!(Uuid::nil());
    let commands = [
        check_in(id, 1),
        remove(id, 7),
        command(id, "MadeUp", json!({})),
        unknown_kind,
        no_id,
        remove(id, 6),
    ];
    let results = batch(&desk, false, &commands).await.ok()["results"].clone();
    let told: Vec<_> = results.as_array().unwrap().iter().collect();
    let statuses: Vec<_> = told.iter().map(|result| result["status"].clone()).collect();
    assert_eq!(statuses, [201, 422, 400, 404, 400, 201]);
    assert_eq!(told[1]["problem"]["rejection"]["code"], "more-than-on-hand");
    assert_eq!(told[2]["problem"]["code"], "malformed");
    assert_eq!(told[1]["problem"]["status"], 422);
    assert_eq!(on_hand(&desk, id).await, 0);
}

#[tokio::test]
async fn a_malformed_batch_is_refused_and_changes_nothing() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(1).await;
    for atomic in [true, false] {
        let none = batch(&desk, atomic, &[]).await.problem(400, "malformed");
        assert_eq!(none["pointer"], "/commands");
        let many: Vec<_> = (0..101).map(|_| create(new_id())).collect();
        let many = batch(&desk, atomic, &many).await.problem(400, "malformed");
        assert!(many["detail"].as_str().unwrap().contains("1 to 100"), "{many}");
        let mut no_uuid = check_in(id, 1);
        no_uuid["command_id"] = "seven".into();
        let answer = batch(&desk, atomic, &[check_in(id, 1), no_uuid]).await;
        assert_eq!(answer.problem(400, "malformed")["pointer"], "/commands/1/command_id");
    }
    for (batch, pointer) in [
        (json!({ "commands": [check_in(id, 1)] }), None),
        (json!({ "commands": [check_in(id, 1)], "atomic": "yes" }), Some("/atomic")),
        (json!({ "commands": [check_in(id, 1)], "atomic": true, "dry": true }), Some("/dry")),
        (json!([check_in(id, 1)]), Some("/0")),
    ] {
        let problem = send(&desk, &batch).await.problem(400, "malformed");
        assert_eq!(problem["pointer"].as_str(), pointer, "{problem}");
    }
    // The pointer to a mistake in an atomic batch starts at the batch.
    let bad = command(id, "CheckInItems", json!({ "quantity": "many" }));
    let problem = batch(&desk, true, &[create(new_id()), bad]).await.problem(400, "malformed");
    assert_eq!(problem["pointer"], "/commands/1/command/data/quantity");
    assert_eq!(problem["index"], 1);
    let mut nil = check_in(id, 1);
    nil["command_id"] = json!(Uuid::nil());
    let problem = batch(&desk, true, &[create(new_id()), nil]).await.problem(400, "malformed");
    assert_eq!(problem["pointer"], "/commands/1/command_id");
    assert_eq!(on_hand(&desk, id).await, 1);
    let list = desk.get("/api/v1/aggregates/inventory-item").await.ok();
    assert_eq!(list["rows"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn concurrent_batches_are_all_committed_as_a_whole() {
    let desk = TestDesk::new().await;
    let (one, other) = (desk.stocked(100).await, desk.stocked(100).await);
    let batches = (0..20).map(|number| {
        let (from, to) = if number % 2 == 0 { (one, other) } else { (other, one) };
        let commands = [remove(from, 3), check_in(to, 3)];
        let desk = &desk;
        async move { batch(desk, true, &commands).await.status }
    });
    for status in futures::future::join_all(batches).await {
        assert_eq!(status, 201);
    }
    assert_eq!((on_hand(&desk, one).await, on_hand(&desk, other).await), (json!(100), json!(100)));
    assert_eq!(desk.get(&path(one)).await.ok()["version"], 22);
}

#[tokio::test]
async fn a_batch_without_a_store_is_told_to_retry() {
    let desk = TestDesk::new().await;
    let ids = [desk.stocked(1).await, desk.stocked(1).await];
    let desk = desk.without_its_store().await;
    let commands = ids.map(|id| check_in(id, 1));
    let answer = batch(&desk, true, &commands).await;
    answer.problem(503, "unavailable");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    let each = batch(&desk, false, &commands).await.ok();
    for result in each["results"].as_array().unwrap() {
        assert_eq!(result["status"], 503);
    }
}

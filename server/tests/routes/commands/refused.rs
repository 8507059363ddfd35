//! Commands that are well-formed but not accepted.

use serde_json::{Value, json};

use crate::desk::{ITEM, TestDesk, bolt, command, expecting, new_id, path};

#[tokio::test]
async fn a_rejection_has_a_code_and_the_figures_that_explain_it() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let remove = json!({ "quantity": 13, "reason": "sold" });
    let problem = desk.command(&command(id, "RemoveItems", remove)).await.problem(422, "rejected");
    assert_eq!(
        problem["rejection"],
        json!({ "code": "more-than-on-hand", "on_hand": 12, "quantity": 13 })
    );
    assert_eq!(problem["version"], 2);
    assert_eq!(problem["detail"], "you asked for 13; only 12 are on hand");
    assert_eq!(desk.get(&path(id)).await.ok()["version"], 2);
}

#[tokio::test]
async fn a_command_that_changes_nothing_creates_no_version() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    for (name, data) in [
        ("ChangeMaxQuantity", json!({ "max_quantity": 40 })),
        ("SetReorderLevel", json!({ "level": 0 })),
        ("ChangeMaxQuantity", json!({})),
    ] {
        desk.command(&command(id, name, data.clone())).await.ok();
        let before = desk.get(&path(id)).await.ok();
        let again = desk.command(&command(id, name, data)).await.problem(422, "rejected");
        let code = again["rejection"]["code"].as_str().unwrap();
        assert!(["same-maximum", "same-reorder-level"].contains(&code), "{again}");
        assert_eq!(desk.get(&path(id)).await.ok(), before);
    }
}

#[tokio::test]
async fn figures_out_of_range_are_rejected_with_the_range() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    for quantity in [0, -1, i64::MIN, 1_000_000_001, i64::MAX] {
        let check_in = command(id, "CheckInItems", json!({ "quantity": quantity }));
        let problem = desk.command(&check_in).await.problem(422, "rejected");
        assert_eq!(
            problem["rejection"],
            json!({
                "code": "out-of-range", "field": "quantity", "value": quantity,
                "minimum": 1, "maximum": 1_000_000_000,
            })
        );
    }
}

#[tokio::test]
async fn names_that_are_not_legible_are_rejected() {
    let desk = TestDesk::new().await;
    for (name, code) in [
        ("", "blank"),
        (" \u{a0}\t ", "blank"),
        (&*"x".repeat(201), "too-long"),
        ("two\nlines", "control-character"),
        ("a\u{0}b", "control-character"),
        ("a\u{202e}txt.exe", "control-character"),
    ] {
        let mut data = bolt();
        data["name"] = name.into();
        let create = command(new_id(), "CreateInventoryItem", data);
        let problem = desk.command(&create).await.problem(422, "rejected");
        assert_eq!(
            (&problem["rejection"]["code"], &problem["rejection"]["field"]),
            (&Value::from(code), &Value::from("name"))
        );
    }
}

#[tokio::test]
async fn a_command_to_a_missing_aggregate_is_refused() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let answer = desk.command(&command(id, "CheckInItems", json!({ "quantity": 1 }))).await;
    let problem = answer.problem(404, "unknown-aggregate");
    assert_eq!(problem["detail"], format!("there is no {ITEM} {id}"));

    // An expected version makes no difference.
    let rename = command(id, "RenameInventoryItem", json!({ "name": "Nut" }));
    desk.command(&expecting(3, rename)).await.problem(404, "unknown-aggregate");
}

#[tokio::test]
async fn a_command_to_an_unknown_kind_is_refused_even_if_the_id_exists() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let mut check_in = command(id, "CheckInItems", json!({ "quantity": 1 }));
    check_in["aggregate"]["kind"] = "invoice".into();
    let problem = desk.command(&check_in).await.problem(404, "unknown-kind");
    assert_eq!(
        problem["detail"],
        "`invoice` is not a kind of aggregate: expected inventory-item or location"
    );
    assert_eq!(desk.get(&path(id)).await.ok()["version"], 1);
}

#[tokio::test]
async fn a_conflict_says_what_happened_since() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    desk.command(&command(id, "CheckInItems", json!({ "quantity": 5 }))).await;
    desk.command(&command(id, "RenameInventoryItem", json!({ "name": "Screw" }))).await;
    let rename = expecting(1, command(id, "RenameInventoryItem", json!({ "name": "Nut" })));
    let problem = desk.command(&rename).await.problem(409, "conflict");
    assert_eq!(problem["current_version"], 3);
    let history = desk.get(&format!("{}/change-sets?after=1", path(id))).await.ok();
    assert_eq!(problem["since"], history["change_sets"]);
    assert_eq!(problem["since"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_version_that_does_not_exist_yet_is_a_conflict_with_nothing_in_between() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let rename = expecting(2, command(id, "RenameInventoryItem", json!({ "name": "Nut" })));
    let problem = desk.command(&rename).await.problem(409, "conflict");
    assert_eq!((&problem["current_version"], &problem["since"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn a_command_id_cannot_be_reused_for_another_command() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let mut check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));
    desk.command(&check_in).await;
    check_in["command"]["data"]["quantity"] = 13.into();
    let problem = desk.command(&check_in).await.problem(409, "command-id-reused");
    assert_eq!(problem["version"], 2);
    assert_eq!(desk.get(&path(id)).await.ok()["state"]["on_hand"], 12);
}

#[tokio::test]
async fn an_unavailable_store_tells_the_client_when_to_retry() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));
    let desk = desk.without_its_store().await;
    let answer = desk.command(&check_in).await;
    answer.problem(503, "unavailable");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!(seconds >= 1);
}

#[tokio::test]
async fn a_text_beyond_its_limit_is_rejected() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let reference = "x".repeat(500_000);
    let check_in = command(id, "CheckInItems", json!({ "quantity": 1, "reference": reference }));
    let problem = desk.command(&check_in).await.problem(422, "rejected");
    assert_eq!(problem["rejection"]["code"], "too-long");
}

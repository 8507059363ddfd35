//! Accepted commands, and repeats of them.

use std::time::Duration;

use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::desk::{ITEM, TestDesk, bolt, command, expecting, new_id, path, post};

#[tokio::test]
async fn a_command_becomes_a_version() {
    let desk = TestDesk::new().await;
    let (id, data) = (new_id(), bolt());
    let answer = desk.command(&command(id, "CreateInventoryItem", data.clone())).await;
    assert_eq!(answer.status, 201);
    let accepted = answer.ok();
    let hash = accepted["hash"].as_str().unwrap();
    assert_eq!(hash.len(), 64);
    assert_eq!(
        accepted,
        json!({
            "aggregate": { "kind": ITEM, "id": id },
            "version": 1,
            "events": [{ "type": "InventoryItemCreated", "data": data }],
            "hash": hash,
            "duplicate": false,
        })
    );
    assert_eq!(desk.get(&path(id)).await.ok()["hash"], hash);
}

#[tokio::test]
async fn a_repeat_returns_the_first_outcome() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let check_in = command(id, "CheckInItems", json!({ "quantity": 12 }));
    let first = desk.command(&check_in).await;
    desk.command(&command(id, "CheckInItems", json!({ "quantity": 1 }))).await;
    let again = desk.command(&check_in).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    let mut expected = first.ok();
    expected["duplicate"] = true.into();
    assert_eq!(again.ok(), expected);
    assert_eq!(desk.get(&path(id)).await.ok()["version"], 3);
}

#[tokio::test]
async fn a_stale_command_is_accepted_if_the_changes_since_do_not_matter() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    desk.command(&command(id, "RenameInventoryItem", json!({ "name": "Screw" }))).await;
    let check_in = expecting(1, command(id, "CheckInItems", json!({ "quantity": 12 })));
    let answer = desk.command(&check_in).await;
    assert_eq!((answer.status.as_u16(), &answer.ok()["version"]), (201, &json!(3)));
}

#[tokio::test]
async fn data_may_be_omitted_if_a_command_needs_none() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    desk.command(&command(id, "DeactivateInventoryItem", json!({ "reason": "discontinued" })))
        .await;
    let mut reactivate = command(id, "ReactivateInventoryItem", json!({}));
    reactivate["command"].as_object_mut().unwrap().remove("data");
    assert_eq!(desk.command(&reactivate).await.status, 201);
}

#[tokio::test]
async fn names_in_any_script_come_back_as_they_were_given() {
    let desk = TestDesk::new().await;
    for name in ["برغي سداسي", "ボルト M8", "🔩🔩 👩🏽‍🔧", "Schraube „groß“", &"ß".repeat(200)]
    {
        let mut data = bolt();
        data["name"] = name.into();
        let id = desk.item(data).await;
        assert_eq!(desk.get(&path(id)).await.ok()["state"]["name"], name);
    }
}

#[tokio::test]
async fn the_change_set_names_the_actor_the_correlation_and_the_cause() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let (correlation, causation) = (new_id(), new_id());
    let mut create = command(id, "CreateInventoryItem", bolt());
    create["correlation_id"] = correlation.to_string().into();
    create["causation_id"] = causation.to_string().into();
    desk.command(&create).await;
    let history = desk.get(&format!("{}/change-sets", path(id))).await.ok();
    let change_set = &history["change_sets"][0];
    assert_eq!(change_set["actor"], "Tess");
    assert_eq!(change_set["correlation_id"], correlation.to_string());
    assert_eq!(change_set["causation_id"], causation.to_string());
    assert_eq!(change_set["command_id"], create["command_id"]);
}

#[tokio::test]
async fn a_command_is_finished_after_its_client_disconnects() {
    let desk = TestDesk::new().await;
    let id = new_id();
    let create = command(id, "CreateInventoryItem", bolt());
    {
        let answer = desk.send(post(create.to_string()));
        tokio::pin!(answer);
        let polled_once = futures::poll!(&mut answer);
        assert!(polled_once.is_pending());
    }
    let found = async {
        while desk.get(&path(id)).await.status != 200 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), found).await.expect("the command is not finished in time");
    assert_eq!(desk.command(&create).await.status, 200);
}

#[tokio::test]
async fn concurrent_commands_become_one_version_each() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let sent = (0..40).map(|_| command(id, "CheckInItems", json!({ "quantity": 1 })));
    let sent: Vec<_> = sent.collect();
    let answers = futures::future::join_all(sent.iter().map(|one| desk.command(one))).await;
    let mut versions: Vec<_> = answers.iter().map(|a| a.ok()["version"].as_u64()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=41).map(Some).collect::<Vec<_>>());
    assert_eq!(desk.get(&path(id)).await.ok()["state"]["on_hand"], 40);
}

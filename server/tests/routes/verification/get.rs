//! The verification of a history.

use serde_json::json;
use uuid::Uuid;

use crate::desk::{TestDesk, command, path};

async fn verification(desk: &TestDesk, id: Uuid) -> serde_json::Value {
    desk.get(&format!("{}/verification", path(id))).await.ok()
}

/// An item with versions 1 to 4.
async fn history(desk: &TestDesk) -> Uuid {
    let id = desk.stocked(12).await;
    for _ in 0..2 {
        desk.command(&command(id, "CheckInItems", json!({ "quantity": 5 }))).await;
    }
    id
}

#[tokio::test]
async fn an_unaltered_history_is_valid() {
    let desk = TestDesk::new().await;
    let id = history(&desk).await;
    let hash = desk.get(&path(id)).await.ok()["hash"].clone();
    assert_eq!(
        verification(&desk, id).await,
        json!({ "ok": true, "version": 4, "hash": hash, "failed_at": null })
    );
}

#[tokio::test]
async fn an_altered_figure_is_found() {
    let desk = TestDesk::new().await;
    let id = history(&desk).await;
    let hash = desk.get(&format!("{}?version=2", path(id))).await.ok()["hash"].clone();
    desk.tamper(id, 3, |body| body.replace("\"quantity\":5", "\"quantity\":6")).await;
    assert_eq!(
        verification(&desk, id).await,
        json!({
            "ok": false, "version": 2, "hash": hash, "failed_at": 3,
            "reason": "chain-broken",
            "problem": "version 3 was altered: its hash does not match its body",
        })
    );
    desk.get(&path(id)).await.problem(500, "corrupt");
}

#[tokio::test]
async fn an_unreadable_body_and_an_alteration_before_it_are_found() {
    let desk = TestDesk::new().await;
    let id = history(&desk).await;
    desk.tamper(id, 4, |_| "{".to_owned()).await;
    let found = verification(&desk, id).await;
    assert_eq!(
        (&found["ok"], &found["version"], &found["failed_at"]),
        (&json!(false), &json!(3), &json!(4))
    );
    desk.tamper(id, 2, |body| body.replace("Tess", "Eve")).await;
    let found = verification(&desk, id).await;
    assert_eq!((&found["version"], &found["failed_at"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn an_unreadable_first_version_leaves_nothing_valid() {
    let desk = TestDesk::new().await;
    let id = history(&desk).await;
    desk.tamper(id, 1, |_| "{".to_owned()).await;
    let found = verification(&desk, id).await;
    assert_eq!(
        (&found["ok"], &found["version"], &found["failed_at"]),
        (&json!(false), &json!(0), &json!(1))
    );
}

#[tokio::test]
async fn a_history_longer_than_a_page_is_read_to_its_end() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(1).await;
    for _ in 0..520 {
        desk.command(&command(id, "CheckInItems", json!({ "quantity": 1 }))).await;
    }
    assert_eq!(verification(&desk, id).await["version"], 522);
    desk.tamper(id, 515, |body| body.replace("Tess", "Eve")).await;
    assert_eq!(verification(&desk, id).await["failed_at"], 515);
}

//! The sample company, loaded into a running server.

use std::time::Duration;

use api::{Code, Desk, SampleProgress};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::desk::{TestDesk, bolt, command};

async fn loaded(desk: &TestDesk) -> SampleProgress {
    let ended = async {
        loop {
            let progress = desk.front.sample_progress().await.unwrap();
            if !progress.running {
                return progress;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(120), ended).await.expect("the sample is not loaded in time")
}

async fn versions(desk: &TestDesk) -> u64 {
    let mut versions = 0;
    for kind in ["inventory-item", "location"] {
        let list = desk.get(&format!("/api/v1/aggregates/{kind}?limit=200")).await.ok();
        let rows = list["rows"].as_array().unwrap();
        versions += rows.iter().map(|row| row["version"].as_u64().unwrap()).sum::<u64>();
    }
    versions
}

#[tokio::test]
async fn the_sample_is_loaded_once_in_the_background_however_often_it_is_requested() {
    let desk = TestDesk::new().await;
    let before = desk.front.sample_progress().await.unwrap();
    assert!(!before.running && before.done == 0 && before.total > 1000, "{before:?}");
    for _ in 0..3 {
        assert!(desk.front.load_sample().await.unwrap().running);
    }
    let total = before.total;
    assert_eq!(loaded(&desk).await, SampleProgress { running: false, done: total, total });
    assert_eq!(versions(&desk).await, total);

    desk.front.load_sample().await.unwrap();
    assert_eq!(loaded(&desk).await, SampleProgress { running: false, done: total, total });
    assert_eq!(versions(&desk).await, total);
}

#[tokio::test]
async fn the_sample_keeps_its_own_actors_and_dates() {
    let desk = TestDesk::new().await;
    desk.front.load_sample().await.unwrap();
    loaded(&desk).await;
    let list = desk.get("/api/v1/aggregates/inventory-item?sort=updated_at&limit=1").await.ok();
    let id = list["rows"][0]["id"].as_str().unwrap();
    let history = format!("/api/v1/aggregates/inventory-item/{id}/change-sets");
    let first = desk.get(&history).await.ok()["change_sets"][0].clone();
    assert_ne!(first["actor"], "Tess");
    assert!(first["recorded_at"].as_str().unwrap() < "2026-11", "{first}");
}

#[tokio::test]
async fn the_sample_is_refused_unless_the_inventory_is_empty() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    let problem = desk.front.load_sample().await.unwrap_err();
    assert!(problem.is(Code::Rejected), "{problem}");
    assert_eq!(versions(&desk).await, 1);
    desk.command(&command(id, "DeactivateInventoryItem", json!({ "reason": "gone" }))).await;
    desk.front.load_sample().await.unwrap_err();
}

//! All change sets, page by page.

use api::Desk;
use domain::InventoryItem;
use event_store::{AggregateId, Page};
use serde_json::{Value, json};

use super::{check_in, positions, with_a_hole, with_entries};
use crate::desk::{ITEM, TestDesk, bolt};

fn entries(page: &Value) -> Vec<u64> {
    positions(page["entries"].as_array().unwrap())
}

#[tokio::test]
async fn entries_are_the_change_sets_of_all_histories() {
    let desk = TestDesk::new().await;
    let (one, other) = (desk.stocked(1).await, desk.stocked(2).await);
    check_in(&desk, one).await;
    let page = desk.get("/api/v1/feed").await.ok();
    let (mut histories, mut kinds) = (Vec::new(), Vec::new());
    for (place, entry) in page["entries"].as_array().unwrap().iter().enumerate() {
        let change_set = &entry["change_set"];
        let AggregateId { kind, id } =
            serde_json::from_value(change_set["aggregate"].clone()).unwrap();
        let version = change_set["version"].as_u64().unwrap();
        let after = format!("change-sets?limit=1&after={}", version - 1);
        let history = desk.get(&format!("/api/v1/aggregates/{kind}/{id}/{after}")).await.ok();
        let expected = json!({ "position": place + 1, "change_set": history["change_sets"][0] });
        assert_eq!(*entry, expected);
        kinds.push(kind == ITEM);
        if kind == ITEM {
            histories.push((id, version));
        }
    }
    assert_eq!(histories, [(one, 1), (one, 2), (other, 1), (other, 2), (one, 3)]);
    // The claim of its SKU follows each new item.
    assert_eq!(kinds, [true, false, true, true, false, true, true]);
    assert_eq!((entries(&page).len(), &page["next"]), (7, &json!(7)));
}

#[tokio::test]
async fn pages_follow_one_another_and_the_last_is_empty() {
    let desk = TestDesk::new().await;
    with_entries(&desk, 7).await;
    pages_follow(&desk).await;
    // The new desk reads from the store what the first had in memory.
    pages_follow(&desk.again().await).await;
}

async fn pages_follow(desk: &TestDesk) {
    for (query, expected, next) in [
        ("", vec![1, 2, 3, 4, 5, 6, 7], 7),
        ("?limit=3", vec![1, 2, 3], 3),
        ("?after=3&limit=3", vec![4, 5, 6], 6),
        ("?after=6&limit=3", vec![7], 7),
        ("?after=7", vec![], 7),
        ("?after=0&limit=1", vec![1], 1),
    ] {
        let page = desk.get(&format!("/api/v1/feed{query}")).await.ok();
        assert_eq!((entries(&page), &page["next"]), (expected, &json!(next)), "{query}");
    }
}

#[tokio::test]
async fn an_empty_feed_has_an_empty_page() {
    let desk = TestDesk::new().await;
    assert_eq!(desk.get("/api/v1/feed").await.ok(), json!({ "entries": [], "next": 0 }));
}

#[tokio::test]
async fn a_page_has_a_hundred_entries_by_default() {
    let desk = TestDesk::new().await;
    with_entries(&desk, 103).await;
    for (query, count) in [("", 100), ("?limit=1000", 103)] {
        let page = desk.get(&format!("/api/v1/feed{query}")).await.ok();
        assert_eq!((entries(&page).len(), &page["next"]), (count, &json!(count)), "{query}");
    }
}

#[tokio::test]
async fn an_acknowledged_change_is_in_the_feed() {
    let desk = TestDesk::new().await;
    let id = desk.item(bolt()).await;
    for position in 3..40 {
        check_in(&desk, id).await;
        let page = desk.get(&format!("/api/v1/feed?after={}", position - 1)).await.ok();
        assert_eq!(entries(&page), [position]);
    }
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let desk = TestDesk::new().await;
    with_entries(&desk, 3).await;
    desk.get("/api/v1/feed").await.ok();
    let beyond = ["4", "18446744073709551615", "18446744073709551616"];
    for found in ["-1", "x", "", "+1", "1.5"].iter().chain(&beyond) {
        let answer = desk.get(&format!("/api/v1/feed?after={}", found.replace('+', "%2B"))).await;
        let problem = answer.problem(400, "malformed");
        assert_eq!(problem["pointer"], "after", "{found}");
        let expected = "expected a whole number from 0 to 3, where the feed ends";
        let detail = format!("after: `{found}` is not a position in the feed; {expected}");
        assert_eq!(problem["detail"], detail);
    }
    for found in ["0", "1001", "-1", "x", ""] {
        let answer = desk.get(&format!("/api/v1/feed?limit={found}")).await;
        let problem = answer.problem(400, "malformed");
        let detail = format!("limit: `{found}`; expected a whole number from 1 to 1000");
        assert_eq!(problem["detail"], detail);
    }
    for query in ["before=3", "after=1&after=2"] {
        desk.get(&format!("/api/v1/feed?{query}")).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn an_unreadable_entry_is_located_and_can_be_skipped() {
    let desk = with_a_hole().await;
    let page = desk.get("/api/v1/feed").await.ok();
    assert_eq!((entries(&page), &page["next"]), (vec![1, 2], &json!(2)));
    let problem = desk.get("/api/v1/feed?after=2").await.problem(500, "corrupt");
    assert_eq!((&problem["position"], &problem["failed_at"]), (&json!(3), &json!(2)));
    let page = desk.get("/api/v1/feed?after=3").await.ok();
    assert_eq!((entries(&page), &page["next"]), (vec![4], &json!(4)));
}

#[tokio::test]
async fn a_feed_that_lags_behind_an_acknowledgement_is_unavailable() {
    let desk = TestDesk::new().await;
    let id = with_entries(&desk, 2).await;
    let aggregate = AggregateId::of::<InventoryItem>(id);
    let history = desk.front.change_sets(&aggregate, Page::After { version: 0, limit: 1 }).await;
    let mut next = history.unwrap().remove(0);
    next.version = 2;
    let desk = desk.without_its_store().await;
    desk.front.lists().feed().commit(&next);
    for path in ["/api/v1/feed", "/api/v1/feed/live"] {
        let answer = desk.get(path).await;
        answer.problem(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
    }
}

//! The list of all aggregates of a kind.

use serde_json::{Value, json};

use crate::desk::{TestDesk, bolt, command, path};

const LIST: &str = "/api/v1/aggregates/inventory-item";

fn names(listed: &Value) -> Vec<&str> {
    listed["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

async fn with_items(names: &[&str]) -> TestDesk {
    let desk = TestDesk::new().await;
    for (place, name) in names.iter().enumerate() {
        let mut data = bolt();
        data["name"] = (*name).into();
        data["sku"] = format!("S-{place}").into();
        desk.item(data).await;
    }
    desk
}

#[tokio::test]
async fn an_acknowledged_change_is_listed() {
    let desk = TestDesk::new().await;
    for on_hand in 1..=20 {
        let id = desk.stocked(on_hand).await;
        let listed = desk.get(&format!("{LIST}?sort=-updated_at&limit=200")).await.ok();
        let row = listed["rows"].as_array().unwrap().iter().find(|row| row["id"] == json!(id));
        assert_eq!(row.unwrap()["on_hand"], on_hand);
    }
}

#[tokio::test]
async fn a_row_agrees_with_the_state() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(40).await;
    desk.command(&command(id, "SetReorderLevel", json!({ "level": 50 }))).await;
    let listed = desk.get(LIST).await.ok();
    let state = desk.get(&path(id)).await.ok();
    let mut row = state["state"].clone();
    for field in ["version", "created_at", "updated_at"] {
        row[field] = state[field].clone();
    }
    row["id"] = json!(id);
    assert_eq!(listed, json!({ "rows": [row], "next": null }));
}

#[tokio::test]
async fn the_fields_of_the_state_stand_between_those_of_the_row() {
    let desk = TestDesk::new().await;
    let mut data = bolt();
    data["sku"] = "}B-\"8\"{".into();
    let id = desk.item(data.clone()).await;
    let state = desk.get(&path(id)).await.ok();
    let [at, name, unit] = [&state["created_at"], &data["name"], &data["unit"]];
    let max = &data["max_quantity"];
    let row = format!(
        r#"{{"id":"{id}","version":1,"sku":"}}B-\"8\"{{","name":{name},"unit":{unit},"on_hand":0,"balances":[],"max_quantity":{max},"reorder_level":null,"active":true,"created_at":{at},"updated_at":{at}}}"#
    );
    assert_eq!(desk.get(LIST).await.text, format!(r#"{{"rows":[{row}],"next":null}}"#));
}

#[tokio::test]
async fn an_unknown_order_is_refused_with_the_known_ones() {
    let desk = TestDesk::new().await;
    let refused = desk.get(&format!("{LIST}?sort=-colour")).await.problem(400, "malformed");
    assert_eq!(
        refused["detail"],
        "in the query, sort: cannot sort by `-colour`: expected sku, name, on_hand, max_quantity, \
         reorder_level or updated_at, with - before it for descending"
    );
}

#[tokio::test]
async fn rows_are_searched_and_sorted() {
    let desk = with_items(&["Washer", "bolt", "Nut", "Bolt cutter"]).await;
    for (query, expected) in [
        ("", vec!["bolt", "Bolt cutter", "Nut", "Washer"]),
        ("?sort=-name", vec!["Washer", "Nut", "Bolt cutter", "bolt"]),
        ("?sort=sku", vec!["Washer", "bolt", "Nut", "Bolt cutter"]),
        ("?search=BOLT", vec!["bolt", "Bolt cutter"]),
        ("?search=s-2", vec!["Nut"]),
        ("?search=s-2%20", vec!["Nut"]),
        ("?search=cut+bolt", vec!["Bolt cutter"]),
        ("?search=nut+s-2", vec!["Nut"]),
        ("?search=%25", vec![]),
    ] {
        assert_eq!(names(&desk.get(&format!("{LIST}{query}")).await.ok()), expected, "{query}");
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_overlap() {
    let desk = with_items(&["a", "b", "c", "d", "e"]).await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = desk.get(&format!("{LIST}?limit=2{after}")).await.ok();
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, ["a", "b", "c", "d", "e"]);
}

#[tokio::test]
async fn parameters_are_read_strictly() {
    let desk = with_items(&["a", "b"]).await;
    let page = desk.get(&format!("{LIST}?limit=1")).await.ok();
    let by_name = page["next"].as_str().unwrap();
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=many",
        "sort=colour",
        "sort=--name",
        "after=nonsense",
        &format!("sort=sku&after={by_name}"),
        "page=2",
        "search=a&search=b",
    ] {
        desk.get(&format!("{LIST}?{query}")).await.problem(400, "malformed");
    }
}

#[tokio::test]
async fn an_unknown_kind_has_no_list() {
    let desk = TestDesk::new().await;
    desk.get("/api/v1/aggregates/invoice").await.problem(404, "unknown-kind");
}

#[tokio::test]
async fn an_incomplete_list_is_unavailable() {
    let desk = TestDesk::with_lists(false).await;
    let answer = desk.get(LIST).await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
    // Commands do not wait for the list.
    desk.item(bolt()).await;
}

//! The page of an item that was altered behind the store's back.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::InventoryItem;
use event_store::handler::SNAPSHOT_EVERY;
use event_store::{AggregateId, ChangeSet, Hash};
use serde_json::json;
use uuid::Uuid;

use super::forms::{hidden, send};
use super::get::{between, heading, words};
use crate::desk::{Answer, ITEM, TestDesk, command, path};

const ALTERED: &str = "was altered: its hash does not match its body";

/// Creates an item of this many versions. Each version from 2 on checks in five.
async fn item(desk: &TestDesk, versions: usize) -> Uuid {
    let id = desk.stocked(5).await;
    for _ in 2..versions {
        let check_in = command(id, "CheckInItems", json!({ "quantity": 5 }));
        assert_eq!(desk.command(&check_in).await.status, 201);
    }
    id
}

/// Creates an item of 25 versions with its first snapshot, on a desk with nothing in memory.
async fn long_item() -> (TestDesk, Uuid) {
    let desk = TestDesk::new().await;
    let id = item(&desk, 25).await;
    let client = desk.intruder();
    let key = [("pk", format!("{ITEM}#{id}")), ("sk", format!("{SNAPSHOT_EVERY:012}.snapshot"))];
    let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
    let snapshot = || client.get_item().table_name("daybook").set_key(Some(key.clone().into()));
    while snapshot().send().await.unwrap().item.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (desk.again().await, id)
}

fn more(body: &str) -> String {
    body.replace("\"quantity\":5", "\"quantity\":500")
}

async fn page(desk: &TestDesk, id: Uuid, query: &str) -> Answer {
    let page = desk.get(&format!("/inventory/{id}{query}")).await;
    assert_eq!(page.status, 200, "{query}: {}", page.text);
    page
}

#[track_caller]
fn alert(page: &Answer) -> String {
    words(between(&page.text, "role=\"alert\"", "</div>"))
}

#[track_caller]
fn on_hand(page: &Answer) -> String {
    let figure = between(&page.text, "aria-labelledby=\"figure-on-hand\"", "/p>");
    words(figure.split_once('>').unwrap().1).trim().to_owned()
}

/// The versions in the timeline, each with its balance or its mark.
fn timeline(page: &Answer) -> Vec<(u64, String)> {
    let list = between(&page.text, "class=\"timeline\"", "</ol>");
    let entry = |entry: &str| {
        let (version, _) = entry.split_once('"').unwrap();
        let outcome = words(between(entry, "class=\"outcome\">", "<a"));
        assert_eq!(entry.contains("data-state=\"broken\""), outcome == "Damaged", "{entry}");
        (version.parse().unwrap(), outcome)
    };
    list.split("<li id=\"v").skip(1).map(entry).collect()
}

#[tokio::test]
async fn an_unaltered_item_has_no_alert() {
    let (desk, id) = long_item().await;
    for query in ["", "?version=7", "?before=9"] {
        let page = page(&desk, id, query).await;
        assert!(!page.text.contains("role=\"alert\""), "{query}");
        assert!(timeline(&page).iter().all(|(_, outcome)| outcome.contains('→')), "{query}");
    }
}

#[tokio::test]
async fn the_record_is_shown_as_of_the_version_before_the_damaged_one() {
    let desk = TestDesk::new().await;
    let id = item(&desk, 4).await;
    desk.tamper(id, 3, more).await;
    for query in ["", "?version=2", "?version=3", "?version=4", "?version=9", "?before=9"] {
        let page = page(&desk, id, query).await;
        assert_eq!(heading(&page.text), "Bolt M8 × 40");
        let alert = alert(&page);
        assert!(alert.contains("Version 3 is damaged"), "{query}: {alert}");
        assert!(alert.contains(&format!("Version 3 {ALTERED}.")), "{query}: {alert}");
        assert!(alert.contains("the record as of version 2"), "{query}: {alert}");
        assert!(alert.contains("Do not rely on anything after it"), "{query}: {alert}");
        assert_eq!(on_hand(&page), "5", "{query}");
        let shown = [(3, "Damaged"), (2, "+5 → 5"), (1, "0 → 0")];
        assert_eq!(timeline(&page), shown.map(|(v, o)| (v, o.to_owned())), "{query}");
    }
    let past = page(&desk, id, "?version=1").await;
    assert!(past.text.contains("Viewing version 1 of 2"));
    assert!(alert(&past).contains("Version 3 is damaged"));
    assert_eq!(on_hand(&past), "0");
    // The API still refuses the damaged record and serves the version before.
    desk.get(&path(id)).await.problem(500, "corrupt");
    assert_eq!(desk.get(&format!("{}?version=2", path(id))).await.ok()["version"], 2);
}

#[tokio::test]
async fn no_task_is_offered_if_the_newest_version_is_unknown() {
    let desk = TestDesk::new().await;
    let id = item(&desk, 4).await;
    let form = format!("/inventory/{id}?task=check-in");
    let before = desk.get(&form).await.text;
    assert!(before.contains("<dialog"));
    desk.tamper(id, 3, more).await;
    let desk = desk.again().await;

    let page = page(&desk, id, "?task=check-in").await;
    assert!(!page.text.contains("<dialog"));
    let tasks = between(&page.text, "class=\"tasks\"", "</ul>");
    assert_eq!(tasks.matches("<button").count(), tasks.matches("aria-disabled=\"true\"").count());
    let why = words(between(&page.text, "id=\"why-tasks\"", "</p>"));
    assert!(why.contains("Version 3 is damaged. No task is possible."), "{why}");

    let command_id = hidden(&before, "command_id");
    let fields = [("command_id", &*command_id), ("expected_version", "4"), ("quantity", "7")];
    let answer = send(&desk, &form, &fields).await;
    assert_eq!(answer.status, 500);
    assert!(alert(&answer).contains("Version 3 is damaged"));
    let dialog = words(between(&answer.text, "<dialog", "</dialog>"));
    assert!(
        dialog.contains("Not checked in") && dialog.contains("corrupt at version 3"),
        "{dialog}"
    );
}

#[tokio::test]
async fn an_unreadable_or_missing_version_is_named() {
    let desk = TestDesk::new().await;
    let (unreadable, missing, both) =
        (item(&desk, 5).await, item(&desk, 5).await, item(&desk, 5).await);
    desk.tamper(unreadable, 3, |_| "{".to_owned()).await;
    desk.remove(missing, 3).await;
    desk.remove(both, 3).await;
    desk.tamper(both, 4, |_| "{".to_owned()).await;
    for (id, problem) in [
        (unreadable, "Unexpected JSON"),
        (missing, "Version 3 is missing: version 4 stands in its place."),
        (both, "Version 3 is missing: version 4 stands in its place."),
    ] {
        for query in ["", "?version=4"] {
            let page = page(&desk, id, query).await;
            let alert = alert(&page);
            assert!(alert.contains("Version 3 is damaged"), "{alert}");
            assert!(alert.contains(problem), "{alert}");
            assert!(alert.contains("the record as of version 2"), "{alert}");
            let versions: Vec<_> =
                timeline(&page).into_iter().map(|(version, _)| version).collect();
            assert_eq!(versions, [2, 1]);
        }
    }
}

#[tokio::test]
async fn a_damaged_first_version_leaves_only_an_alert() {
    let desk = TestDesk::new().await;
    let (altered, unreadable, missing) =
        (item(&desk, 3).await, item(&desk, 3).await, item(&desk, 3).await);
    desk.tamper(altered, 1, |body| body.replace("Bolt", "Gold")).await;
    desk.tamper(unreadable, 1, |_| "{".to_owned()).await;
    desk.remove(missing, 1).await;
    for (id, problem) in
        [(altered, ALTERED), (unreadable, "unexpected JSON"), (missing, "version 1 is missing")]
    {
        for query in ["", "?version=2"] {
            let page = desk.get(&format!("/inventory/{id}{query}")).await;
            assert_eq!(page.status, 500);
            let alert = words(between(&page.text, "role=\"alert\"", "</div>"));
            assert!(alert.contains("The stored record is damaged"), "{alert}");
            assert!(alert.contains("Version 1 is damaged"), "{alert}");
            assert!(alert.contains(problem), "{alert}");
        }
    }
}

#[tokio::test]
async fn an_altered_version_below_a_snapshot_is_marked_and_never_folded() {
    let (desk, id) = long_item().await;
    desk.tamper(id, 5, more).await;
    let now = page(&desk, id, "").await;
    let alert_now = alert(&now);
    assert!(alert_now.contains("Version 5 is damaged"), "{alert_now}");
    assert!(alert_now.contains(&format!("Version 5 {ALTERED}.")), "{alert_now}");
    assert!(
        alert_now.contains("The current figures come from a later snapshot and are not affected"),
        "{alert_now}"
    );
    assert_eq!(on_hand(&now), "120");
    let check_in = between(&now.text, "id=\"task-check-in\"", ">");
    assert!(!check_in.contains("aria-disabled"), "{check_in}");
    let timeline = timeline(&now);
    assert_eq!(timeline.len(), 25);
    for (version, outcome) in timeline {
        let expected = match version {
            6.. => format!("+5 → {}", (version - 1) * 5),
            5 => "Damaged".to_owned(),
            2..=4 => "+5".to_owned(),
            _ => "0".to_owned(),
        };
        assert_eq!(outcome, expected, "version {version}");
    }

    for (version, as_of, figure) in [(3, None, "10"), (22, None, "105"), (5, Some(4), "15")]
        .into_iter()
        .chain([(7, Some(4), "15"), (SNAPSHOT_EVERY - 1, Some(4), "15")])
    {
        let past = page(&desk, id, &format!("?version={version}")).await;
        assert!(past.text.contains(&format!("Viewing version {version} of 25")));
        let alert = alert(&past);
        assert!(alert.contains("Version 5 is damaged"), "{version}: {alert}");
        if let Some(as_of) = as_of {
            assert!(alert.contains(&format!("the record as of version {as_of}")), "{alert}");
        } else {
            assert!(!alert.contains("as of version"), "{alert}");
        }
        assert_eq!(on_hand(&past), figure, "{version}");
    }
    // The earlier page does not contain the damaged version.
    let earlier = page(&desk, id, "?before=5").await;
    assert!(!earlier.text.contains("role=\"alert\""));
    assert_eq!(self::timeline(&earlier)[0], (4, "+5 → 15".to_owned()));
    let command = command(id, "CheckInItems", json!({ "quantity": 5 }));
    assert_eq!(desk.command(&command).await.status, 201);
}

#[tokio::test]
async fn an_unreadable_or_missing_version_below_a_snapshot_splits_the_timeline() {
    for (gone, problem) in
        [(true, "Version 5 is missing: version 6 stands in its place."), (false, "Unexpected JSON")]
    {
        let (desk, id) = long_item().await;
        if gone {
            desk.remove(id, 5).await;
        } else {
            desk.tamper(id, 5, |_| "{".to_owned()).await;
        }
        let now = page(&desk, id, "").await;
        assert!(alert(&now).contains(problem), "{}", alert(&now));
        let shown = timeline(&now);
        assert_eq!((shown.len(), shown.last()), (20, Some(&(6, "+5 → 25".to_owned()))));
        assert!(now.text.contains(&format!("href=\"/inventory/{id}?before=6\"")));
        let earlier = page(&desk, id, "?before=6").await;
        assert!(alert(&earlier).contains("Version 5 is damaged"));
        assert_eq!(timeline(&earlier)[0], (4, "+5 → 15".to_owned()));
        for version in [5, 9] {
            let past = page(&desk, id, &format!("?version={version}")).await;
            assert!(alert(&past).contains("the record as of version 4"), "{}", alert(&past));
            assert_eq!(on_hand(&past), "15");
        }
    }
}

/// Altering a version together with its hash breaks the chain at the next version.
#[tokio::test]
async fn a_resealed_version_breaks_the_chain_at_the_next_one() {
    let (desk, id) = long_item().await;
    reseal(&desk, id, 5, more).await;
    let page = page(&desk, id, "").await;
    let alert = alert(&page);
    assert!(alert.contains("Version 6 is damaged"), "{alert}");
    assert!(alert.contains("Version 6 does not chain to version 5."), "{alert}");
    let shown = timeline(&page);
    assert_eq!(shown[19], (6, "Damaged".to_owned()));
    assert_eq!(shown[20], (5, "+500".to_owned()), "its balance would be a lie");
}

/// A newer version of the program wrote a type of event that this one does not know.
#[tokio::test]
async fn a_history_of_a_newer_program_is_not_called_damaged() {
    let desk = TestDesk::new().await;
    let id = item(&desk, 4).await;
    reseal(&desk, id, 4, |body| body.replace("ItemsCheckedIn", "ItemsFrozen")).await;
    let desk = desk.again().await;
    let told = "A newer version of Daybook recorded version 4 of this record.";
    let check_in = command(id, "CheckInItems", json!({ "quantity": 1 }));
    for refused in [desk.get(&path(id)).await, desk.command(&check_in).await] {
        let problem = refused.problem(503, "newer-version");
        assert!(problem["detail"].as_str().unwrap().starts_with(told), "{problem}");
    }
    let page = desk.get(&format!("/inventory/{id}")).await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains(told), "{}", page.text);
    assert_eq!(desk.get(&format!("{}?version=3", path(id))).await.ok()["version"], 3);
    let found = desk.get(&format!("{}/verification", path(id))).await.ok();
    assert_eq!((&found["failed_at"], &found["reason"]), (&json!(4), &json!("schema-unknown")));
}

async fn reseal(desk: &TestDesk, id: Uuid, version: u64, change: impl Fn(&str) -> String) {
    let client = desk.intruder();
    desk.tamper(id, version, change).await;
    let key = [("pk", format!("{ITEM}#{id}")), ("sk", format!("{version:012}"))];
    let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
    let get = client.get_item().table_name("daybook").set_key(Some(key.into()));
    let mut item = get.send().await.unwrap().item.unwrap();
    let prev = Hash::from_slice(item["prev"].as_b().unwrap().as_ref()).unwrap();
    let body = item["body"].as_s().unwrap().clone();
    let hash = Hash::of_change_set(prev, &AggregateId::of::<InventoryItem>(id), version, &body);
    item.insert("hash".to_owned(), AttributeValue::B(Blob::new(hash.as_bytes().as_slice())));
    client.put_item().table_name("daybook").set_item(Some(item)).send().await.unwrap();
}

/// The browser requests this view as long as it has no replay.
#[tokio::test]
async fn the_view_tells_the_browser_which_versions_are_damaged() {
    let desk = TestDesk::new().await;
    let id = item(&desk, 4).await;
    desk.tamper(id, 3, more).await;
    let body =
        json!({ "aggregate": AggregateId::of::<InventoryItem>(id), "version": 4, "before": null })
            .to_string();
    let request =
        axum::http::Request::post("/ui/record").header("content-type", "application/json");
    let view = desk.send(request.body(body.into()).unwrap()).await.ok();
    assert_eq!((&view["now"]["version"], &view["viewed"]), (&json!(2), &json!(null)));
    assert_eq!(view["faults"][0]["version"], 3);
    let beyond: ChangeSet = serde_json::from_value(view["beyond"].clone()).unwrap();
    assert_eq!((beyond.version, beyond.is_unaltered()), (3, false));
}

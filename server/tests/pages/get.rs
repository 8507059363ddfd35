//! `GET` of every page.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tokio::task::JoinSet;

use crate::desk::{TestDesk, command, new_id};

/// The text between the first `from` and the next `to`.
#[track_caller]
pub(super) fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("no {from} in {text}"));
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

/// The page's heading, without the markers for hydration.
#[track_caller]
pub(super) fn heading(page: &str) -> &str {
    between(page, "<h1 tabindex=\"-1\" translate=\"no\"><bdi>", "</bdi>").trim_end_matches("<!>")
}

/// The text of the markup, without the tags.
pub(super) fn words(markup: &str) -> String {
    markup.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect()
}

/// One thread may still read the state of a page that another thread has finished with.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_are_complete_however_many_are_requested_at_once() {
    let desk = Arc::new(TestDesk::new().await);
    let id = desk.stocked(12).await;
    let mut asking = JoinSet::new();
    for _ in 0..8 {
        let desk = Arc::clone(&desk);
        asking.spawn(async move {
            for number in 0..40 {
                let query = ["", "?task=check-in", "?version=1"][number % 3];
                let page = desk.get(&format!("/inventory/{id}{query}")).await;
                assert_eq!(page.status, 200, "{}", page.text);
                assert_eq!(between(&page.text, "<title>", "</title>"), "Bolt M8 × 40 · Daybook");
            }
        });
    }
    while let Some(asked) = asking.join_next().await {
        asked.unwrap();
    }
}

/// A resource that is first polled while Leptos lists routes stays pending forever
/// (leptos-rs/leptos#4773).
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn pages_are_answered_while_another_router_is_built() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let (shared, done) = (Arc::new(desk.front.clone()), Arc::new(AtomicBool::new(false)));
    let building = tokio::task::spawn_blocking({
        let done = Arc::clone(&done);
        move || {
            while !done.load(Ordering::Relaxed) {
                let _router = server::pages::router(Arc::clone(&shared) as _, server::site::NONE);
            }
        }
    });
    for _ in 0..20 {
        let page = desk.get(&format!("/inventory/{id}")).await;
        if page.status != 200 {
            done.store(true, Ordering::Relaxed);
        }
        assert_eq!(page.status, 200, "{}", page.text);
    }
    done.store(true, Ordering::Relaxed);
    building.await.unwrap();
}

#[tokio::test]
async fn every_page_is_complete_without_javascript() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    for (path, title) in [
        ("/".to_owned(), "Daybook"),
        ("/inventory".to_owned(), "Inventory"),
        ("/inventory/new".to_owned(), "Create an item"),
        (format!("/inventory/{id}"), "Bolt"),
    ] {
        let page = desk.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(heading(&page.text).starts_with(title), "{path}: {}", heading(&page.text));
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
    let page = desk.get(&format!("/inventory/{id}")).await.text;
    assert!(page.contains("Checked in 12"), "{page}");
}

#[tokio::test]
async fn only_the_scripts_that_a_page_was_rendered_with_may_run() {
    let desk = TestDesk::new().await;
    let (one, other) = (desk.get("/inventory").await, desk.get("/nowhere").await);
    for page in [&one, &other] {
        let policy = page.header("content-security-policy");
        let nonce = between(policy, "'nonce-", "'");
        assert!(policy.contains("style-src 'self';") && !policy.contains("unsafe-inline"));
        let scripts = page.text.matches("<script").count()
            + page.text.matches("rel=\"modulepreload\"").count();
        assert!(scripts > 0);
        assert_eq!(page.text.matches(&format!("nonce=\"{nonce}\"")).count(), scripts);
        assert!(!page.text.contains(" style="), "an inline style would be refused");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    assert_ne!(one.header("content-security-policy"), other.header("content-security-policy"));
}

#[tokio::test]
async fn a_version_has_its_own_page() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let rename = command(id, "RenameInventoryItem", json!({ "name": "Screw" }));
    assert_eq!(desk.command(&rename).await.status, 201);

    let now = desk.get(&format!("/inventory/{id}")).await;
    assert_eq!(heading(&now.text), "Screw");
    let past = desk.get(&format!("/inventory/{id}?version=2")).await;
    assert_eq!(past.status, 200);
    assert!(heading(&past.text).starts_with("Bolt"));
    assert!(past.text.contains("Viewing version 2 of 3"));
    assert!(!past.text.contains("<dialog"), "a past version offers a task");
}

#[tokio::test]
async fn a_missing_page_has_the_status_that_says_so() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    for (path, status) in [
        ("/nowhere".to_owned(), 404),
        ("/inventory/nothing".to_owned(), 404),
        (format!("/inventory/{}", new_id()), 404),
        (format!("/inventory/{id}?version=3"), 404),
        (format!("/inventory/{id}?version=0"), 400),
        (format!("/inventory/{id}?version=-1"), 400),
        (format!("/inventory/{id}?version=abc"), 400),
    ] {
        let page = desk.get(&path).await;
        assert_eq!(page.status, status, "{path}");
        assert!(!heading(&page.text).is_empty());
        let main = between(&page.text, "<main", "</main>");
        assert!(!main.contains("inventory-item"), "the page shows the kind: {main}");
        if path.contains("version") {
            assert!(page.text.contains(&format!("href=\"/inventory/{id}\"")), "no way back to now");
        }
    }
}

#[tokio::test]
async fn a_missing_page_says_so_in_words() {
    let desk = TestDesk::new().await;
    let unknown = new_id();
    let item = desk.get(&format!("/inventory/{unknown}")).await.text;
    assert_eq!(heading(&item), "Item not found");
    assert!(!between(&item, "<main", "</main>").contains(&unknown.to_string()), "raw id shown");
    assert_eq!(heading(&desk.get("/nowhere").await.text), "Page not found");
}

#[tokio::test]
async fn an_unavailable_store_is_reported_with_its_status() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let desk = desk.without_its_store().await;
    let page = desk.get(&format!("/inventory/{id}?version=1")).await;
    assert_eq!(page.status, 503);
    assert_eq!(heading(&page.text), "The store does not answer");
    assert!(!page.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_task_has_a_page_with_its_form_open() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let page = desk.get(&format!("/inventory/{id}?task=remove")).await.text;
    let dialog = between(&page, "<dialog", "</dialog>");
    assert!(dialog.contains(" open") && dialog.contains("Remove items"), "{dialog}");
    assert!(!desk.get(&format!("/inventory/{id}?task=nonsense")).await.text.contains("<dialog"));
}

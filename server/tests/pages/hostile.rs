//! Texts that try to become markup.

use serde_json::json;

use super::forms::{hidden, send};
use super::get::between;
use crate::desk::{Answer, TestDesk, command, new_id};

/// The mark in every hostile text. Unescaped, each text would become an element or an attribute of
/// this name, or a comment.
const MARK: &str = "x-evil";
const HOSTILE: [&str; 6] = [
    "</title><x-evil>",
    "</script><x-evil>",
    "</textarea></option></select><x-evil>",
    "\" x-evil=\"",
    "' x-evil='",
    "<!--x-evil",
];

/// Asserts that the page has the mark only in text and in quoted values.
#[track_caller]
fn assert_harmless(place: &str, answer: &Answer) {
    for (name, value) in &answer.headers {
        let value = value.as_bytes();
        assert!(
            !value.windows(MARK.len()).any(|part| part == MARK.as_bytes()) || name == "location"
        );
    }
    let page = &answer.text;
    for (at, _) in page.match_indices(MARK) {
        let before = &page[..at];
        let context = &before[before.floor_char_boundary(before.len().saturating_sub(120))..];
        let raw = ["<", "</", "<!--"].iter().any(|opening| before.ends_with(opening));
        assert!(!raw, "{place}: markup in {context:?}");
        let is_in_tag = before.rfind('<') > before.rfind('>');
        // Every value on the pages is in double quotes.
        let breaks_out = before.ends_with("\" ");
        assert!(!(is_in_tag && breaks_out), "{place}: an attribute in {context:?}");
    }
}

#[tokio::test]
async fn no_user_input_becomes_markup() {
    for hostile in HOSTILE {
        let desk = TestDesk::new().await;
        let id = desk.item(json!({ "sku": hostile, "name": hostile, "unit": hostile })).await;
        for (task, data) in [
            ("CheckInItems", json!({ "quantity": 5, "reference": hostile })),
            ("AdjustStock", json!({ "counted": 4, "reason": hostile })),
            ("AdjustStock", json!({ "counted": 0, "reason": hostile })),
            ("DeactivateInventoryItem", json!({ "reason": hostile })),
            ("ReactivateInventoryItem", json!({})),
            ("RenameInventoryItem", json!({ "name": format!("{hostile} again") })),
        ] {
            let answer = desk.command(&command(id, task, data)).await;
            assert_eq!(answer.status, 201, "{task}: {}", answer.text);
        }
        let item = format!("/inventory/{id}");
        let query = serde_urlencoded::to_string([("search", hostile), ("task", hostile)]).unwrap();
        let tasks = ["check-in", "remove", "adjust", "rename", "deactivate"];
        let mut paths: Vec<_> = tasks.iter().map(|task| format!("{item}?task={task}")).collect();
        paths.extend((1..=7).map(|version| format!("{item}?version={version}")));
        for page in ["/", "/inventory", "/inventory/new", "/nowhere", &item] {
            paths.extend([page.to_owned(), format!("{page}?{query}")]);
        }
        for path in &paths {
            assert_harmless(path, &desk.get(path).await);
        }
        let page = desk.get("/inventory/new").await.text;
        let (command_id, new_id) = (hidden(&page, "command_id"), new_id().to_string());
        let fields = [
            ("command_id", command_id.as_str()),
            ("aggregate_id", &new_id),
            ("name", hostile),
            ("sku", hostile),
            ("unit", hostile),
            ("max_quantity", hostile),
        ];
        let refused = send(&desk, "/inventory/new", &fields).await;
        assert!(refused.text.contains(MARK), "{}", refused.text);
        assert_harmless("a refused form", &refused);
    }
}

#[tokio::test]
async fn a_title_shows_the_name_as_it_was_typed() {
    let desk = TestDesk::new().await;
    let name = "Nuts & <bolts> &amp; \u{201c}more\u{201d}";
    let id = desk.item(json!({ "sku": "N", "name": name, "unit": "pcs" })).await;
    for query in ["", "?version=1"] {
        let page = desk.get(&format!("/inventory/{id}{query}")).await.text;
        let title = between(&page, "<title>", "</title>");
        let escaped = "Nuts &amp; &lt;bolts&gt; &amp;amp; \u{201c}more\u{201d}";
        assert!(title.starts_with(escaped), "{title}");
    }
}

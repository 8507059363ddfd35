//! `POST` of the pages' forms, as a browser without JavaScript sends them.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use uuid::Uuid;

use super::get::{between, heading, words};
use crate::desk::{Answer, TestDesk, command, new_id};

pub(super) async fn send(desk: &TestDesk, path: &str, fields: &[(&str, &str)]) -> Answer {
    let body = serde_urlencoded::to_string(fields).unwrap();
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    desk.send(request.body(Body::from(body)).unwrap()).await
}

/// The value of a hidden field.
#[track_caller]
pub(super) fn hidden(page: &str, name: &str) -> String {
    let field = between(page, &format!("<input type=\"hidden\" name=\"{name}\" "), ">");
    between(field, "value=\"", "\"").to_owned()
}

async fn versions(desk: &TestDesk, id: Uuid) -> u64 {
    let state = desk.get(&format!("/api/v1/aggregates/inventory-item/{id}")).await;
    state.json()["version"].as_u64().unwrap()
}

#[tokio::test]
async fn a_form_creates_one_item_however_often_it_is_sent() {
    let desk = TestDesk::new().await;
    let page = desk.get("/inventory/new").await.text;
    let (command_id, id) = (hidden(&page, "command_id"), hidden(&page, "aggregate_id"));
    let fields = [
        ("command_id", command_id.as_str()),
        ("aggregate_id", &id),
        ("name", " Espresso "),
        ("sku", "COF"),
        ("unit", "bag"),
        ("max_quantity", ""),
    ];
    for _ in 0..2 {
        let answer = send(&desk, "/inventory/new", &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
        assert_eq!(answer.header("location"), format!("/inventory/{id}"));
    }
    let id = id.parse().unwrap();
    assert_eq!(versions(&desk, id).await, 1);
    assert_eq!(heading(&desk.get(&format!("/inventory/{id}")).await.text), "Espresso");
}

#[tokio::test]
async fn a_form_performs_a_task_once_however_often_it_is_sent() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let path = format!("/inventory/{id}?task=remove");
    let page = desk.get(&path).await.text;
    let (command_id, version) = (hidden(&page, "command_id"), hidden(&page, "expected_version"));
    let fields = [
        ("command_id", command_id.as_str()),
        ("expected_version", &version),
        ("quantity", "5"),
        ("reason", "sold"),
    ];
    for _ in 0..2 {
        let answer = send(&desk, &path, &fields).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, &*format!("/inventory/{id}"))
        );
    }
    assert_eq!(versions(&desk, id).await, 3);
}

#[tokio::test]
async fn a_count_that_agrees_is_recorded_without_a_reason() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(1_200).await;
    let path = format!("/inventory/{id}?task=adjust");
    let count = async |counted: &str| {
        let command_id = hidden(&desk.get(&path).await.text, "command_id");
        let fields = [("command_id", &*command_id), ("counted", counted), ("reason", "")];
        send(&desk, &path, &fields).await
    };
    let other = count("1,199").await;
    assert_eq!(other.status, 422);
    assert!(other.text.contains("Reason for the difference must not be blank."), "{}", other.text);
    assert_eq!(count("1,200").await.status, 303);
    assert_eq!(versions(&desk, id).await, 3);
    let page = desk.get(&format!("/inventory/{id}")).await.text;
    assert!(words(&page).contains("Counted 1,200, agrees"), "{page}");
}

#[tokio::test]
async fn a_refused_form_comes_back_with_the_reason_and_the_input() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let path = format!("/inventory/{id}?task=remove");
    let command_id = hidden(&desk.get(&path).await.text, "command_id");
    for (quantity, reason) in [
        ("13", "You asked for 13; only 12 are on hand."),
        ("0", "Quantity must be 1 to 1,000,000,000."),
        ("1.5", "Quantity must be a whole number, such as 1200 or 1,200."),
        ("", "Quantity must not be blank."),
    ] {
        let fields = [("command_id", &*command_id), ("quantity", quantity), ("reason", "lost")];
        let answer = send(&desk, &path, &fields).await;
        assert_eq!(answer.status, 422, "{quantity}");
        let dialog = between(&answer.text, "<dialog", "</dialog>");
        assert!(dialog.contains(reason), "{quantity}: {dialog}");
        assert!(dialog.contains(&format!("value=\"{quantity}\"")), "{quantity}: {dialog}");
        assert!(dialog.contains("<option value=\"lost\" selected"), "{dialog}");
        assert_ne!(hidden(&answer.text, "command_id"), command_id, "the outcome is known");
    }
    assert_eq!(versions(&desk, id).await, 2);
}

#[tokio::test]
async fn a_form_with_a_taken_sku_comes_back_with_a_link_to_its_item() {
    let desk = TestDesk::new().await;
    let holder = desk.item(json!({ "sku": "COF-1", "name": "Ristretto", "unit": "bag" })).await;
    let page = desk.get("/inventory/new").await.text;
    let (command_id, id) = (hidden(&page, "command_id"), hidden(&page, "aggregate_id"));
    let create = async |command_id: &str, sku: &str| {
        let fields = [
            ("command_id", command_id),
            ("aggregate_id", &id),
            ("name", "Espresso"),
            ("sku", sku),
            ("unit", "bag"),
        ];
        send(&desk, "/inventory/new", &fields).await
    };
    let answer = create(&command_id, "cof-1").await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let notice = between(&answer.text, "role=\"alert\"", "</div>");
    assert!(words(notice).contains("The SKU COF-1 is taken by Ristretto."), "{notice}");
    assert!(notice.contains(&format!("href=\"/inventory/{holder}\"")), "{notice}");
    let field = between(&answer.text, "id=\"sku\"", "</div>");
    assert!(field.contains("aria-invalid=\"true\""), "{field}");
    assert!(words(&answer.text).contains("Choose another SKU."), "{}", answer.text);
    assert!(!answer.text.contains("After this"), "{}", answer.text);
    for typed in ["cof-1", "Espresso", "bag"] {
        assert!(answer.text.contains(&format!("value=\"{typed}\"")), "{typed}");
    }
    assert_eq!(hidden(&answer.text, "aggregate_id"), id);
    let again = create(&hidden(&answer.text, "command_id"), "COF-2").await;
    assert_eq!(
        (again.status.as_u16(), again.header("location")),
        (303, &*format!("/inventory/{id}"))
    );
}

#[tokio::test]
async fn a_conflicting_form_says_who_did_what_and_can_be_sent_again() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let path = format!("/inventory/{id}?task=rename");
    let page = desk.get(&path).await.text;
    let theirs = command(id, "RenameInventoryItem", json!({ "name": "Theirs" }));
    assert_eq!(desk.command(&theirs).await.status, 201);

    let rename = async |page: &str| {
        let (command_id, version) = (hidden(page, "command_id"), hidden(page, "expected_version"));
        let fields =
            [("command_id", &*command_id), ("expected_version", &*version), ("name", "Mine")];
        send(&desk, &path, &fields).await
    };
    let answer = rename(&page).await;
    assert_eq!(answer.status, 409);
    let dialog = between(&answer.text, "<dialog", "</dialog>");
    for part in ["Tess renamed it to “Theirs”", "version 3", "Send it again"] {
        assert!(words(dialog).contains(part), "{part}: {dialog}");
    }
    assert!(dialog.contains("value=\"Mine\""), "{dialog}");
    assert_eq!(rename(&answer.text).await.status, 303);
    assert_eq!(heading(&desk.get(&format!("/inventory/{id}")).await.text), "Mine");
}

#[tokio::test]
async fn a_form_keeps_its_command_id_while_the_outcome_is_unknown() {
    let desk = TestDesk::new().await.without_its_store().await;
    let (command_id, id) = (new_id().to_string(), new_id().to_string());
    let fields = [
        ("command_id", command_id.as_str()),
        ("aggregate_id", &id),
        ("name", "Espresso"),
        ("sku", "COF"),
        ("unit", "bag"),
    ];
    let answer = send(&desk, "/inventory/new", &fields).await;
    assert_eq!(answer.status, 503);
    assert!(answer.text.contains("Try again; it cannot be recorded twice."));
    assert_eq!(hidden(&answer.text, "command_id"), command_id);
    assert_eq!(hidden(&answer.text, "aggregate_id"), id);
}

#[tokio::test]
async fn a_form_without_its_ids_is_refused() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let path = format!("/inventory/{id}?task=reactivate");
    assert_eq!(send(&desk, &path, &[]).await.status, 400);
    assert_eq!(send(&desk, "/inventory/new", &[("name", "x")]).await.status, 400);
    assert_eq!(versions(&desk, id).await, 2);
}

#[tokio::test]
async fn an_unparsable_expected_version_is_refused() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    let path = format!("/inventory/{id}?task=remove");
    for (version, status) in [("two", 400), ("-1", 400), ("1.0", 400), (" ", 303), ("2", 303)] {
        let command_id = new_id().to_string();
        let fields = [
            ("command_id", &*command_id),
            ("expected_version", version),
            ("quantity", "1"),
            ("reason", "sold"),
        ];
        let answer = send(&desk, &path, &fields).await;
        assert_eq!(answer.status, status, "{version}: {}", answer.text);
    }
    assert_eq!(versions(&desk, id).await, 4);
}

#[tokio::test]
async fn a_form_of_an_unknown_task_gets_a_page_that_says_so() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    for (path, status) in [
        (format!("/inventory/{id}?task=nonsense"), 400),
        (format!("/inventory/{id}?task=create"), 400),
        (format!("/inventory/{id}"), 400),
        (format!("/inventory/{}?task=nonsense", new_id()), 400),
        ("/inventory/nothing?task=remove".to_owned(), 404),
    ] {
        let answer = send(&desk, &path, &[("quantity", "1")]).await;
        assert_eq!(answer.status, status, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        assert!(!heading(&answer.text).is_empty(), "{path}");
    }
    let twice = send(&desk, &format!("/inventory/{id}?task=remove&task=rename"), &[]).await;
    twice.problem(400, "malformed");
}

#[tokio::test]
async fn a_field_that_appears_twice_is_refused() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    for path in ["/inventory/new".to_owned(), format!("/inventory/{id}?task=remove")] {
        let fields = [("quantity", "1"), ("reason", "sold"), ("quantity", "12")];
        let problem = send(&desk, &path, &fields).await.problem(400, "malformed");
        assert_eq!(problem["detail"], "the field `quantity` appears twice");
    }
}

#[tokio::test]
async fn a_body_that_is_not_a_form_is_refused_with_a_problem() {
    let desk = TestDesk::new().await;
    let id = desk.stocked(12).await;
    for path in ["/inventory/new".to_owned(), format!("/inventory/{id}?task=remove")] {
        for content_type in ["multipart/form-data; boundary=x", "text/plain", "application/json"] {
            let request = Request::post(&path)
                .header("content-type", content_type)
                .header("sec-fetch-site", "same-origin");
            let answer = desk.send(request.body(Body::from("quantity=1")).unwrap()).await;
            answer.problem(415, "unsupported-media-type");
        }
    }
}

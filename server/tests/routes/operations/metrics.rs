//! The labels of metrics. The values belong to the whole process, so `process::run` checks them, on
//! a process with one server.

use crate::desk::TestDesk;

#[tokio::test]
async fn a_made_up_name_does_not_become_a_label() {
    let desk = TestDesk::new().await;
    let id = crate::desk::new_id();
    for (kind, name) in [("made-up-kind", "CheckInItems"), ("inventory-item", "MadeUpCommand")] {
        let mut request = crate::desk::command(id, name, serde_json::json!({}));
        request["aggregate"]["kind"] = kind.into();
        desk.command(&request).await;
    }
    let metrics = desk.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4");
    assert!(metrics.text.contains("daybook_commands_total{kind=\"unknown\""), "{}", metrics.text);
    assert!(!metrics.text.to_lowercase().contains("made"), "{}", metrics.text);
}

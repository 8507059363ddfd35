//! Liveness and readiness.

use serde_json::json;

use crate::desk::TestDesk;

#[tokio::test]
async fn a_server_is_ready_when_its_store_answers_and_its_lists_are_complete() {
    let desk = TestDesk::new().await;
    assert_eq!(desk.get("/readyz").await.ok(), json!({ "status": "ready" }));
}

#[tokio::test]
async fn a_server_is_alive_but_not_ready_while_it_catches_up() {
    let desk = TestDesk::with_lists(false).await;
    assert_eq!(desk.get("/healthz").await.ok(), json!({ "status": "alive" }));
    let answer = desk.get("/readyz").await;
    answer.problem(503, "unavailable");
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test]
async fn a_server_is_alive_but_not_ready_without_its_store() {
    let desk = TestDesk::new().await.without_its_store().await;
    desk.get("/healthz").await.ok();
    desk.get("/readyz").await.problem(503, "unavailable");
}

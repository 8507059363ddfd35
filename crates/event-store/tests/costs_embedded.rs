//! The costs, on the embedded engine, which counts as DynamoDB does.
#![expect(clippy::unwrap_used, reason = "tests")]

mod costs;
mod histories;

use std::sync::Arc;

use event_store::embedded::Embedded;
use event_store::objects::MemoryObjects;

#[tokio::test]
async fn of_commands() {
    let embedded = Embedded::in_memory().unwrap();
    costs::of_commands(&embedded.client()).await;
}

#[tokio::test]
async fn of_a_beginning() {
    let embedded = Embedded::in_memory().unwrap();
    costs::of_a_beginning(&embedded.client()).await;
}

#[tokio::test]
async fn of_a_busy_aggregate() {
    let embedded = Embedded::in_memory().unwrap();
    costs::of_a_busy_aggregate(&embedded.client()).await;
}

#[tokio::test]
async fn of_a_cold_command() {
    let embedded = Embedded::in_memory().unwrap();
    costs::of_a_cold_command(&embedded.client()).await;
}

#[tokio::test]
async fn of_a_conflict() {
    let embedded = Embedded::in_memory().unwrap();
    costs::of_a_conflict(&embedded.client()).await;
}

#[tokio::test]
async fn of_loads() {
    let embedded = Embedded::in_memory().unwrap();
    costs::of_loads(&embedded.client()).await;
}

#[tokio::test]
async fn of_a_long_history() {
    let embedded = Embedded::in_memory().unwrap();
    costs::of_a_long_history(&embedded.client()).await;
}

#[tokio::test]
async fn of_a_transaction() {
    let embedded = Embedded::in_memory().unwrap();
    costs::of_a_transaction(&embedded.client()).await;
}

#[tokio::test]
async fn of_a_large_body() {
    let embedded = Embedded::in_memory().unwrap();
    costs::of_a_large_body(&embedded.client(), Arc::new(MemoryObjects::default())).await;
}

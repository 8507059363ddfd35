//! The costs, on the embedded engine, which counts as DynamoDB does.

use std::sync::Arc;

use event_store::embedded::Embedded;
use event_store::objects::MemoryObjects;

use crate::costs::{self, On};

#[tokio::test]
async fn of_commands() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_commands(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn of_a_beginning() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_beginning(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn of_a_busy_aggregate() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_busy_aggregate(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn of_a_cold_command() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_cold_command(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn of_a_conflict() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_conflict(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn of_loads() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_loads(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn of_a_long_history() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_long_history(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn of_a_transaction() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_transaction(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn of_a_large_body() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_large_body(&On::embedded(&embedded), Arc::new(MemoryObjects::default())).await;
}

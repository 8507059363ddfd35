//! The costs on the embedded engine, which counts as DynamoDB does.

use std::sync::Arc;

use event_store::embedded::Embedded;
use event_store::objects::MemoryObjects;

use crate::costs::{self, On};

#[tokio::test]
async fn a_steady_command_costs_one_put() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_commands(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn a_command_that_begins_an_aggregate_costs_no_read() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_beginning(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn a_busy_aggregate_costs_no_reads() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_busy_aggregate(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn a_cold_command_costs_one_query_and_one_put() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_cold_command(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn a_conflict_costs_one_failed_put() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_conflict(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn a_load_costs_one_query_at_any_length() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_loads(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn a_long_history_costs_no_more_to_load_than_a_short_one() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_long_history(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn a_transaction_costs_one_request_and_twice_the_units() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_transaction(&On::embedded(&embedded)).await;
}

#[tokio::test]
async fn a_large_body_costs_one_object_and_one_unit() {
    let embedded = Arc::new(Embedded::in_memory().unwrap());
    costs::of_a_large_body(&On::embedded(&embedded), Arc::new(MemoryObjects::default())).await;
}

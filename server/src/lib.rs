//! The host of Daybook: it wires store, read model and screens into one process.

// The type of a page is as deep as its view.
#![recursion_limit = "512"]

pub mod aggregates;
mod ahead;
pub mod commands;
pub mod config;
pub mod connections;
pub mod desk;
mod failure;
pub mod http;
pub mod live;
pub mod open;
mod openapi;
pub mod pages;
mod problems;
mod progress;
mod retrying_store;
pub mod routes;
pub mod sample;
pub mod site;
mod stop;
pub mod telemetry;
mod transfer;
mod walk;

pub use commands::run;
pub use desk::FrontDesk;
pub use failure::Failure;
pub use live::Live;
pub use routes::{Host, router};

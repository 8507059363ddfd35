//! The server from outside: `routes` tests its routes, and `process` tests its process.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests"
)]

mod connections;
mod deploy;
mod desk;
mod dynamodb;
mod nodes;
mod pages;
mod process;
mod routes;
mod sample;
mod soak;

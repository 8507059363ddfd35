//! All integration tests of the crate except `spans`, in one binary. The AWS SDK is linked once,
//! not once per file.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests"
)]

mod append_outcomes;
mod chain;
mod command_index;
mod conformance;
mod costs;
mod costs_embedded;
mod dying;
mod embedded;
mod evolution;
mod examples;
mod faults;
mod feed;
mod handler;
mod handover;
mod heads;
mod histories;
mod items;
mod limits;
mod ministack;
mod model;
mod object_contract;
mod objects;
mod order;
mod overflow;
mod replay;
mod stale_reads;
mod stream;
mod streams;
mod table;
mod transaction_outcomes;
mod upcast;

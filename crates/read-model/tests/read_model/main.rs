//! Tests of the read model from outside: change sets in, rows out.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod applying;
mod catching_up;
mod faulty_store;
mod files;
mod histories;
mod listing;
mod opening;
mod projecting;
mod shop;

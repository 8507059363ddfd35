//! The `daybook verify` command: checks that everything in the store is as it was written.

mod feed;
mod notes;
mod report;
mod root;
mod verify;
mod walk;

pub use root::Root;
pub use verify::verify;
pub(crate) use walk::{Found, Walk};

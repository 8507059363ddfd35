//! The lines of an export: one change set each, as JSON (JSON Lines). The body is the exact hashed
//! text, so that every hash stays the same.

mod blocking_thread;
mod deciding;
mod lines;

pub(crate) use blocking_thread::on_own_thread;
pub(crate) use deciding::Deciding;
pub(crate) use lines::{LineError, Lines, Written};

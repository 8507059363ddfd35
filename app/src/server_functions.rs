//! The server functions that the browser calls.
//!
//! Each is thin: it takes the desk from its context and returns the desk's answer, with the HTTP
//! status of a problem.

mod change_sets;
mod list;
mod record;
mod sample;
mod submit_command;

pub use change_sets::change_sets;
pub use list::list;
pub use record::record;
pub use sample::{load_sample, sample_progress};
pub use submit_command::submit_command;

#[cfg(feature = "ssr")]
mod host;

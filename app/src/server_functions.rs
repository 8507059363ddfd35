//! What the browser asks of the server. Thin: each takes the desk from its context and passes on what it
//! says, with the status of the problem if it is one.

mod change_sets;
mod item;
mod json;
mod list_items;
mod sample;
mod submit_command;

pub use change_sets::change_sets;
pub use item::item;
pub use json::Text;
pub use list_items::list_items;
pub use sample::{load_sample, sample_progress};
pub use submit_command::submit_command;

#[cfg(feature = "ssr")]
mod host;

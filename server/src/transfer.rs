//! Export and import of all change sets, byte for byte: one change set a line, as JSON (JSON
//! Lines). The body is the exact hashed text, so that every hash stays the same.

mod apart;
mod deciding;
mod export;
mod import;
mod lines;

pub use export::export;
pub use import::import;
pub use lines::LineError;

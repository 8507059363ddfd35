//! Taking all change sets out of a store and into another, byte for byte: one change set a line, as JSON
//! (JSON Lines). The body is the exact hashed text, so that every hash is the same there as here.

mod apart;
mod deciding;
mod export;
mod import;
mod lines;

pub use export::export;
pub use import::import;
pub use lines::LineError;

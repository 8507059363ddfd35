//! What the business knows: commands, events, `decide` and `evolve`.
//!
//! Pure: no clock, no randomness, no I/O. Server and browser run this very code, so that what the
//! screen foresees is what the server decides.

pub mod figures;
pub mod folding;
pub mod inventory_item;
pub mod limits;
pub mod sku;

pub use inventory_item::InventoryItem;
pub use sku::Sku;

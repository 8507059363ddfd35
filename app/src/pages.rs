//! The pages, one per address.

mod create_item;
mod home;
mod inventory;
mod item;
mod not_found;

pub use create_item::CreateItemPage;
pub use home::HomePage;
pub use inventory::InventoryPage;
pub use item::ItemPage;
pub use not_found::NotFoundPage;

use leptos::prelude::use_context;

use crate::views::FormOutcome;

/// Returns the outcome of the posted form that this page answers, if any.
///
/// The server reads it while it fetches a resource; the browser receives it with that resource.
fn posted() -> Option<FormOutcome> {
    use_context()
}

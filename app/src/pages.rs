//! One page an address.

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

/// What became of the form that this page is the answer to, if it is one. Read while a resource is
/// fetched, on the server; the browser gets it with the resource.
fn posted() -> Option<FormOutcome> {
    use_context()
}

//! The pages, one per address.

mod create;
mod home;
mod list;
mod not_found;
mod record;

pub use create::CreatePage;
pub use home::HomePage;
pub use list::ListingPage;
pub use not_found::NotFoundPage;
pub use record::RecordPage;

use leptos::prelude::use_context;

use crate::views::FormOutcome;

/// Returns the outcome of the posted form that this page answers, if any.
///
/// The server reads it while it fetches a resource; the browser receives it with that resource.
fn posted() -> Option<FormOutcome> {
    use_context()
}

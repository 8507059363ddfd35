//! The kinds of records that have pages, one folder each, and the registry by which the generic
//! pages find them.

pub mod inventory_item;
pub mod location;

use domain::{InventoryItem, Location};

use crate::kind::{KindRef, Of};
use crate::listing::Listing;

/// All kinds of records that have pages, in the order of the navigation. A new user begins with the
/// first one.
pub static KINDS: [KindRef; 2] = [&Of::<InventoryItem>::new(), &Of::<Location>::new()];

/// Returns the lists of all kinds, in the order of the navigation.
pub fn listings() -> impl Iterator<Item = &'static Listing> {
    KINDS.iter().map(|kind| kind.screen().listing)
}

/// Returns the list that a new user begins with.
pub fn first_listing() -> &'static Listing {
    KINDS[0].screen().listing
}

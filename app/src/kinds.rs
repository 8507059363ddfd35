//! The kinds of records that have pages, one folder each, and the registries by which the generic
//! pages find them.

pub mod inventory_item;

use domain::InventoryItem;

use crate::kind::{KindRef, Of};
use crate::listing::Listing;

/// All kinds of records that have pages.
pub static KINDS: [KindRef; 1] = [&Of::<InventoryItem>::new()];

/// The lists, in the order of the navigation. A new user begins with the first one.
pub static LISTINGS: [&Listing; 1] = [&inventory_item::listing::LISTING];

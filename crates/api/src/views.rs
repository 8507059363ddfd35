use domain::inventory_item::InventoryItemRow;
use event_store::Version;
use serde::{Deserialize, Serialize};

/// A page of the list of items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemPage {
    /// The rows.
    pub rows: Vec<InventoryItemRow>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
    /// The total number of items that the search finds.
    pub total: u64,
}

/// The progress of loading the sample company, in change sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleProgress {
    /// `true` while a load is running.
    pub running: bool,
    /// The number loaded so far.
    pub done: u64,
    /// The total number.
    pub total: u64,
}

/// A damaged version: the stored change set is not what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The version.
    pub version: Version,
    /// The damage.
    pub problem: String,
}

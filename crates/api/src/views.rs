use domain::list::Row;
use event_store::Version;
use serde::{Deserialize, Serialize};

use crate::StateJson;

/// A row of a list of any kind.
pub type ListRow = Row<StateJson>;

/// A page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPage {
    /// The rows.
    pub rows: Vec<ListRow>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
    /// The total number of records that the search finds.
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

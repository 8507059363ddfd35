//! What the screens are given to show, beside the domain's own types.

use domain::InventoryItem;
use domain::inventory_item::InventoryItemRow;
use event_store::wire::{AggregateState, CommandAccepted};
use event_store::{ChangeSet, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::problem::Problem;
use crate::task_form::Fields;

/// A page of the list of items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemPage {
    /// The rows.
    pub rows: Vec<InventoryItemRow>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<String>,
    /// How many items there are in all that the search finds.
    pub total: u64,
}

/// How far loading the sample company is, in change sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SampleProgress {
    /// Whether it is being loaded now.
    pub running: bool,
    /// Done so far.
    pub done: u64,
    /// In all.
    pub total: u64,
}

/// A version that does not hold: what stands in its place is not what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Which.
    pub version: Version,
    /// What is wrong with it.
    pub problem: String,
}

/// An item as of a version, as far as its history holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// As of that version; where that rests on one that does not hold, as of the one before.
    pub item: AggregateState<InventoryItem>,
    /// What is wrong, where that is so.
    pub fault: Option<Fault>,
}

/// One item as its page first shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ItemView {
    /// As it is now; where a version does not hold that this rests on, as of the one before.
    pub now: AggregateState<InventoryItem>,
    /// As it was at the version asked for, when that is not the newest.
    pub viewed: Option<Viewed>,
    /// A part of its history, ascending, without a hole.
    pub change_sets: Vec<ChangeSet>,
    /// How many were on hand after the last of them, where that does not rest on a version that does not
    /// hold.
    pub on_hand: Option<i64>,
    /// The state before the first of them, if that is not version 1 and the state holds.
    pub before: Option<InventoryItem>,
    /// What stands in the place of the version after `now`, where that does not hold and can be read.
    pub beyond: Option<ChangeSet>,
    /// The versions that were found not to hold on the way. What `change_sets` say of themselves is not
    /// among it.
    pub faults: Vec<Fault>,
}

/// A version that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewed {
    /// Which.
    pub version: Version,
    /// The item as of that version, or as of the last before that holds.
    pub item: AggregateState<InventoryItem>,
}

/// Which part of a history to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HistoryPage {
    /// What is newer than a version, oldest first.
    After(Version),
    /// What is older than a version, newest first.
    Before(Version),
}

/// What became of a command. A rejection or a conflict is an answer, not a failure: it comes with
/// status 200 so that a browser does not call it an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Submitted {
    /// It is durable.
    Accepted {
        /// What it became.
        accepted: CommandAccepted,
        /// What is newer than the version in view, the command's own change set included.
        change_sets: Vec<ChangeSet>,
    },
    /// Another command of its id is durable: what the same form said before.
    TakenBefore {
        /// What that became.
        version: Version,
        /// What is newer than the version in view, that change set included.
        change_sets: Vec<ChangeSet>,
    },
    /// The rules or another person's change stand against it.
    Refused(Problem),
}

/// What became of a form that was posted without JavaScript, where that was not what was asked for.
/// The page is rendered again with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormOutcome {
    /// The task's slug.
    pub task: String,
    /// What was typed.
    pub fields: Fields,
    /// The command id to send next: the same one while the outcome is unknown.
    pub command_id: Uuid,
    /// The id of the aggregate, where the form made it.
    pub aggregate_id: Uuid,
    /// What stood against it.
    pub problem: Problem,
}

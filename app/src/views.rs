//! The data that the screens show, besides the domain's own types.

use api::wire::{AggregateState, CommandAccepted};
use api::{Fault, ListPage, Problem, StateJson};
use event_store::{AggregateId, ChangeSet, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::task_form::Fields;

/// A record as its page first shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordView {
    /// The current state, or if that rests on a damaged version, the state before it.
    pub now: AggregateState<StateJson>,
    /// The state at the requested version, if that is not the newest.
    pub viewed: Option<Viewed>,
    /// A part of the history, ascending and contiguous.
    pub change_sets: Vec<ChangeSet>,
    /// The state after the last of them, unless it rests on a damaged version.
    pub after: Option<StateJson>,
    /// The state before the first of them, if that is not version 1 and the state is undamaged.
    pub before: Option<StateJson>,
    /// The damaged change set after `now`, if it can be read.
    pub beyond: Option<ChangeSet>,
    /// The records of other kinds that the tasks may name.
    pub others: Vec<OtherRecord>,
    /// The first records that refer to this one, if its page lists them and the list can be read.
    pub contents: Option<ListPage>,
    /// The damaged versions that were found on the way, without what `change_sets` themselves
    /// reveal.
    pub faults: Vec<Fault>,
}

/// A record of another kind, as a choice in a form and as a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherRecord {
    /// The record.
    pub aggregate: AggregateId,
    /// Its name.
    pub name: String,
    /// `true` if a task may name it.
    pub is_in_use: bool,
}

/// A requested version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Viewed {
    /// The version.
    pub version: Version,
    /// The state as of that version, or as of the last undamaged one before it.
    pub record: AggregateState<StateJson>,
}

/// The part of a history to fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HistoryPage {
    /// The change sets after a version, oldest first.
    After(Version),
    /// The change sets before a version, newest first.
    Before(Version),
}

/// The outcome of a command. A rejection or a conflict is an answer, not a failure: it has status
/// 200, so that a browser does not report an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Submitted {
    /// The command is durable.
    Accepted {
        /// The accepted command, with its version.
        accepted: CommandAccepted,
        /// The change sets after the version that the page knew, including the command's own.
        change_sets: Vec<ChangeSet>,
    },
    /// Another command with the same id is durable: an earlier submission of the form.
    TakenBefore {
        /// The version of that command.
        version: Version,
        /// The change sets after the version that the page knew, including that command's.
        change_sets: Vec<ChangeSet>,
    },
    /// The rules or another user's change refuse the command.
    Refused(Problem),
}

/// The outcome of a form that was posted without JavaScript, if it did not succeed. The page is
/// rendered again with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormOutcome {
    /// The task's slug.
    pub task: String,
    /// The input.
    pub fields: Fields,
    /// The command id to send next, which stays the same while the outcome is unknown.
    pub command_id: Uuid,
    /// The id of the aggregate, if the form made it.
    pub aggregate_id: Uuid,
    /// The reason for the failure.
    pub problem: Problem,
}

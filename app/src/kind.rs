//! The seam between the generic screens and the code of one kind of record.
//!
//! A kind implements [`Presentation`] for its state, with its own types. The screens know only
//! [`RecordKind`] and [`RecordState`], in which these types are erased, so they are compiled once
//! for all kinds.

mod adapter;
mod presentation;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use api::wire::Command;
use api::{Problem, StateJson};
use domain::kind::Place;
use event_store::{AggregateId, ChangeSet, DecodeError, ReplayError, Verification, Version};
use leptos::prelude::AnyView;
use uuid::Uuid;

pub use adapter::Of;
#[cfg(test)]
pub(crate) use adapter::erased;
pub(crate) use adapter::{refusal, state};
pub use presentation::{
    Contents, Fact, Figure, Header, Measure, Mention, Presentation, Screen, Share,
};

use crate::chart::Level;
use crate::task_form::{FieldProblem, Fields, TaskForm, Verdict};

/// A kind of record, as the screens refer to it.
pub type KindRef = &'static dyn RecordKind;

/// A kind of record, with its types erased.
pub trait RecordKind: Send + Sync + fmt::Debug {
    /// Returns the name of the kind in the store.
    fn name(&self) -> &'static str;

    /// Returns the texts and addresses of its pages.
    fn screen(&self) -> &'static Screen;

    /// Returns all tasks, those of the record's page in display order.
    fn tasks(&self) -> Vec<RecordTask>;

    /// Returns the aggregate with this id.
    fn aggregate(&self, id: Uuid) -> AggregateId;

    /// Returns the state of a record that does not exist yet.
    fn nothing(&self) -> RecordState;

    /// Decodes a state.
    ///
    /// # Errors
    /// The state does not have the shape that this program knows.
    fn decode(&self, state: &StateJson) -> Result<RecordState, serde_json::Error>;

    /// Builds the replay of a whole history.
    ///
    /// # Errors
    /// The first version that cannot be read.
    fn replay(&self, whole: &[ChangeSet]) -> Result<Box<dyn RecordReplay>, ReplayError>;

    /// Describes a change set.
    ///
    /// # Errors
    /// Its events cannot be read.
    fn tell(&self, change_set: &ChangeSet) -> Result<Told, DecodeError>;

    /// Verifies a whole history: its chain, and every command decided again.
    fn verify(&self, id: Uuid, whole: &[ChangeSet]) -> Verification;

    /// Converts the fields of a task's form to a command.
    ///
    /// # Errors
    /// The first field that cannot be read.
    fn command(&self, task: RecordTask, fields: &Fields) -> Result<Command, FieldProblem>;

    /// Explains a problem that only this kind knows, in place of the problem's own text.
    fn explain(&self, problem: &Problem) -> Option<AnyView>;

    /// Returns the field that keeps causing a problem, as long as the form is what it is.
    fn objection(&self, problem: &Problem, fields: &Fields) -> Option<FieldProblem>;
}

impl dyn RecordKind {
    /// Returns the task with this slug.
    pub fn task(&self, slug: &str) -> Option<RecordTask> {
        self.tasks().into_iter().find(|task| task.slug == slug)
    }

    /// Returns the task that creates a record.
    pub fn creation(&self) -> Option<RecordTask> {
        self.tasks().into_iter().find(|task| task.place == Place::OwnPage)
    }
}

impl PartialEq for dyn RecordKind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

/// The state of a record, with its type erased. Cheap to clone.
#[derive(Clone)]
pub struct RecordState(Arc<dyn ErasedState>);

impl Deref for RecordState {
    type Target = dyn ErasedState;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl PartialEq for RecordState {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&*other.0)
    }
}

impl fmt::Debug for RecordState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The operations of a state of any kind; each calls the method of [`Presentation`] with the same
/// purpose.
pub trait ErasedState: fmt::Debug + Send + Sync {
    /// Returns the name by which people know the record.
    fn name(&self) -> String;
    /// Returns the facts under the name.
    fn header(&self) -> Header;
    /// Returns the figures, in the order of [`Screen::figures`].
    fn figures(&self) -> Vec<Figure>;
    /// Returns the charted measure and its limits; `None` if the kind has no measure.
    fn level(&self) -> Option<Level>;
    /// Returns the parts of the measure, if it is divided among other records.
    fn shares(&self) -> Vec<Share>;
    /// Returns the unit of the measure; blank if none.
    fn unit(&self) -> String;
    /// Returns the task to suggest first.
    fn lead(&self) -> Option<RecordTask>;
    /// Returns the reason for which no task but the suggested one is possible.
    fn standstill(&self) -> Option<&'static str>;
    /// Returns whether the task is listed.
    fn offers(&self, task: RecordTask) -> bool;
    /// Checks whether a task could be performed now with some input.
    ///
    /// # Errors
    /// The domain's reason why not.
    fn allows(&self, task: RecordTask) -> Result<(), Refusal>;
    /// Returns the input of a form that is just opened.
    fn initial(&self, task: RecordTask) -> Fields;
    /// Decides the form's command on this state, with the server's own `decide`.
    fn preflight(&self, task: RecordTask, fields: &Fields) -> Verdict;
    /// Returns the state after a change set.
    ///
    /// # Errors
    /// Its events cannot be read.
    fn after(&self, change_set: &ChangeSet) -> Result<RecordState, DecodeError>;
    /// Announces a change set that led to this state.
    fn announce(&self, change_set: &ChangeSet) -> Option<String>;
    /// Returns whether both states are equal.
    fn is_same(&self, other: &dyn ErasedState) -> bool;
    /// Returns the state itself.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// The replay of a record's history.
pub trait RecordReplay: Send + Sync + fmt::Debug {
    /// Returns the state as of a version.
    fn at(&self, version: Version) -> RecordState;
    /// Returns the levels of all versions, ascending.
    fn levels(&self) -> Vec<Level>;
    /// Adds the next version.
    ///
    /// # Errors
    /// Its events cannot be read.
    fn push(&mut self, change_set: &ChangeSet) -> Result<(), DecodeError>;
}

/// A task of some kind of record.
#[derive(Clone, Copy, Debug)]
pub struct RecordTask {
    /// The name in URLs.
    pub slug: &'static str,
    /// The name on buttons and dialogs.
    pub title: &'static str,
    /// The place where the task is offered.
    pub place: Place,
    /// Its form.
    pub form: &'static TaskForm,
}

impl PartialEq for RecordTask {
    fn eq(&self, other: &Self) -> bool {
        self.slug == other.slug
    }
}

/// A rejection by the domain.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The domain's own words, by which the server's answer is recognized.
    pub detail: String,
    /// A sentence for the person.
    pub sentence: String,
    /// The task that would make the rejected one possible.
    pub unblocked_by: Option<RecordTask>,
}

/// A change set in words and figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The sentences of its events; `None` without events.
    pub sentence: Option<String>,
    /// The same, to follow the name of the person who caused it.
    pub story: String,
    /// The other records that its events are about.
    pub mentions: Vec<Mention>,
    /// The symbol.
    pub icon: &'static str,
    /// The change of the measure.
    pub delta: i64,
    /// `true` if the change set is about the measure, even if it leaves it as it was.
    pub is_movement: bool,
    /// `true` if the sentence contains the reason.
    pub says_reason: bool,
}

/// A record's kind and id, and so its address.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef {
    /// The kind.
    pub kind: KindRef,
    /// The id.
    pub id: Uuid,
}

impl RecordRef {
    /// Returns the address of the record's page.
    pub fn href(&self) -> String {
        format!("{}/{}", self.kind.screen().listing.path, self.id)
    }

    /// Returns the permalink of a version.
    pub fn version_href(&self, version: Version) -> String {
        format!("{}?version={version}", self.href())
    }

    /// Returns the aggregate.
    pub fn aggregate(&self) -> AggregateId {
        self.kind.aggregate(self.id)
    }
}

impl PartialEq for RecordRef {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.id == other.id
    }
}

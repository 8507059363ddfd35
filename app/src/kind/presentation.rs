use api::{Problem, StateJson};
use domain::Kind;
use domain::limits::OutOfLimits;
use event_store::AggregateId;
use leptos::prelude::AnyView;
use uuid::Uuid;

use crate::chart::Level;
use crate::listing::Listing;
use crate::task_form::{FieldProblem, Fields, Input, TaskForm};

/// The presentation of one kind of record: its words, its forms and its figures.
///
/// All methods are pure: no clock, no locale.
pub trait Presentation: Kind + PartialEq {
    /// The texts and addresses of the pages.
    const SCREEN: Screen;

    /// Returns the form of a task.
    fn form(task: Self::Task) -> &'static TaskForm;

    /// Converts the input of a task's form to a command.
    ///
    /// The domain decides whether the command is valid: only input that cannot be read as a command
    /// is a problem here.
    ///
    /// # Errors
    /// The first field that is missing or cannot be read.
    fn parse(task: Self::Task, input: &Input<'_>) -> Result<Self::Command, FieldProblem>;

    /// Returns the input of a task's form that is just opened.
    fn initial(&self, _task: Self::Task) -> Fields {
        Fields::default()
    }

    /// Returns the facts under the name.
    fn header(&self) -> Header;

    /// Returns the figures, in the order of [`Screen::figures`].
    fn figures(&self) -> Vec<Figure> {
        Vec::new()
    }

    /// Returns the charted measure and its limits; `None` if the kind has no measure.
    fn level(&self) -> Option<Level> {
        None
    }

    /// Returns the parts of the measure, if it is divided among other records.
    fn shares(&self) -> Vec<Share> {
        Vec::new()
    }

    /// Returns the unit of the measure; blank if none.
    fn unit(&self) -> &str {
        ""
    }

    /// Returns the task to suggest first.
    fn lead(&self) -> Option<Self::Task> {
        None
    }

    /// Returns the reason for which no task but the suggested one is possible.
    fn standstill(&self) -> Option<&'static str> {
        None
    }

    /// Returns whether the task is listed, possible or not. Of two opposite tasks, one is.
    fn offers(&self, _task: Self::Task) -> bool {
        true
    }

    /// Returns the limit that the rejection is about, if it is about a field.
    fn limit(rejection: &Self::Rejection) -> Option<&OutOfLimits>;

    /// Formats a rejection as a sentence: `You asked for 12; only 10 are on hand.`
    fn refusal(rejection: &Self::Rejection) -> String;

    /// Describes the state after the event: `52 on hand, room for 8 more`.
    fn effect(event: &Self::Event, after: &Self) -> String;

    /// Returns the sentence of an event in the timeline: `Checked in 12 · PO 1182`.
    fn sentence(event: &Self::Event) -> String;

    /// Returns whether the sentence of an event contains the reason of its change set.
    fn says_reason(_event: &Self::Event) -> bool {
        false
    }

    /// Describes an event, to follow the name of the person who caused it: `checked in 12`.
    fn story(event: &Self::Event) -> String;

    /// Returns the announcement of an accepted command: `Checked in 12. 52 on hand.`
    fn announcement(event: &Self::Event, after: &Self) -> String;

    /// Returns the symbol of an event.
    fn icon(event: &Self::Event) -> &'static str;

    /// Returns the other records that an event is about.
    fn mentions(_event: &Self::Event) -> Vec<Mention> {
        Vec::new()
    }

    /// Returns the change of the measure; `None` if the event is about something else.
    fn movement(_event: &Self::Event) -> Option<i64> {
        None
    }

    /// Explains a problem that only this kind knows, in place of the problem's own text.
    fn explain(_problem: &Problem) -> Option<AnyView> {
        None
    }

    /// Returns the field that keeps causing a problem, as long as the form is what it is.
    fn objection(_problem: &Problem, _fields: &Fields) -> Option<FieldProblem> {
        None
    }
}

/// The texts and addresses of a kind's pages.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// The list, with the addresses of the records and the words for them.
    pub listing: &'static Listing,
    /// The heading of the page that creates a record.
    pub creating: &'static str,
    /// The ids and the names of the figures.
    pub figures: &'static [(&'static str, &'static str)],
    /// The charted measure, if any.
    pub measure: Option<Measure>,
    /// The lists of the records that the tasks may name.
    pub refers_to: &'static [&'static Listing],
    /// The records that the page lists because they refer to this one.
    pub contents: Option<Contents>,
}

/// The records that refer to another one, as its page lists them.
#[derive(Clone, Copy, Debug)]
pub struct Contents {
    /// Their list.
    pub listing: &'static Listing,
    /// The heading: `What is here`.
    pub title: &'static str,
    /// The sentence in place of an empty list.
    pub none: &'static str,
    /// Returns the part of such a record that belongs to the record with this id.
    pub share: fn(&StateJson, Uuid) -> serde_json::Result<String>,
}

/// The words for a charted measure.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// The name: `On hand`.
    pub name: &'static str,
    /// The words after a figure: `on hand`.
    pub after_figure: &'static str,
    /// The name of the upper limit: `maximum`.
    pub maximum: &'static str,
    /// The name of the lower limit: `reorder level`.
    pub reorder: &'static str,
    /// The heading of its parts, if it can be divided among other records: `By location`.
    pub by: &'static str,
}

/// The part of a measure that belongs to another record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The other record; `None` for the part that belongs to none.
    pub of: Option<AggregateId>,
    /// The part.
    pub value: i64,
}

/// Another record in the words of an event: `from Back room`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The word before its name: `from`.
    pub word: &'static str,
    /// The other record; `None` if none was named.
    pub of: Option<AggregateId>,
}

/// The facts under a record's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The code that people know the record by.
    pub code: String,
    /// Further facts.
    pub facts: Vec<Fact>,
    /// The status.
    pub status: &'static str,
    /// `true` if the status is good.
    pub is_good: bool,
}

/// A fact under a record's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The label: `Unit`.
    pub label: &'static str,
    /// The text.
    pub text: String,
}

/// One figure of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// The figure.
    pub value: String,
    /// A remark below it.
    pub note: String,
    /// `true` if the figure calls for action.
    pub is_low: bool,
}

//! Locations: their words and their forms.

mod forms;
pub mod listing;
#[cfg(test)]
mod tests;
mod words;

use domain::Location;
use domain::limits::OutOfLimits;
use domain::location::{LocationCommand, LocationEvent, LocationRejection, Task};

use super::inventory_item;
use crate::kind::{Contents, Header, Presentation, Screen};
use crate::task_form::{FieldProblem, Fields, Input, TaskForm};

impl Presentation for Location {
    const SCREEN: Screen = Screen {
        listing: &listing::LISTING,
        creating: "Register a location",
        figures: &[],
        measure: None,
        refers_to: &[],
        contents: Some(Contents {
            listing: &inventory_item::listing::LISTING,
            title: "What is here",
            none: "No items are in stock here.",
            share: inventory_item::on_hand_at,
        }),
    };

    fn form(task: Task) -> &'static TaskForm {
        forms::form(task)
    }

    fn parse(task: Task, input: &Input<'_>) -> Result<LocationCommand, FieldProblem> {
        forms::parse(task, input)
    }

    fn initial(&self, task: Task) -> Fields {
        forms::initial(self, task)
    }

    fn header(&self) -> Header {
        Header {
            code: self.code.clone(),
            facts: Vec::new(),
            status: if self.open { "Open" } else { "Closed" },
            is_good: self.open,
        }
    }

    fn lead(&self) -> Option<Task> {
        (!self.open).then_some(Task::Reopen)
    }

    fn standstill(&self) -> Option<&'static str> {
        let closed = "The location is closed. Reopen it to perform other tasks.";
        (!self.open).then_some(closed)
    }

    fn offers(&self, task: Task) -> bool {
        match task {
            Task::Close => self.open,
            Task::Reopen => !self.open,
            Task::Register | Task::Rename => true,
        }
    }

    fn limit(rejection: &LocationRejection) -> Option<&OutOfLimits> {
        match rejection {
            LocationRejection::OutOfLimits(limits) => Some(limits),
            _ => None,
        }
    }

    fn refusal(rejection: &LocationRejection) -> String {
        words::refusal(rejection)
    }

    fn effect(event: &LocationEvent, _after: &Self) -> String {
        words::effect(event)
    }

    fn sentence(event: &LocationEvent) -> String {
        words::sentence(event)
    }

    fn story(event: &LocationEvent) -> String {
        words::story(event)
    }

    fn announcement(event: &LocationEvent, _after: &Self) -> String {
        format!("{}.", words::sentence(event))
    }

    fn icon(event: &LocationEvent) -> &'static str {
        match event {
            LocationEvent::LocationRegistered(_) => "created",
            LocationEvent::LocationRenamed(_) => "renamed",
            LocationEvent::LocationClosed(_) => "deactivated",
            LocationEvent::LocationReopened(_) => "reactivated",
        }
    }
}

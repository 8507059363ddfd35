use domain::InventoryItem;
use domain::inventory_item::Task;
use event_store::wire::CommandRequest;
use leptos::prelude::*;
use uuid::Uuid;

use crate::browser;
use crate::problem::{Code, Problem};
use crate::task_form::{Fields, Verdict, spec};
use crate::views::FormOutcome;

/// A task's form while it is filled in. It is kept when the form closes to send it, so that what was
/// typed comes back if it has to.
#[derive(Clone)]
pub struct Draft {
    /// Which task.
    pub task: Task,
    /// What is typed.
    pub fields: ArcRwSignal<Fields>,
    /// What stood against it the last time.
    pub problem: ArcRwSignal<Option<Problem>>,
    /// Whether it was sent once, so that what is missing may be called so.
    pub tried: ArcRwSignal<bool>,
    /// What was sent and may have arrived: sent again as it is until the outcome is known, so that it
    /// is one command however often it is sent.
    sent: ArcRwSignal<Option<CommandRequest>>,
    /// The ids that the server put into the page for a form that is posted without JavaScript.
    pub posted_ids: (Uuid, Uuid),
}

impl Draft {
    /// A form just opened.
    pub fn new(task: Task, item: &InventoryItem) -> Self {
        Self::holding(task, Fields::initial(task, item), None, (Uuid::now_v7(), Uuid::now_v7()))
    }

    /// A form that comes back from the server with what was typed.
    pub fn posted(task: Task, outcome: &FormOutcome) -> Self {
        let ids = (outcome.command_id, outcome.aggregate_id);
        Self::holding(task, outcome.fields.clone(), Some(outcome.problem.clone()), ids)
    }

    fn holding(task: Task, fields: Fields, problem: Option<Problem>, ids: (Uuid, Uuid)) -> Self {
        Self {
            task,
            fields: ArcRwSignal::new(fields),
            tried: ArcRwSignal::new(problem.is_some()),
            problem: ArcRwSignal::new(problem),
            sent: ArcRwSignal::new(None),
            posted_ids: ids,
        }
    }

    /// Types into a field: what was sent before is another command from now on.
    pub fn set(&self, name: &str, value: &str) {
        if self.fields.read_untracked().get(name) != value {
            self.fields.update(|fields| fields.set(name, value));
            self.sent.set(None);
        }
    }

    /// Takes over what was typed before the page came alive.
    pub fn take_over(&self, form: &web_sys::Element) {
        for field in spec(self.task) {
            if let Some(value) = browser::typed(form, field.name) {
                self.set(field.name, &value);
            }
        }
    }

    /// Says what is missing from a form that was to be sent, and goes there.
    pub fn point_out(&self, verdict: &Verdict) {
        self.tried.set(true);
        if let (Some(fault), Some(page)) = (verdict.field_problem(), document().body()) {
            browser::focus_field(&page, fault.field);
        }
    }

    /// What to send: the very request of the last time while its outcome is unknown, else a new one.
    pub fn request(&self, new: impl FnOnce() -> CommandRequest) -> CommandRequest {
        let request = self.sent.get_untracked().unwrap_or_else(new);
        self.sent.set(Some(request.clone()));
        request
    }

    /// Keeps what stood against it. A no is an outcome; silence is not.
    pub fn fail(&self, problem: Problem) {
        if !problem.is_unknown_outcome() {
            self.sent.set(None);
        }
        self.tried.set(true);
        self.problem.set(Some(problem));
    }

    /// What the button that sends it says.
    pub fn button(&self) -> &'static str {
        match self.problem.read().as_ref() {
            Some(problem) if problem.is(Code::Conflict) => "Do it again",
            Some(problem) if problem.is_unknown_outcome() => "Try again",
            _ => self.task.title(),
        }
    }
}

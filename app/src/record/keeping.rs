use api::{Code, Problem};
use domain::inventory_item::Task;
use domain::kind::Task as _;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Draft, SubmissionOutcome};
use crate::browser;
use crate::task_form::Fields;

/// A form in the session storage, where it outlives its page and ends with the tab.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// The task, by its slug.
    task: String,
    item: Uuid,
    fields: Fields,
    /// The id that the form was sent under, if it was sent.
    pub(super) command_id: Option<Uuid>,
    /// `true` while the form has been sent and not answered.
    unanswered: bool,
}

impl Kept {
    /// Returns the stored form of an item's page, or with `None` that of a new item.
    pub(super) fn of(item: Option<Uuid>) -> Option<Self> {
        serde_json::from_str(&browser::kept(&place(item))?).ok()
    }

    /// Deletes the stored form of an item's page.
    pub(super) fn forget(&self) {
        browser::forget_kept(&place(Some(self.item)));
    }

    pub(super) fn task(&self) -> Option<Task> {
        Task::from_slug(&self.task)
    }
}

impl Draft {
    /// Stores the input until it is sent or discarded. An untouched form is not stored.
    pub(super) fn keep(&self) {
        self.store(self.is_unsettled());
    }

    /// Stores a form that is being sent. If the page is left before the answer, the form keeps its
    /// id for the next attempt.
    pub fn keep_sent(&self) {
        self.store(true);
    }

    fn store(&self, unanswered: bool) {
        let (fields, command_id) = (self.fields.get_untracked(), self.command_id.get_value());
        if command_id.is_none() && self.is_untouched() {
            return self.forget();
        }
        let (task, item) = (self.task.slug().to_owned(), self.item.get_value());
        let kept = Kept { task, item, fields, command_id, unanswered };
        if let Ok(kept) = serde_json::to_string(&kept) {
            browser::keep(&self.place(), &kept);
        }
    }

    /// Deletes the stored form, because it was sent or discarded.
    pub fn forget(&self) {
        browser::forget_kept(&self.place());
    }

    /// Takes over what was typed before hydration, and the stored fields and id of the same form.
    ///
    /// Typed input takes precedence over the stored fields. The stored id always stays, because its
    /// command may be recorded.
    pub fn revive(&self, form: &web_sys::Element) {
        // Read first: taking over replaces the stored form.
        let kept = self.kept();
        self.take_over(form);
        self.adopt(kept);
    }

    /// Takes over the stored fields and id of the same form.
    pub fn restore(&self) {
        self.adopt(self.kept());
    }

    fn kept(&self) -> Option<Kept> {
        Kept::of(self.about()).filter(|kept| kept.task() == Some(self.task))
    }

    fn adopt(&self, kept: Option<Kept>) {
        let Some(kept) = kept.filter(|_| self.command_id.get_value().is_none()) else { return };
        self.item.set_value(kept.item);
        self.command_id.set_value(kept.command_id);
        if kept.unanswered {
            self.outcome.set(Some(SubmissionOutcome::Unknown(Problem::new(Code::NoAnswer, ""))));
        }
        if self.is_untouched() {
            self.fields.set(kept.fields);
        }
        self.keep();
    }

    fn is_untouched(&self) -> bool {
        self.opened_on
            .with_value(|(_, state)| self.fields.read_untracked().is_initial(self.task, state))
    }

    fn about(&self) -> Option<Uuid> {
        (self.task != Task::Create).then(|| self.item.get_value())
    }

    fn place(&self) -> String {
        place(self.about())
    }
}

fn place(item: Option<Uuid>) -> String {
    item.map_or_else(|| "daybook:new".to_owned(), |item| format!("daybook:{item}"))
}

use api::{Code, Problem};
use domain::kind::Place;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Draft, SubmissionOutcome};
use crate::browser;
use crate::kind::{KindRef, RecordRef, RecordTask};
use crate::task_form::Fields;

/// A form in the session storage, where it outlives its page and ends with the tab.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    /// The task, by its slug.
    task: String,
    id: Uuid,
    fields: Fields,
    /// The id that the form was sent under, if it was sent.
    pub(super) command_id: Option<Uuid>,
    /// `true` while the form has been sent and not answered.
    unanswered: bool,
}

impl Kept {
    /// Returns the stored form of a record's page.
    pub(super) fn of_record(at: RecordRef) -> Option<Self> {
        Self::at(&place(at.kind, Some(at.id)))
    }

    fn at(place: &str) -> Option<Self> {
        serde_json::from_str(&browser::kept(place)?).ok()
    }

    /// Deletes the stored form of a record's page.
    pub(super) fn forget(&self, at: RecordRef) {
        browser::forget_kept(&place(at.kind, Some(at.id)));
    }

    pub(super) fn task(&self, kind: KindRef) -> Option<RecordTask> {
        kind.task(&self.task)
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
        let (task, id) = (self.task.slug.to_owned(), self.id.get_value());
        let kept = Kept { task, id, fields, command_id, unanswered };
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
        Kept::at(&self.place()).filter(|kept| kept.task == self.task.slug)
    }

    fn adopt(&self, kept: Option<Kept>) {
        let Some(kept) = kept.filter(|_| self.command_id.get_value().is_none()) else { return };
        self.id.set_value(kept.id);
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
        let initial = self.opened_on.with_value(|(_, state)| state.initial(self.task));
        self.fields.read_untracked().equal(&initial, self.task.form.fields)
    }

    fn place(&self) -> String {
        let is_new = self.task.place == Place::OwnPage;
        place(self.kind, (!is_new).then(|| self.id.get_value()))
    }
}

/// Returns the key of the stored form of a record's page, or of the page that creates a record.
fn place(kind: KindRef, id: Option<Uuid>) -> String {
    let kind = kind.name();
    id.map_or_else(|| format!("daybook:{kind}:new"), |id| format!("daybook:{kind}:{id}"))
}

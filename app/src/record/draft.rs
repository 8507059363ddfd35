use event_store::Version;
use leptos::prelude::*;
use uuid::Uuid;

use super::{Recorded, SubmissionOutcome};
use crate::browser;
use crate::kind::{KindRef, RecordRef, RecordState, RecordTask};
use crate::task_form::{Fields, Verdict};
use crate::views::FormOutcome;

/// The version that the user saw when deciding, and its state.
pub type Seen = (Version, RecordState);

/// A task's form while it is filled in. It is kept when it closes for sending, so that its input
/// can come back if the submission fails.
#[derive(Clone)]
pub struct Draft {
    /// The task.
    pub task: RecordTask,
    /// The kind of the form's record.
    pub kind: KindRef,
    /// The input.
    pub fields: ArcRwSignal<Fields>,
    /// The outcome of the last submission.
    pub outcome: ArcRwSignal<Option<SubmissionOutcome>>,
    /// Set once the form has been sent, so that missing input may be pointed out.
    pub tried: ArcRwSignal<bool>,
    /// The id of every command that the form sends, edited or not, until one is known to be
    /// recorded. An id can be recorded only once, so an attempt becomes one change set at most,
    /// whatever happens to the answers.
    pub(super) command_id: ArcStoredValue<Option<Uuid>>,
    /// The state that the user saw when the form was opened, or when a conflict was shown. Later
    /// changes can conflict with the form even if the page has caught up with them.
    pub(super) opened_on: ArcStoredValue<Seen>,
    /// The id of the form's record; of a new record, the id to create it under.
    pub id: ArcStoredValue<Uuid>,
    /// The ids that the server put into the page for a form that is posted without JavaScript.
    pub posted_ids: (Uuid, Uuid),
}

impl Draft {
    /// Creates a form that was just opened.
    pub fn new(task: RecordTask, at: RecordRef, seen: Seen) -> Self {
        let fields = seen.1.initial(task);
        Self::holding(task, at, fields, seen, (Uuid::now_v7(), Uuid::now_v7()))
    }

    /// Creates a form that the server returned with its input.
    ///
    /// Calls `recorded` with the version that the form's id was recorded as, if it was.
    pub fn posted(
        task: RecordTask,
        at: RecordRef,
        posted: &FormOutcome,
        seen: Seen,
        recorded: impl FnOnce(Version) -> Recorded,
    ) -> Self {
        let ids = (posted.command_id, posted.aggregate_id);
        let draft = Self::holding(task, at, posted.fields.clone(), seen, ids);
        draft.command_id.set_value(Some(posted.command_id));
        draft.tried.set(true);
        draft.outcome.set(Some(match posted.problem.taken_as() {
            Some(version) => SubmissionOutcome::Recorded(recorded(version)),
            None => SubmissionOutcome::of(posted.problem.clone()),
        }));
        draft
    }

    fn holding(
        task: RecordTask,
        at: RecordRef,
        fields: Fields,
        seen: Seen,
        posted_ids: (Uuid, Uuid),
    ) -> Self {
        Self {
            task,
            kind: at.kind,
            fields: ArcRwSignal::new(fields),
            outcome: ArcRwSignal::new(None),
            tried: ArcRwSignal::new(false),
            command_id: ArcStoredValue::new(None),
            opened_on: ArcStoredValue::new(seen),
            id: ArcStoredValue::new(at.id),
            posted_ids,
        }
    }

    /// Returns the record of the form; of a new record, the one that it will create.
    pub fn at(&self) -> RecordRef {
        RecordRef { kind: self.kind, id: self.id.get_value() }
    }

    /// Sets a field.
    pub fn set(&self, name: &str, value: &str) {
        if self.fields.read_untracked().get(name) != value {
            self.fields.update(|fields| fields.set(name, value));
            self.keep();
        }
    }

    /// Reads the fields from the document.
    ///
    /// A script, a password manager or a user before hydration may have filled them in without an
    /// event that the page received.
    pub fn take_over(&self, form: &web_sys::Element) {
        for field in self.task.form.fields {
            if let Some(value) = browser::typed(form, field.name) {
                self.set(field.name, &value);
            }
        }
    }

    /// Points out the faulty field of a form that was to be sent, and moves the focus there.
    pub fn point_out(&self, verdict: &Verdict) {
        self.tried.set(true);
        if let (Some(fault), Some(page)) = (verdict.field_problem(), document().body()) {
            browser::focus_field(&page, fault.field);
        }
    }

    /// Returns the id to send the form under.
    pub fn command_id(&self) -> Uuid {
        let id = self.command_id.get_value().unwrap_or_else(Uuid::now_v7);
        self.command_id.set_value(Some(id));
        id
    }

    /// Returns the id that the form was sent under, if it was sent.
    pub(super) fn sent_as(&self) -> Option<Uuid> {
        self.command_id.get_value()
    }

    /// Returns whether both are the same form.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.posted_ids == other.posted_ids
    }

    /// Returns the version that the form's command was decided against.
    pub(super) fn expected_version(&self) -> Version {
        self.opened_on.with_value(|(version, _)| *version)
    }

    /// Stores the outcome of a submission. A recorded command has used up its id.
    pub fn conclude(&self, outcome: SubmissionOutcome) {
        if matches!(outcome, SubmissionOutcome::Recorded(_)) {
            self.command_id.set_value(None);
        }
        self.tried.set(true);
        self.outcome.set(Some(outcome));
        self.keep();
    }

    /// Returns whether the outcome of the last submission is unknown.
    pub fn is_unsettled(&self) -> bool {
        matches!(&*self.outcome.read_untracked(), Some(SubmissionOutcome::Unknown(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::KINDS;
    use api::{Code, Problem};

    fn at() -> RecordRef {
        RecordRef { kind: KINDS[0], id: Uuid::max() }
    }

    fn task() -> RecordTask {
        KINDS[0].tasks()[0]
    }

    fn seen() -> Seen {
        (0, KINDS[0].nothing())
    }

    fn draft() -> Draft {
        Draft::new(task(), at(), seen())
    }

    fn recorded(version: Version) -> Recorded {
        Recorded::new(at(), version, None)
    }

    fn posted(code: Code) -> (Draft, Uuid) {
        let command_id = Uuid::now_v7();
        let outcome = FormOutcome {
            task: task().slug.to_owned(),
            fields: Fields::default(),
            command_id,
            aggregate_id: Uuid::now_v7(),
            problem: Problem::new(code, "…").with("version", 7),
        };
        (Draft::posted(task(), at(), &outcome, seen(), recorded), command_id)
    }

    #[test]
    fn a_form_has_one_id_until_something_is_recorded() {
        let draft = draft();
        let id = draft.command_id();
        for code in [Code::NoAnswer, Code::Rejected, Code::Conflict, Code::Unavailable] {
            draft.conclude(SubmissionOutcome::of(Problem::new(code, "…")));
            draft.set("quantity", &format!("{code:?}"));
            assert_eq!(draft.command_id(), id, "{code:?}");
        }
        draft.conclude(SubmissionOutcome::Recorded(recorded(7)));
        assert_ne!(draft.command_id(), id);
    }

    #[test]
    fn only_an_unknown_outcome_leaves_a_form_unsettled() {
        for (code, unsettled) in
            [(Code::NoAnswer, true), (Code::Internal, true), (Code::Rejected, false)]
        {
            let draft = draft();
            assert!(!draft.is_unsettled());
            draft.conclude(SubmissionOutcome::of(Problem::new(code, "…")));
            assert_eq!(draft.is_unsettled(), unsettled, "{code:?}");
        }
    }

    #[test]
    fn a_posted_form_keeps_the_id_that_the_server_gave_it() {
        for code in [Code::Unavailable, Code::CommandIdReused] {
            let (draft, id) = posted(code);
            assert_eq!(draft.command_id(), id, "{code:?}");
        }
        let (draft, _) = posted(Code::CommandIdReused);
        assert_eq!(draft.outcome.get_untracked(), Some(SubmissionOutcome::Recorded(recorded(7))));
    }
}

use api::wire::{Command, CommandRequest};
use event_store::{AggregateId, ChangeSet, Version};
use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use super::{Draft, Record, SubmissionOutcome};
use crate::browser;
use crate::kind::RecordState;
use crate::server_functions::submit_command;
use crate::task_form::Verdict;
use crate::views::Submitted;
use api::{Code, Problem};

/// A command being sent. Its expected result is shown at once, and taken back if the command is
/// refused.
#[derive(Clone)]
pub struct Performing {
    /// The sentence in the timeline.
    pub sentence: String,
    /// The expected state of the record.
    pub after: RecordState,
}

impl Record {
    /// Sends the open form, if the domain allows it. The form closes, and reopens with its input
    /// and the reason if the submission fails.
    pub fn perform(&self) {
        let Some(draft) = self.draft.get_untracked() else { return };
        if self.performing.read_untracked().is_some() {
            return;
        }
        match self.verdict(&draft) {
            verdict @ Verdict::Allowed { .. } => self.send(draft, verdict),
            Verdict::Refused(_) => self.reconsider(draft),
            verdict => draft.point_out(&verdict),
        }
    }

    /// Sends a form that is allowed.
    pub(super) fn send(&self, draft: Draft, verdict: Verdict) {
        let Verdict::Allowed { command, sentence, after, .. } = verdict else { return };
        let version = self.history.read_untracked().now().version;
        let request = new_request(self.at.aggregate(), Some(draft.expected_version()), command);
        let request = CommandRequest { command_id: draft.command_id(), ..request };
        draft.keep_sent();

        self.performing.set(Some(Performing { sentence, after }));
        self.draft.set(None);
        browser::note_submission();
        browser::forget_task();
        browser::focus_soon(draft.task.form.openers);
        let record = self.clone();
        spawn_local(async move { record.settle(draft, request, version).await });
    }

    async fn settle(&self, draft: Draft, request: CommandRequest, seen: Version) {
        match submit_command(request, seen).await {
            Ok(Submitted::Accepted { accepted, change_sets }) => {
                self.hear(accepted.version, &change_sets).await;
                draft.forget();
                self.performing.set(None);
                self.announce(accepted.version);
                // The element that opened the form may be gone as a result of the task.
                browser::focus_soon_if_lost(draft.task.form.openers);
            }
            Ok(Submitted::TakenBefore { version, change_sets }) => {
                self.hear(version, &change_sets).await;
                draft.opened_on.set_value(self.history.read_untracked().seen());
                self.take_back(&draft, SubmissionOutcome::Recorded(self.recorded(version)));
            }
            Ok(Submitted::Refused(problem)) => {
                let _ = self.catch_up().await;
                self.note_conflict(&draft, &problem);
                self.take_back(&draft, SubmissionOutcome::Refused(problem));
            }
            Err(problem) => self.take_back(&draft, SubmissionOutcome::of(problem)),
        }
    }

    /// Takes in the change sets that came with an answer.
    async fn hear(&self, version: Version, newer: &[ChangeSet]) {
        self.take_in(newer);
        if self.history.read_untracked().now().version < version {
            // The server could not read the change sets back with its answer, so fetch them again.
            let _ = self.catch_up().await;
        }
    }

    /// Rebases the form on the current state after a conflict that told the user of all changes up
    /// to it.
    ///
    /// If the page has heard of newer changes meanwhile, the form keeps its premise, so that the
    /// next attempt conflicts with them too.
    fn note_conflict(&self, draft: &Draft, problem: &Problem) {
        let history = self.history.read_untracked();
        let told = problem.more.get("current_version").and_then(serde_json::Value::as_u64);
        if problem.is(Code::Conflict) && told == Some(history.now().version) {
            draft.opened_on.set_value(history.seen());
        }
    }

    fn announce(&self, version: Version) {
        let history = self.history.read_untracked();
        let change_set = history.change_set(version);
        let said = change_set.and_then(|change_set| history.now().state.announce(change_set));
        let said = said.unwrap_or_else(|| "Done.".to_owned());
        drop(history);
        self.ui_context.say_of_version(said, self.at, version);
    }

    fn take_back(&self, draft: &Draft, outcome: SubmissionOutcome) {
        draft.conclude(outcome);
        self.performing.set(None);
        self.draft.set(Some(draft.clone()));
    }
}

/// Creates a request with a new command id.
pub fn new_request(
    aggregate: AggregateId,
    expected_version: Option<Version>,
    command: Command,
) -> CommandRequest {
    CommandRequest {
        command_id: Uuid::now_v7(),
        aggregate,
        expected_version,
        command,
        correlation_id: None,
        causation_id: None,
    }
}

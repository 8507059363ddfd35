use api::Problem;
use event_store::ChangeSet;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Draft, Record};
use crate::browser;
use crate::kind::RecordTask;
use crate::server_functions::change_sets;
use crate::task_form::Verdict;
use crate::views::HistoryPage;

/// The time after which an unanswered request no longer blocks the next one. After a laptop's sleep
/// the answer may never come.
const PATIENCE_MS: i64 = 10_000;

impl Record {
    /// Fetches the newer change sets and takes them in.
    ///
    /// # Errors
    /// The problem, if they cannot be fetched.
    pub async fn catch_up(&self) -> Result<(), Problem> {
        loop {
            let known = self.history.read_untracked().now().version;
            let newer = change_sets(self.at.aggregate(), HistoryPage::After(known)).await?;
            self.take_in(&newer);
            if self.history.read_untracked().now().version == known {
                return Ok(());
            }
        }
    }

    /// Catches up in the background, one request at a time.
    ///
    /// A history with a damaged version cannot be continued. A failure is silent, because the user
    /// has not asked: the next return to the page retries.
    pub fn refresh(&self) {
        let damaged = self.history.read_untracked().end().is_some();
        if damaged || self.ui_context.offline.get_untracked() {
            return;
        }
        let now = browser::now_ms();
        let waiting = self.refreshing_since.get_value();
        if waiting.is_some_and(|since| (0..PATIENCE_MS).contains(&now.saturating_sub(since))) {
            return;
        }
        self.refreshing_since.set_value(Some(now));
        let record = self.clone();
        spawn_local(async move {
            let _ = record.catch_up().await;
            if record.refreshing_since.get_value() == Some(now) {
                record.refreshing_since.set_value(None);
            }
        });
    }

    /// Catches up whenever the user returns to the page.
    pub fn refresh_on_return(&self) {
        let record = self.clone();
        self.ui_context.on_return(move || record.refresh());
    }

    /// Returns the verdict of the newest known state on a form.
    pub(super) fn verdict(&self, draft: &Draft) -> Verdict {
        let history = self.history.read_untracked();
        history.now().state.preflight(draft.task, &draft.fields.read_untracked())
    }

    /// Catches up before a refusal counts, because it may rest on stale state.
    ///
    /// Sends the form if it is then allowed, unless it was edited or closed meanwhile.
    pub(super) fn reconsider(&self, draft: Draft) {
        let (record, sent) = (self.clone(), draft.fields.get_untracked());
        spawn_local(async move {
            let heard = record.catch_up().await;
            let open = record.draft.get_untracked().is_some_and(|open| open.is(&draft));
            if !open || *draft.fields.read_untracked() != sent {
                return;
            }
            match record.verdict(&draft) {
                verdict @ Verdict::Allowed { .. } => record.send(draft, verdict),
                verdict => {
                    draft.point_out(&verdict);
                    record.admit_silence(&heard);
                }
            }
        });
    }

    /// Opens a task's form. If the known state does not allow the task, catches up first.
    pub fn begin_if_allowed(&self, task: RecordTask) {
        if self.now_allows(task) {
            return self.begin(task);
        }
        let record = self.clone();
        spawn_local(async move {
            let heard = record.catch_up().await;
            if record.now_allows(task) {
                record.begin(task);
            } else {
                record.admit_silence(&heard);
            }
        });
    }

    fn now_allows(&self, task: RecordTask) -> bool {
        self.history.read_untracked().now().state.allows(task).is_ok()
    }

    /// Tells the user that a refusal could not be checked.
    fn admit_silence(&self, heard: &Result<(), Problem>) {
        if heard.is_err() {
            self.ui_context
                .complain("The server did not answer. What you see may be out of date.".to_owned());
        }
    }

    /// Returns the change sets that a refusal rests on: those of others since the form was opened,
    /// if the form would have been allowed then.
    pub fn overtaken_by(&self, draft: &Draft, verdict: &Verdict) -> Vec<ChangeSet> {
        let (seen, state) = draft.opened_on.get_value();
        let was_allowed = || {
            let verdict = state.preflight(draft.task, &draft.fields.read());
            matches!(verdict, Verdict::Allowed { .. })
        };
        if !matches!(verdict, Verdict::Refused(_)) || !was_allowed() {
            return Vec::new();
        }
        let history = self.history.read();
        let newer = (seen + 1..=history.now().version).filter_map(|k| history.change_set(k));
        newer.filter(|c| Some(c.content().command_id) != draft.sent_as()).cloned().collect()
    }
}

use api::{Code, Problem};
use event_store::{ChangeSet, Version};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::history::decode;
use super::{ROWS, Record};
use crate::browser;
use crate::server_functions::{self, change_sets};
use crate::views::{HistoryPage, RecordView};

/// The longest history that is prefetched, in versions.
const PREFETCHED: Version = 1000;

impl Record {
    /// Brings a version into view; the newest one means now. The address follows, so that it can be
    /// shared.
    pub fn view(&self, version: Option<Version>) {
        let head = self.history.read_untracked().now().version;
        let version = version.map(|version| version.max(1)).filter(|version| *version < head);
        if version == self.viewed.get_untracked() {
            return;
        }
        if version.is_some() {
            self.close();
            self.prepare_replay();
        }
        browser::measure_until_shown("daybook:scrub", || self.viewed.set(version));
        browser::replace_query(version.map(|version| format!("version={version}")).as_deref());
        self.fetch_until_replay(version);
    }

    /// Moves the version in view back or forward.
    pub fn step(&self, by: i64) {
        let head = self.history.read_untracked().now().version;
        let version = self.viewed.get_untracked().unwrap_or(head);
        self.view(Some(version.saturating_add_signed(by).clamp(1, head)));
    }

    /// Prefetches the history of a page that shows a part of it, so that the chart is complete
    /// before it is used.
    ///
    /// A longer history, or one that fails to arrive, is fetched on use. The failure is silent,
    /// because the user has not asked.
    pub fn prefetch(&self) {
        let history = self.history.read_untracked();
        let wanted = history.whole().is_none() && history.now().version <= PREFETCHED;
        let settled = history.replay().is_some() || history.flaw().is_some();
        drop(history);
        if wanted && !settled {
            self.fetch_replay(|_, _| {});
        }
    }

    /// Builds the replay once: from the loaded history if it is whole, otherwise by a fetch in the
    /// background.
    pub fn prepare_replay(&self) {
        let history = self.history.read_untracked();
        // A damaged history has no replay: the server returns as much of it as it can.
        let settled = history.replay().is_some() || history.flaw().is_some();
        drop(history);
        if settled || self.loading.get_untracked() {
            return;
        }
        let here = self.history.read_untracked().whole().map(<[_]>::to_vec);
        if let Some(whole) = here {
            return self.complain_of(self.build_replay(whole));
        }
        self.fetch_replay(Self::complain_of);
    }

    fn fetch_replay(&self, conclude: fn(&Self, Result<(), Problem>)) {
        self.loading.set(true);
        let record = self.clone();
        spawn_local(async move {
            let whole = record.fetch_whole().await;
            conclude(&record, whole.and_then(|whole| record.build_replay(whole)));
            record.loading.set(false);
        });
    }

    fn complain_of(&self, done: Result<(), Problem>) {
        if let Err(problem) = done {
            self.ui_context.complain(problem.detail);
        }
    }

    fn build_replay(&self, whole: Vec<ChangeSet>) -> Result<(), Problem> {
        if self.history.try_update(|history| history.vouch_for(&whole)) != Some(true) {
            // The notice at the top of the page says so.
            return Ok(());
        }
        let unreadable = |error: String| Problem::new(Code::Corrupt, error);
        let replay = browser::measure("daybook:replay", || self.at.kind.replay(&whole))
            .map_err(|error| unreadable(error.to_string()))?;
        self.history
            .try_update(|history| history.complete(whole, replay))
            .unwrap_or(Ok(()))
            .map_err(|error| unreadable(error.to_string()))
    }

    /// Fetches all change sets from version 1, as the server has them now.
    ///
    /// # Errors
    /// The problem, if a page of them cannot be fetched.
    pub async fn fetch_whole(&self) -> Result<Vec<ChangeSet>, Problem> {
        let mut whole: Vec<ChangeSet> = Vec::new();
        loop {
            let last = whole.last().map_or(0, |change_set| change_set.version);
            let page = change_sets(self.at.aggregate(), HistoryPage::After(last)).await?;
            if page.is_empty() {
                return Ok(whole);
            }
            whole.extend(page);
        }
    }

    /// Adds older rows to the timeline, fetching them if needed.
    pub async fn show_earlier(&self) -> Result<(), Problem> {
        let (top, rows) = self.timeline.get_untracked();
        let first_loaded = self.history.read_untracked().span().0;
        let newest = top.unwrap_or_else(|| self.history.read_untracked().now().version);
        let wanted = rows + ROWS;
        if first_loaded > 1 && newest.saturating_sub(first_loaded) < wanted as u64 {
            let mut older =
                change_sets(self.at.aggregate(), HistoryPage::Before(first_loaded)).await?;
            older.reverse();
            self.history.update(|history| history.put_before(older));
        }
        self.timeline.set((top, wanted));
        Ok(())
    }

    /// Makes the timeline follow the version in view once that is outside the rows shown.
    pub fn follow(&self) {
        let (top, rows) = self.timeline.get_untracked();
        let history = self.history.read_untracked();
        let (head, (first, last)) = (history.now().version, history.span());
        drop(history);
        let Some(viewed) = self.viewed.get_untracked() else {
            if top.is_some() && last == head {
                self.timeline.set((None, rows));
            }
            return;
        };
        let newest = top.unwrap_or(head);
        let oldest = newest.saturating_sub(rows as u64 - 1);
        if !(oldest..=newest).contains(&viewed) && (first..=last).contains(&viewed) {
            let top = (viewed + ROWS as u64 / 2).max(ROWS as u64);
            self.timeline.set(((top < head).then_some(top), ROWS));
        }
    }

    /// Fetches the state of the version in view from the server, unless the replay is available.
    fn fetch_until_replay(&self, version: Option<Version>) {
        let Some(version) = version else { return };
        if self.history.read_untracked().replay().is_some() {
            return;
        }
        let record = self.clone();
        spawn_local(async move {
            let answer = server_functions::record(record.at.aggregate(), Some(version), None).await;
            if record.viewed.get_untracked() != Some(version) {
                return;
            }
            match answer {
                Ok(RecordView { viewed, faults, .. }) => {
                    if !faults.is_empty() {
                        record.history.update(|history| history.learn(faults));
                    }
                    let fetched = viewed.map(|viewed| decode(record.at.kind, &viewed.record));
                    if let Some(Ok(fetched)) = fetched {
                        record.fetched.set(Some(fetched));
                    }
                }
                Err(problem) if problem.is(Code::Corrupt) => {
                    record.ui_context.complain(problem.detail);
                    record.view(None);
                }
                // The state in view stays until the replay is available.
                Err(_) => {}
            }
        });
    }
}

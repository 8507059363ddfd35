//! One record on its page: its known history, the version in view, and the command being sent.

mod draft;
mod freshness;
mod history;
mod keeping;
mod outcome;
mod performing;
mod replaying;

use std::sync::Arc;

use api::ListPage;
use api::wire::AggregateState;
use event_store::{AggregateId, ChangeSet, Version};
use leptos::prelude::*;

pub use draft::{Draft, Seen};
pub use history::{History, Row, Unfit};
use keeping::Kept;
pub use outcome::{Recorded, SubmissionOutcome};
pub use performing::{Performing, new_request};

use crate::components::UiContext;
use crate::kind::{RecordRef, RecordState, RecordTask};
use crate::views::{OtherRecord, RecordView};

/// The number of rows that a timeline shows, or adds, at a time.
pub const ROWS: usize = 50;

/// The signals behind a record's page. They outlive any part of the page, so that a late answer
/// still finds them.
#[derive(Clone)]
pub struct Record {
    /// The record's kind and id.
    pub at: RecordRef,
    /// The known history of the record.
    pub history: ArcRwSignal<History>,
    /// The version in view; `None` means now.
    pub viewed: ArcRwSignal<Option<Version>>,
    /// The state of a version, used until the replay is available.
    fetched: ArcRwSignal<Option<AggregateState<RecordState>>>,
    /// `true` while the whole history is being fetched.
    pub loading: ArcRwSignal<bool>,
    /// The open form.
    pub draft: ArcRwSignal<Option<Draft>>,
    /// Closed forms whose outcome is unknown, one per task.
    unsettled: ArcStoredValue<Vec<Draft>>,
    /// The time, in milliseconds, at which the unanswered refresh was sent.
    refreshing_since: ArcStoredValue<Option<i64>>,
    /// The command being sent.
    pub performing: ArcRwSignal<Option<Performing>>,
    /// The newest version in the timeline (`None` follows the newest), and the number of its rows.
    pub timeline: ArcRwSignal<(Option<Version>, usize)>,
    /// The records of other kinds that the tasks may name.
    others: Arc<[OtherRecord]>,
    /// The first records that refer to this one, if its page lists them and the list can be read.
    pub contents: Option<Arc<ListPage>>,
    ui_context: UiContext,
}

impl Record {
    /// Creates the record of a page that shows `view`.
    ///
    /// # Errors
    /// A state in the view does not have the shape that this program knows.
    pub fn new(
        at: RecordRef,
        view: RecordView,
        ui_context: UiContext,
    ) -> Result<Self, serde_json::Error> {
        let viewed = view.viewed.as_ref().map(|viewed| viewed.version);
        let fetched = view.viewed.as_ref().map(|viewed| history::decode(at.kind, &viewed.record));
        let fetched = fetched.transpose()?;
        let newest_loaded = view.change_sets.last().map(|c| c.version);
        let top = newest_loaded.filter(|version| *version < view.now.version);
        let rows = view.change_sets.len().max(ROWS);
        let others = view.others.clone().into();
        let contents = view.contents.clone().map(Arc::new);
        Ok(Self {
            at,
            history: ArcRwSignal::new(History::new(at.kind, view)?),
            viewed: ArcRwSignal::new(viewed),
            fetched: ArcRwSignal::new(fetched),
            loading: ArcRwSignal::new(false),
            draft: ArcRwSignal::new(None),
            unsettled: ArcStoredValue::new(Vec::new()),
            refreshing_since: ArcStoredValue::new(None),
            performing: ArcRwSignal::new(None),
            timeline: ArcRwSignal::new((top, rows)),
            others,
            contents,
            ui_context,
        })
    }

    /// Returns the record that a record's page provides to its parts.
    #[track_caller]
    pub fn here() -> Self {
        expect_context()
    }

    /// Returns the records of this kind that the tasks may name, with their ids.
    pub fn others(&self, kind: &str) -> impl Iterator<Item = &OtherRecord> {
        self.others.iter().filter(move |other| *other.aggregate.kind == *kind)
    }

    /// Returns the name of another record, or its id if it is not known.
    pub fn name_of(&self, other: &AggregateId) -> String {
        let known = self.others.iter().find(|known| known.aggregate == *other);
        known.map_or_else(|| other.to_string(), |known| known.name.clone())
    }

    /// Returns the address of another record, if its kind has pages.
    pub fn href_of(&self, other: &AggregateId) -> Option<String> {
        let lists = self.at.kind.screen().refers_to;
        let listing = lists.iter().find(|listing| *listing.kind == *other.kind)?;
        Some(listing.record_path(other.id))
    }

    /// Returns the newest known version.
    pub fn head(&self) -> Version {
        self.history.read().now().version
    }

    /// Returns the newest known state.
    pub fn now(&self) -> RecordState {
        self.history.read().now().state.clone()
    }

    /// Returns the state in view: that of the version in view, or the expected result of the
    /// command being sent, or the newest.
    pub fn shown(&self) -> RecordState {
        if let Some(version) = self.viewed.get() {
            return self.at(version);
        }
        let foreseen = self.performing.read().as_ref().map(|performing| performing.after.clone());
        foreseen.unwrap_or_else(|| self.now())
    }

    fn at(&self, version: Version) -> RecordState {
        if let Some(replay) = self.history.read().replay() {
            return replay.at(version);
        }
        // Until one of the two arrives, the last known figures stay: late figures beat blank ones.
        self.fetched.get().map_or_else(|| self.now(), |fetched| fetched.state)
    }

    /// Returns the version whose state is shown instead, if the version in view rests on a damaged
    /// one.
    pub fn stand_in(&self) -> Option<Version> {
        let viewed = self.viewed.get()?;
        let history = self.history.read();
        let flaw = history.flaw().filter(|flaw| flaw.version <= viewed)?;
        let shown = self.fetched.read().as_ref().map(|fetched| fetched.version);
        shown.filter(|shown| *shown < flaw.version)
    }

    /// Returns the rows in the timeline, newest first.
    pub fn rows(&self) -> Vec<Row> {
        let (top, rows) = self.timeline.get();
        let history = self.history.read();
        history.rows(top.unwrap_or_else(|| history.now().version), rows)
    }

    /// Opens a task's form, unless the past is in view, a command is being sent, or the newest
    /// state is unknown.
    ///
    /// A form whose outcome is unknown comes back as it was left, command id included: beginning
    /// again is not a second attempt.
    pub fn begin(&self, task: RecordTask) {
        let past = self.viewed.get_untracked().is_some();
        let unknown = self.history.read_untracked().end().is_some();
        if past || unknown || self.performing.read_untracked().is_some() {
            return;
        }
        self.close();
        let kept = self.unsettled.try_update_value(|unsettled| {
            let place = unsettled.iter().position(|draft| draft.task == task);
            place.map(|place| unsettled.swap_remove(place))
        });
        let history = self.history.read_untracked();
        let kept = kept.flatten().filter(|draft| !history.holds(draft.command_id()));
        let draft = kept.unwrap_or_else(|| {
            let draft = Draft::new(task, self.at, history.seen());
            draft.restore();
            draft
        });
        drop(history);
        self.draft.set(Some(draft));
    }

    /// Closes the open form, if any.
    pub fn close(&self) {
        let Some(draft) = self.draft.get_untracked() else { return };
        draft.forget();
        if draft.is_unsettled() {
            self.unsettled.update_value(|unsettled| unsettled.push(draft));
        }
        self.draft.set(None);
    }

    /// Reopens the form that was open when the page was left, unless it has been recorded since.
    pub fn reopen(&self) {
        let Some(kept) = Kept::of_record(self.at) else { return };
        let recorded = |id| self.history.read_untracked().holds(id);
        match kept.task(self.at.kind).filter(|_| self.draft.read_untracked().is_none()) {
            Some(_) if kept.command_id.is_some_and(recorded) => kept.forget(self.at),
            Some(task) => self.begin(task),
            None => {}
        }
    }

    /// Describes an earlier submission that was recorded as this version.
    pub fn recorded(&self, version: Version) -> Recorded {
        Recorded::new(self.at, version, self.history.read_untracked().change_set(version))
    }

    /// Takes in newer change sets, and tells the user if one is damaged or unreadable.
    fn take_in(&self, newer: &[ChangeSet]) {
        if newer.is_empty() {
            return;
        }
        let taken = self.history.try_update(|history| history.take_in(newer));
        if let Some(Err(error)) = taken {
            self.ui_context.complain(if error.is_of_newer_version() {
                "Daybook was updated. Reload the page to see the newest changes.".to_owned()
            } else {
                format!("Newer changes cannot be shown: {error}")
            });
        }
    }
}

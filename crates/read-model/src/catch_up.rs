use std::collections::HashMap;

use event_store::{AggregateId, ChangeSet, Page, Store, StoreError, Version};
use futures::StreamExt;

use crate::apply::has_rows;
use crate::{Applied, Error, ReadModel, checkpoints};

/// Change sets that are asked of the store at a time.
pub(crate) const PAGE: usize = 500;
/// Histories that are asked of the store at once.
const AT_ONCE: usize = 8;
/// Change sets that are applied in one transaction, or a page more: the more, the fewer times each page
/// of an index is written.
const PER_TRANSACTION: usize = 5_000;
/// Change sets between two lines of log.
const LOG_EVERY: u64 = 10_000;

/// How far catching up is, in change sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Found in the store so far.
    pub scanned: u64,
    /// Of those, not in the rows; 0 until all are found.
    pub missing: u64,
    /// Of those, applied so far.
    pub applied: u64,
}

/// What catching up has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// Change sets in the store.
    pub scanned: u64,
    /// Change sets applied.
    pub applied: u64,
    /// Aggregates whose rows went, as the store does not have what they show.
    pub forgotten: u64,
    /// Aggregates that could not be brought to their newest version; the log says why.
    pub stuck: u64,
}

impl ReadModel {
    /// Compares the keys of all change sets in the store with the checkpoints and applies what is
    /// missing. Commands may be taken meanwhile.
    ///
    /// # Errors
    /// When the store or the database does not answer. What has been applied stays; the next time
    /// goes on from there.
    pub async fn catch_up<S: Store>(
        &self,
        store: &S,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<CaughtUp, Error> {
        // Before the scan: what stood here then was in the store before, so the scan has to find it.
        let before = checkpoints::all(&mut *self.database.readers().acquire().await?).await?;
        let mut report = Report::new(&mut progress);
        let newest = scan(store, &mut report).await?;
        let stale: Vec<_> = before
            .iter()
            .filter(|(aggregate, version)| newest.get(aggregate).is_none_or(|n| n < *version))
            .map(|(aggregate, _)| aggregate.clone())
            .collect();
        self.forget(&stale).await?;
        let (mut lagging, mut missing) = (Vec::new(), 0);
        for (aggregate, newest) in newest {
            let known = before.get(&aggregate).copied().filter(|version| *version <= newest);
            let checkpoint = known.unwrap_or(0);
            if checkpoint < newest {
                missing += newest - checkpoint;
                lagging.push((aggregate, checkpoint));
            }
        }
        report.found_missing(missing);
        let stuck = self.advance_all(store, lagging, &mut report).await?;
        let Progress { scanned, applied, .. } = report.so_far;
        let caught_up = CaughtUp { scanned, applied, forgotten: stale.len() as u64, stuck };
        tracing::info!(scanned, applied, caught_up.forgotten, stuck, "the read model caught up");
        self.set_whole(stuck == 0);
        Ok(caught_up)
    }

    /// Throws all rows away and builds them again. Interrupted, it goes on at the next start, where
    /// [`ReadModel::take_up`] finds the last stop unclean.
    ///
    /// # Errors
    /// As [`ReadModel::catch_up`].
    pub async fn rebuild<S: Store>(
        &self,
        store: &S,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<CaughtUp, Error> {
        self.clear().await?;
        self.catch_up(store, progress).await
    }

    /// Applies what an aggregate has in the store beyond its row, to the end. `None` when it got there,
    /// otherwise why it did not.
    pub(crate) async fn advance<S: Store>(
        &self,
        store: &S,
        aggregate: &AggregateId,
        mut tell: impl FnMut(u64),
    ) -> Result<Option<String>, Error> {
        let mut after = self.checkpoint(aggregate).await?;
        loop {
            let page = newer(store, aggregate, after).await?;
            let Some(last) = page.last() else { return Ok(None) };
            let (newest, full) = (last.version, page.len() == PAGE);
            let outcome = self.apply(&page).await?;
            tell(outcome.applied);
            // Only a row that is not its checkpoint's asks for more than was known to be missing.
            if let Some(gap) = outcome.gaps.first().filter(|gap| gap.from <= after) {
                after = gap.from - 1;
                continue;
            }
            if let Some(why) = why_stuck(&outcome) {
                return Ok(Some(why));
            }
            if !full {
                return Ok(None);
            }
            after = newest;
        }
    }

    async fn advance_all<S: Store>(
        &self,
        store: &S,
        lagging: Vec<(AggregateId, Version)>,
        report: &mut Report<'_>,
    ) -> Result<u64, Error> {
        let pages = futures::stream::iter(lagging).map(|(aggregate, checkpoint)| async move {
            let page = newer(store, &aggregate, checkpoint).await;
            (aggregate, page)
        });
        let mut pages = pages.buffer_unordered(AT_ONCE);
        let (mut batch, mut long, mut stuck) = (Vec::new(), Vec::new(), 0);
        while let Some((aggregate, page)) = pages.next().await {
            match page {
                Ok(page) if page.len() < PAGE => batch.extend(page),
                Ok(_) => long.push(aggregate),
                Err(error) => stuck += log_corrupt(error)?,
            }
            if batch.len() >= PER_TRANSACTION {
                stuck += self.apply_batch(&mut batch, report).await?;
            }
        }
        stuck += self.apply_batch(&mut batch, report).await?;
        for aggregate in long {
            match self.advance(store, &aggregate, |applied| report.applied(applied)).await {
                Ok(None) => {}
                Ok(Some(why)) => {
                    tracing::error!(%aggregate, why, "the list shows an older version");
                    stuck += 1;
                }
                Err(Error::Store(error)) => stuck += log_corrupt(error)?,
                Err(error) => return Err(error),
            }
        }
        Ok(stuck)
    }

    /// How many aggregates are stuck.
    async fn apply_batch(
        &self,
        batch: &mut Vec<ChangeSet>,
        report: &mut Report<'_>,
    ) -> Result<u64, Error> {
        let outcome = self.apply(batch).await?;
        batch.clear();
        report.applied(outcome.applied);
        Ok(log_stuck(&outcome))
    }
}

/// The newest version of each aggregate that has rows here.
async fn scan<S: Store>(
    store: &S,
    report: &mut Report<'_>,
) -> Result<HashMap<AggregateId, Version>, StoreError> {
    let mut newest: HashMap<AggregateId, Version> = HashMap::new();
    let mut cursor = None;
    loop {
        let page = store.keys(cursor).await?;
        report.scanned(page.keys.len() as u64);
        for (aggregate, version) in page.keys {
            if has_rows(&aggregate.kind) {
                let known = newest.entry(aggregate).or_default();
                *known = version.max(*known);
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(newest);
        }
    }
}

async fn newer<S: Store>(
    store: &S,
    aggregate: &AggregateId,
    version: Version,
) -> Result<Vec<ChangeSet>, StoreError> {
    store.change_sets(aggregate, Page::After { version, limit: PAGE }).await
}

/// Why an aggregate that was applied from its checkpoint on did not get to the end.
pub(crate) fn why_stuck(outcome: &Applied) -> Option<String> {
    let gap = outcome.gaps.first().map(|gap| format!("version {} is missing", gap.from));
    let unreadable = outcome.unreadable.first();
    gap.or_else(|| unreadable.map(|u| format!("version {}: {}", u.version, u.problem)))
}

/// One damaged history does not keep the others from the list; a store that is away does.
fn log_corrupt(error: StoreError) -> Result<u64, StoreError> {
    match error {
        StoreError::Corrupt { .. } => {
            tracing::error!(%error, "the list shows an older version");
            Ok(1)
        }
        error => Err(error),
    }
}

fn log_stuck(outcome: &Applied) -> u64 {
    for gap in &outcome.gaps {
        tracing::error!(aggregate = %gap.aggregate, version = gap.from, "a version is missing");
    }
    for one in &outcome.unreadable {
        let (aggregate, version, problem) = (&one.aggregate, one.version, &one.problem);
        tracing::error!(%aggregate, version, problem, "a version cannot be read");
    }
    (outcome.gaps.len() + outcome.unreadable.len()) as u64
}

/// Progress, for who waits for it and for the log.
struct Report<'a> {
    so_far: Progress,
    logged: u64,
    tell: &'a mut (dyn FnMut(Progress) + Send),
}

impl<'a> Report<'a> {
    fn new(tell: &'a mut (dyn FnMut(Progress) + Send)) -> Self {
        Self { so_far: Progress::default(), logged: 0, tell }
    }

    fn scanned(&mut self, more: u64) {
        self.so_far.scanned += more;
        self.say(more);
    }

    fn found_missing(&mut self, missing: u64) {
        self.so_far.missing = missing;
        let scanned = self.so_far.scanned;
        tracing::info!(scanned, missing, "the read model knows what it is missing");
        self.say(0);
    }

    fn applied(&mut self, more: u64) {
        self.so_far.applied += more;
        self.say(more);
    }

    fn say(&mut self, more: u64) {
        (self.tell)(self.so_far);
        self.logged += more;
        if self.logged >= LOG_EVERY {
            self.logged = 0;
            let Progress { scanned, missing, applied } = self.so_far;
            tracing::info!(scanned, missing, applied, "the read model catches up");
        }
    }
}

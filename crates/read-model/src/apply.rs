use std::collections::BTreeMap;

use event_store::feed::{Entry, Position, Reference};
use event_store::{AggregateId, ChangeSet, Version};
use sqlx::Row as _;
use uuid::Uuid;

use crate::database::{DbConnection, DbRow};
use crate::projection::Projection;
use crate::{Error, ReadModel, checkpoints, lagging, rows, standing};

/// The most aggregates that one statement reads or writes.
const PER_STATEMENT: usize = 100;

/// The result of applying a batch of change sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyReport {
    /// The number of change sets that are new in the rows.
    pub applied: u64,
    /// The number of change sets that were in the rows already, or belong to a kind without rows.
    pub skipped: u64,
    /// Aggregates with a missing change set between their row and the batch.
    pub gaps: Vec<Gap>,
    /// Aggregates that are stuck at an unreadable change set.
    pub unreadable: Vec<Unreadable>,
}

/// A missing version: a later change set arrived, but its predecessor is not in the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The aggregate.
    pub aggregate: AggregateId,
    /// The first missing version.
    pub from: Version,
}

/// A change set whose events this program cannot read. The row stays at the version before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The aggregate.
    pub aggregate: AggregateId,
    /// The version of the change set.
    pub version: Version,
    /// The error.
    pub problem: String,
}

/// The histories of one kind, with its projection.
type OfKind<'a> = (&'static dyn Projection, Vec<History<'a>>);

/// The change sets of an aggregate, ascending by version.
type History<'a> = (Uuid, Vec<&'a ChangeSet>);

impl ReadModel {
    /// Advances rows and checkpoints by these change sets, in one transaction.
    ///
    /// The change sets may belong to any aggregates, come in any order, and be applied already.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Damaged`]; nothing is applied then.
    pub async fn apply(&self, change_sets: &[ChangeSet]) -> Result<ApplyReport, Error> {
        self.apply_up_to(change_sets.iter(), None).await
    }

    /// Applies the next entries of the feed, and advances the rows' position in the same
    /// transaction.
    ///
    /// # Errors
    /// As [`ReadModel::apply`].
    pub async fn apply_entries(&self, entries: &[Entry]) -> Result<ApplyReport, Error> {
        self.apply_up_to(entries.iter().map(|entry| &entry.change_set), entries.last()).await
    }

    /// Skips an unreadable entry of the feed, and records that the rows of its aggregate lag.
    pub(crate) async fn pass_over(
        &self,
        position: Position,
        reference: &Reference,
    ) -> Result<(), Error> {
        let mut transaction = self.database.begin_write().await?;
        let shown = Some(&reference.aggregate).filter(|aggregate| self.has_rows(&aggregate.kind));
        lagging::note(&mut transaction, shown.into_iter()).await?;
        standing::move_on(&mut transaction, position, reference.hash).await?;
        Ok(transaction.commit().await?)
    }

    async fn apply_up_to<'a>(
        &self,
        change_sets: impl Iterator<Item = &'a ChangeSet>,
        last: Option<&Entry>,
    ) -> Result<ApplyReport, Error> {
        let (histories, mut applied) = self.sorted(change_sets);
        if histories.is_empty() && last.is_none() {
            return Ok(applied);
        }
        let mut transaction = self.database.begin_write().await?;
        for (projection, histories) in histories {
            for some in histories.chunks(PER_STATEMENT) {
                advance_rows(&mut transaction, projection, some, &mut applied).await?;
            }
        }
        if let Some(Entry { position, change_set }) = last {
            let gaps = applied.gaps.iter().map(|gap| &gap.aggregate);
            let unreadable = applied.unreadable.iter().map(|one| &one.aggregate);
            lagging::note(&mut transaction, gaps.chain(unreadable)).await?;
            standing::move_on(&mut transaction, *position, change_set.hash).await?;
        }
        transaction.commit().await?;
        Ok(applied)
    }

    /// Sorts the change sets by kind, aggregate and version.
    fn sorted<'a>(
        &self,
        change_sets: impl Iterator<Item = &'a ChangeSet>,
    ) -> (Vec<OfKind<'a>>, ApplyReport) {
        let mut applied = ApplyReport::default();
        let mut sorted = BTreeMap::<&str, BTreeMap<Uuid, Vec<&ChangeSet>>>::new();
        for change_set in change_sets {
            let AggregateId { kind, id } = &change_set.aggregate;
            if self.has_rows(kind) {
                sorted.entry(kind).or_default().entry(*id).or_default().push(change_set);
            } else {
                applied.skipped += 1;
            }
        }
        let of_kind = |(kind, mut histories): (&str, BTreeMap<Uuid, Vec<&'a ChangeSet>>)| {
            for history in histories.values_mut() {
                history.sort_by_key(|change_set| change_set.version);
            }
            Some((self.projections.of(kind)?, histories.into_iter().collect()))
        };
        (sorted.into_iter().filter_map(of_kind).collect(), applied)
    }

    /// Returns whether aggregates of this kind have rows.
    pub(crate) fn has_rows(&self, kind: &str) -> bool {
        self.projections.of(kind).is_some()
    }

    /// Returns the version at which an aggregate is in the rows; 0 if it is not.
    pub(crate) async fn checkpoint(&self, aggregate: &AggregateId) -> Result<Version, Error> {
        let mut connection = self.database.readers().acquire().await?;
        let found = checkpoints::of(&mut connection, &aggregate.kind, &[aggregate.id]).await?;
        Ok(found.get(&aggregate.id).copied().unwrap_or(0))
    }
}

async fn advance_rows(
    connection: &mut DbConnection,
    projection: &dyn Projection,
    histories: &[History<'_>],
    applied: &mut ApplyReport,
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = histories.iter().map(|(id, _)| *id).collect();
    let checkpoints = checkpoints::of(connection, projection.kind(), &ids).await?;
    let found = rows::of(connection, projection, &ids).await?;
    let (mut new, mut versions) = (Vec::new(), Vec::new());
    for (id, history) in histories {
        // A row counts only with its matching checkpoint; otherwise the aggregate starts from
        // nothing.
        let before = match found.get(id) {
            Some(row) if checkpoints.get(id) == Some(&version_of(row)?) => Some(row),
            _ => None,
        };
        let Some(write) = projection.advance(*id, before, history, applied)? else { continue };
        versions.push((*id, write.version));
        if write.is_new {
            new.push(write.columns);
        } else {
            rows::update(connection, projection, *id, write.columns).await?;
        }
    }
    rows::insert(connection, projection, new).await?;
    checkpoints::save(connection, projection.kind(), &versions).await
}

fn version_of(row: &DbRow) -> sqlx::Result<Version> {
    row.try_get::<i64, _>("version").map(i64::cast_unsigned)
}

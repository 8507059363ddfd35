use std::collections::BTreeMap;

use domain::InventoryItem;
use domain::inventory_item::InventoryItemRow;
use event_store::feed::{Entry, Position, Reference};
use event_store::{Aggregate, AggregateId, ChangeSet, Version};
use uuid::Uuid;

use crate::database::DbConnection;
use crate::{Error, ReadModel, checkpoints, items, lagging, standing};

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

/// Returns whether aggregates of this kind have rows.
pub(crate) fn has_rows(kind: &str) -> bool {
    kind == InventoryItem::KIND
}

/// The change sets of each item, ascending by version.
type ByItem<'a> = BTreeMap<Uuid, Vec<&'a ChangeSet>>;

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
        let shown = Some(&reference.aggregate).filter(|aggregate| has_rows(&aggregate.kind));
        lagging::note(&mut transaction, shown.into_iter()).await?;
        standing::move_on(&mut transaction, position, reference.hash).await?;
        Ok(transaction.commit().await?)
    }

    async fn apply_up_to<'a>(
        &self,
        change_sets: impl Iterator<Item = &'a ChangeSet>,
        last: Option<&Entry>,
    ) -> Result<ApplyReport, Error> {
        let (by_item, mut applied) = sorted(change_sets);
        if by_item.is_empty() && last.is_none() {
            return Ok(applied);
        }
        let by_item: Vec<_> = by_item.into_iter().collect();
        let mut transaction = self.database.begin_write().await?;
        for some in by_item.chunks(PER_STATEMENT) {
            advance_items(&mut transaction, some, &mut applied).await?;
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

    /// Returns the version at which an aggregate is in the rows; 0 if it is not.
    pub(crate) async fn checkpoint(&self, aggregate: &AggregateId) -> Result<Version, Error> {
        let mut connection = self.database.readers().acquire().await?;
        let found = checkpoints::of(&mut connection, &aggregate.kind, &[aggregate.id]).await?;
        Ok(found.get(&aggregate.id).copied().unwrap_or(0))
    }
}

fn sorted<'a>(change_sets: impl Iterator<Item = &'a ChangeSet>) -> (ByItem<'a>, ApplyReport) {
    let mut applied = ApplyReport::default();
    let mut by_item = ByItem::new();
    for change_set in change_sets {
        if has_rows(&change_set.aggregate.kind) {
            by_item.entry(change_set.aggregate.id).or_default().push(change_set);
        } else {
            applied.skipped += 1;
        }
    }
    for history in by_item.values_mut() {
        history.sort_by_key(|change_set| change_set.version);
    }
    (by_item, applied)
}

async fn advance_items(
    connection: &mut DbConnection,
    by_item: &[(Uuid, Vec<&ChangeSet>)],
    applied: &mut ApplyReport,
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = by_item.iter().map(|(id, _)| *id).collect();
    let checkpoints = checkpoints::of(connection, InventoryItem::KIND, &ids).await?;
    let mut rows = items::of(connection, &ids).await?;
    let (mut new, mut versions) = (Vec::new(), Vec::new());
    for (id, history) in by_item {
        // A row counts only with its matching checkpoint; otherwise the item starts from nothing.
        let before = rows.remove(id).filter(|row| checkpoints.get(id) == Some(&row.version));
        let Some(after) = advance_item(*id, before.clone(), history, applied) else { continue };
        versions.push((*id, after.version));
        match before {
            Some(before) => items::update(connection, &before, &after).await?,
            None => new.push(after),
        }
    }
    items::insert(connection, &new).await?;
    checkpoints::save(connection, InventoryItem::KIND, &versions).await
}

/// Returns the row advanced by these change sets, or `None` if none of them advances it.
fn advance_item(
    id: Uuid,
    mut row: Option<InventoryItemRow>,
    history: &[&ChangeSet],
    applied: &mut ApplyReport,
) -> Option<InventoryItemRow> {
    let aggregate = || AggregateId::of::<InventoryItem>(id);
    let before = row.as_ref().map_or(0, |row| row.version);
    for change_set in history {
        let next = row.as_ref().map_or(0, |row| row.version) + 1;
        if change_set.version < next {
            applied.skipped += 1;
            continue;
        }
        if change_set.version > next {
            applied.gaps.push(Gap { aggregate: aggregate(), from: next });
            break;
        }
        match change_set.events::<InventoryItem>() {
            Ok(events) => {
                let recorded_at = change_set.content().recorded_at;
                row = Some(items::advance(row, id, next, &events, recorded_at));
                applied.applied += 1;
            }
            Err(error) => {
                let problem = error.to_string();
                let aggregate = aggregate();
                applied.unreadable.push(Unreadable { aggregate, version: next, problem });
                break;
            }
        }
    }
    row.filter(|row| row.version > before)
}

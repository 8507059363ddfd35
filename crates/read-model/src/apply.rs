use std::collections::BTreeMap;

use domain::InventoryItem;
use domain::inventory_item::InventoryItemRow;
use event_store::feed::{Entry, Position, Reference};
use event_store::{Aggregate, AggregateId, ChangeSet, Version};
use uuid::Uuid;

use crate::database::DbConnection;
use crate::{Error, ReadModel, behind, checkpoints, items, standing};

/// How many aggregates one statement reads or writes.
const PER_STATEMENT: usize = 100;

/// What became of a batch of change sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many are in the rows now and were not before.
    pub applied: u64,
    /// How many were in the rows already, or are of a kind that nothing here shows.
    pub skipped: u64,
    /// Aggregates of which something in between is missing.
    pub gaps: Vec<Gap>,
    /// Aggregates that cannot go on, as their next change set cannot be read.
    pub unreadable: Vec<Unreadable>,
}

/// A change set came, and the one it follows is not in the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Whose.
    pub aggregate: AggregateId,
    /// The first version that is needed.
    pub from: Version,
}

/// A change set whose events this program cannot read. The row stays at the version before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Whose.
    pub aggregate: AggregateId,
    /// Its version.
    pub version: Version,
    /// What is wrong with it.
    pub problem: String,
}

/// Whether this kind of aggregate has rows here.
pub(crate) fn has_rows(kind: &str) -> bool {
    kind == InventoryItem::KIND
}

/// The change sets of each item, ascending by version.
type ByItem<'a> = BTreeMap<Uuid, Vec<&'a ChangeSet>>;

impl ReadModel {
    /// Brings rows and checkpoints on by these change sets, of any aggregates, in any order, known or
    /// not: all of it in one transaction.
    ///
    /// # Errors
    /// [`Error::Database`]: then none of it is applied.
    pub async fn apply(&self, change_sets: &[ChangeSet]) -> Result<Outcome, Error> {
        self.apply_up_to(change_sets.iter(), None).await
    }

    /// The same for the next entries of the feed; the rows' position is moved on in that transaction too.
    ///
    /// # Errors
    /// As [`ReadModel::apply`].
    pub async fn apply_entries(&self, entries: &[Entry]) -> Result<Outcome, Error> {
        self.apply_up_to(entries.iter().map(|entry| &entry.change_set), entries.last()).await
    }

    /// Passes over an entry that cannot be read, by which its aggregate's rows are behind.
    pub(crate) async fn pass_over(
        &self,
        position: Position,
        reference: &Reference,
    ) -> Result<(), Error> {
        let mut transaction = self.database.begin_write().await?;
        let shown = Some(&reference.aggregate).filter(|aggregate| has_rows(&aggregate.kind));
        behind::note(&mut transaction, shown.into_iter()).await?;
        standing::move_on(&mut transaction, position, reference.hash).await?;
        Ok(transaction.commit().await?)
    }

    async fn apply_up_to<'a>(
        &self,
        change_sets: impl Iterator<Item = &'a ChangeSet>,
        last: Option<&Entry>,
    ) -> Result<Outcome, Error> {
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
            behind::note(&mut transaction, gaps.chain(unreadable)).await?;
            standing::move_on(&mut transaction, *position, change_set.hash).await?;
        }
        transaction.commit().await?;
        Ok(applied)
    }

    /// The version that an aggregate is in the rows at; 0 when it is not.
    pub(crate) async fn checkpoint(&self, aggregate: &AggregateId) -> Result<Version, Error> {
        let mut connection = self.database.readers().acquire().await?;
        let found = checkpoints::of(&mut connection, &aggregate.kind, &[aggregate.id]).await?;
        Ok(found.get(&aggregate.id).copied().unwrap_or(0))
    }
}

fn sorted<'a>(change_sets: impl Iterator<Item = &'a ChangeSet>) -> (ByItem<'a>, Outcome) {
    let mut applied = Outcome::default();
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
    applied: &mut Outcome,
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = by_item.iter().map(|(id, _)| *id).collect();
    let checkpoints = checkpoints::of(connection, InventoryItem::KIND, &ids).await?;
    let mut rows = items::of(connection, &ids).await?;
    let (mut new, mut versions) = (Vec::new(), Vec::new());
    for (id, history) in by_item {
        // A row counts only beside its checkpoint; otherwise the item starts from nothing.
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

/// The row as far as these change sets bring it; `None` when they bring it nowhere.
fn advance_item(
    id: Uuid,
    mut row: Option<InventoryItemRow>,
    history: &[&ChangeSet],
    applied: &mut Outcome,
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

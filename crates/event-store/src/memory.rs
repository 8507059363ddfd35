use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::feed::{AppendedBatch, Batch, FeedStore, Reference};
use crate::{
    AggregateId, Appended, AppendedAll, BODY_LIMIT, ChangeSet, Hash, Keys, Loaded, PAGE_BYTES,
    Page, Reach, Snapshot, Store, StoreError, TOGETHER, Version,
};

/// A store in memory: for tests, and as the shortest complete account of what a store does.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    partitions: Arc<Mutex<BTreeMap<AggregateId, Partition>>>,
    batches: Arc<Mutex<Vec<Batch>>>,
}

#[derive(Clone, Debug, Default)]
struct Partition {
    change_sets: Vec<ChangeSet>,
    snapshots: BTreeMap<Version, Snapshot>,
}

const KEYS_PER_PAGE: usize = 100;

impl Partition {
    fn at(&self, version: Version) -> Option<&ChangeSet> {
        self.change_sets.iter().find(|c| c.version == version)
    }
}

impl MemoryStore {
    fn partitions(&self) -> MutexGuard<'_, BTreeMap<AggregateId, Partition>> {
        // Nothing below panics between two writes, so a poisoned map is still whole.
        self.partitions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn feed(&self) -> MutexGuard<'_, Vec<Batch>> {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn partition(&self, aggregate: &AggregateId) -> Partition {
        self.partitions().get(aggregate).cloned().unwrap_or_default()
    }
}

impl Store for MemoryStore {
    fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.partitions, &other.partitions)
    }

    async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
        let Partition { mut change_sets, snapshots } = self.partition(aggregate);
        let start = (0, Hash::ZERO);
        let (schema, version) = match reach {
            Reach::Head { schema } | Reach::Eventual { schema } => (schema, Version::MAX),
            Reach::AsOf { version, schema } => (schema, version),
            Reach::Whole => return Loaded::checked(aggregate, None, change_sets, start),
            Reach::Since { version, hash } => {
                change_sets.retain(|c| c.version > version);
                return Loaded::checked(aggregate, None, change_sets, (version, hash));
            }
        };
        change_sets.retain(|c| c.version <= version);
        // A snapshot is usable if its schema matches and its change set exists, unaltered, with the
        // hash that the snapshot names.
        let snapshot = snapshots.into_values().rev().find(|s| {
            let own = change_sets.iter().find(|c| c.version == s.version);
            s.schema == schema && own.is_some_and(|c| c.hash == s.hash && c.is_unaltered())
        });
        change_sets.retain(|c| snapshot.as_ref().is_none_or(|s| c.version > s.version));
        Loaded::checked(aggregate, snapshot, change_sets, start)
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        Ok(match self.append_all(std::slice::from_ref(change_set)).await? {
            AppendedAll::Written => Appended::Written,
            AppendedAll::Again => Appended::Again,
            AppendedAll::Taken(mut winners) => Appended::Taken(winners.remove(0).into()),
        })
    }

    async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
        if change_sets.len() > TOGETHER {
            return Err(StoreError::TooMany { count: change_sets.len() });
        }
        if let Some(bytes) = change_sets.iter().map(|c| c.body().len()).find(|b| *b > BODY_LIMIT) {
            return Err(StoreError::TooLarge { bytes, limit: BODY_LIMIT });
        }
        let mut partitions = self.partitions();
        let standing: Vec<ChangeSet> = change_sets
            .iter()
            .filter_map(|new| partitions.get(&new.aggregate)?.at(new.version).cloned())
            .collect();
        if standing == change_sets && !standing.is_empty() {
            return Ok(AppendedAll::Again);
        }
        if !standing.is_empty() {
            return Ok(AppendedAll::Taken(standing));
        }
        for new in change_sets {
            partitions.entry(new.aggregate.clone()).or_default().change_sets.push(new.clone());
        }
        Ok(AppendedAll::Written)
    }

    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        let history = self.partition(aggregate).change_sets.into_iter();
        Ok(match page {
            Page::After { version, limit } => {
                within_a_page(history.filter(|c| c.version > version).take(limit))
            }
            Page::Before { version, limit } => {
                within_a_page(history.rev().filter(|c| c.version < version).take(limit))
            }
        })
    }

    async fn keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
        let skip = cursor.and_then(|c| c.parse().ok()).unwrap_or(0);
        let partitions = self.partitions();
        let all = partitions.values().flat_map(|p| &p.change_sets);
        let keys: Vec<_> =
            all.skip(skip).take(KEYS_PER_PAGE).map(|c| (c.aggregate.clone(), c.version)).collect();
        let next = (keys.len() == KEYS_PER_PAGE).then(|| (skip + KEYS_PER_PAGE).to_string());
        Ok(Keys { keys, next })
    }

    async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let mut partitions = self.partitions();
        let partition = partitions.entry(snapshot.aggregate.clone()).or_default();
        partition.snapshots.insert(snapshot.version, snapshot.clone());
        Ok(())
    }
}

impl FeedStore for MemoryStore {
    async fn append_batch(&self, batch: &Batch) -> Result<AppendedBatch, StoreError> {
        let mut batches = self.feed();
        match batches.iter().find(|there| there.number == batch.number) {
            Some(own) if own.hash == batch.hash => Ok(AppendedBatch::Written),
            Some(winner) => Ok(AppendedBatch::Taken(winner.clone())),
            None => {
                batches.push(batch.clone());
                Ok(AppendedBatch::Written)
            }
        }
    }

    async fn batches(&self, after: u64, limit: usize) -> Result<Vec<Batch>, StoreError> {
        Ok(self.feed().iter().filter(|batch| batch.number > after).take(limit).cloned().collect())
    }

    async fn referenced(&self, references: &[Reference]) -> Result<Vec<ChangeSet>, StoreError> {
        let partitions = self.partitions();
        let found = |named: &Reference| {
            partitions.get(&named.aggregate).and_then(|partition| partition.at(named.version))
        };
        let mut resolved = Vec::new();
        let mut bytes = 0;
        for named in references {
            if bytes >= PAGE_BYTES {
                break;
            }
            let change_set = named.resolve(found(named).cloned())?;
            bytes += change_set.body().len();
            resolved.push(change_set);
        }
        Ok(resolved)
    }
}

/// Takes change sets until their bodies reach [`PAGE_BYTES`], including the one that does.
fn within_a_page(change_sets: impl Iterator<Item = ChangeSet>) -> Vec<ChangeSet> {
    let mut bytes = 0;
    let fits = |change_set: &ChangeSet| {
        let before = bytes;
        bytes += change_set.body().len();
        before < PAGE_BYTES
    };
    change_sets.take_while(fits).collect()
}

/// Access behind the store's back, for the conformance suite.
#[cfg(feature = "testing")]
impl MemoryStore {
    pub(crate) fn overwrite(&self, change_set: &ChangeSet) {
        self.remove(&change_set.aggregate, change_set.version);
        let mut partitions = self.partitions();
        let history = &mut partitions.entry(change_set.aggregate.clone()).or_default().change_sets;
        let place = history.partition_point(|c| c.version < change_set.version);
        history.insert(place, change_set.clone());
    }

    pub(crate) fn remove(&self, aggregate: &AggregateId, version: Version) {
        if let Some(partition) = self.partitions().get_mut(aggregate) {
            partition.change_sets.retain(|c| c.version != version);
        }
    }

    pub(crate) fn damage_snapshot(&self, aggregate: &AggregateId, version: Version) {
        let mut partitions = self.partitions();
        let snapshots = partitions.get_mut(aggregate).map(|p| &mut p.snapshots);
        if let Some(snapshot) = snapshots.and_then(|s| s.get_mut(&version)) {
            snapshot.hash = Hash::ZERO;
        }
    }
    pub(crate) fn newest_snapshot(
        &self,
        aggregate: &AggregateId,
        until: Version,
    ) -> Option<Snapshot> {
        let snapshots = self.partition(aggregate).snapshots;
        snapshots.range(..=until).next_back().map(|(_, snapshot)| snapshot.clone())
    }
}

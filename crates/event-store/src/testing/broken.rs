//! Stores broken on purpose. Each has one defect that real stores have had. The conformance suite
//! has to fail on every one of them, or it proves nothing.

use crate::testing::conformance::{Failure, Harness, InMemory};
use crate::{
    AggregateId, Appended, AppendedAll, ChangeSet, Keys, Loaded, MemoryStore, Page, Reach,
    Snapshot, Store, StoreError, Version,
};

/// A defect of a store, and the harness for stores that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// Appends without a condition: the last writer wins.
    NoCondition,
    /// Loads a snapshot without the change sets after it.
    LostTail,
    /// Returns the first page as if it were everything.
    NoPaging,
    /// Loses the ids of taken commands from its snapshots.
    DedupeIgnored,
    /// Loads without checking the chain.
    Unchecked,
    /// Trusts a snapshot without checking its change set.
    Credulous,
    /// Reports a repeated change set as a competitor's.
    Estranged,
    /// Appends several change sets one by one, up to the first that is taken.
    OneByOne,
    /// Stores large bodies by aggregate and version, so the loser of a race overwrites the
    /// winner's.
    Mislaid,
    /// Truncates large bodies.
    CutOff,
    /// Claims that every store is a clone of itself.
    Indiscriminate,
}

impl Defect {
    /// All defects.
    pub const ALL: [Self; 11] = [
        Self::NoCondition,
        Self::LostTail,
        Self::NoPaging,
        Self::DedupeIgnored,
        Self::Unchecked,
        Self::Credulous,
        Self::Estranged,
        Self::OneByOne,
        Self::Mislaid,
        Self::CutOff,
        Self::Indiscriminate,
    ];
}

/// A [`MemoryStore`] with a defect.
#[derive(Clone, Debug)]
pub struct BrokenStore {
    sound: MemoryStore,
    defect: Defect,
}

impl BrokenStore {
    /// Creates an empty store with this defect.
    pub fn new(defect: Defect) -> Self {
        Self { sound: MemoryStore::default(), defect }
    }
}

/// The number of change sets that a store without paging returns.
const FIRST_PAGE: usize = 8;
/// The number of bytes above which a body counts as large.
const LARGE: usize = 100_000;

impl Store for BrokenStore {
    fn is_same(&self, other: &Self) -> bool {
        self.defect == Defect::Indiscriminate || self.sound.is_same(&other.sound)
    }

    async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
        let mut loaded = match self.defect {
            Defect::Unchecked => self.load_unchecked(aggregate, reach).await?,
            Defect::Credulous => self.load_credulously(aggregate, reach).await?,
            _ => self.sound.load(aggregate, reach).await?,
        };
        match self.defect {
            Defect::LostTail if loaded.snapshot.is_some() => loaded.change_sets.clear(),
            Defect::NoPaging => loaded.change_sets.truncate(FIRST_PAGE),
            Defect::DedupeIgnored => {
                loaded.snapshot = loaded.snapshot.map(forgetful).transpose()?
            }
            _ => {}
        }
        Ok(loaded)
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        match self.defect {
            Defect::NoCondition => {
                self.sound.overwrite(change_set);
                Ok(Appended::Written)
            }
            Defect::Estranged => {
                let before = Page::After { version: change_set.version - 1, limit: 1 };
                let there = self.sound.change_sets(&change_set.aggregate, before).await?.pop();
                match there {
                    Some(own) if own == *change_set => Ok(Appended::Taken(own.into())),
                    _ => self.sound.append(change_set).await,
                }
            }
            Defect::Mislaid if change_set.body().len() > LARGE => {
                let appended = self.sound.append(change_set).await?;
                if let Appended::Taken(winner) = &appended {
                    self.sound.overwrite(&with_body(winner, change_set.body())?);
                }
                Ok(appended)
            }
            Defect::CutOff if change_set.body().len() > LARGE => {
                let appended = self.sound.append(change_set).await?;
                let shorter = change_set.body().replace("xx", "x");
                self.sound.overwrite(&with_body(change_set, &shorter)?);
                Ok(appended)
            }
            _ => self.sound.append(change_set).await,
        }
    }

    async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
        if self.defect != Defect::OneByOne {
            return self.sound.append_all(change_sets).await;
        }
        for change_set in change_sets {
            if let Appended::Taken(winner) = self.sound.append(change_set).await? {
                return Ok(AppendedAll::Taken(vec![*winner]));
            }
        }
        Ok(AppendedAll::Written)
    }

    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        let mut change_sets = self.sound.change_sets(aggregate, page).await?;
        if self.defect == Defect::NoPaging {
            change_sets.truncate(FIRST_PAGE);
        }
        Ok(change_sets)
    }

    async fn keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
        let mut keys = self.sound.keys(cursor).await?;
        if self.defect == Defect::NoPaging {
            keys.next = None;
        }
        Ok(keys)
    }

    async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.sound.save_snapshot(snapshot).await
    }
}

impl BrokenStore {
    async fn load_unchecked(
        &self,
        aggregate: &AggregateId,
        reach: Reach,
    ) -> Result<Loaded, StoreError> {
        let (after, until) = match reach {
            Reach::Since { version, .. } => (version, Version::MAX),
            Reach::AsOf { version, .. } => (0, version),
            Reach::Head { .. } | Reach::Eventual { .. } | Reach::Whole => (0, Version::MAX),
        };
        match self.sound.load(aggregate, reach).await {
            Err(StoreError::Corrupt { .. }) => {
                let everything = Page::After { version: after, limit: usize::MAX };
                let mut change_sets = self.sound.change_sets(aggregate, everything).await?;
                change_sets.retain(|c| c.version <= until);
                Ok(Loaded { snapshot: None, change_sets })
            }
            loaded => loaded,
        }
    }

    async fn load_credulously(
        &self,
        aggregate: &AggregateId,
        reach: Reach,
    ) -> Result<Loaded, StoreError> {
        let (schema, until) = match reach {
            Reach::Head { schema } | Reach::Eventual { schema } => (schema, Version::MAX),
            Reach::AsOf { version, schema } => (schema, version),
            Reach::Since { .. } | Reach::Whole => return self.sound.load(aggregate, reach).await,
        };
        match self.sound.newest_snapshot(aggregate, until).filter(|s| s.schema == schema) {
            Some(snapshot) => {
                let (version, hash) = (snapshot.version, snapshot.hash);
                let since = Reach::Since { version, hash };
                let mut change_sets = self.sound.load(aggregate, since).await?.change_sets;
                change_sets.retain(|c| c.version <= until);
                Ok(Loaded { snapshot: Some(snapshot), change_sets })
            }
            None => self.sound.load(aggregate, reach).await,
        }
    }
}

fn with_body(change_set: &ChangeSet, body: &str) -> Result<ChangeSet, StoreError> {
    let ChangeSet { aggregate, version, prev, hash, .. } = change_set.clone();
    Ok(ChangeSet::from_parts(aggregate, version, prev, hash, body.to_owned())?)
}

/// Replaces the recent command ids in the snapshot with one invented, ancient id, and drops the
/// rest.
fn forgetful(mut snapshot: Snapshot) -> Result<Snapshot, StoreError> {
    let forget = |snapshot: &Snapshot| {
        let mut commands = serde_json::to_value(&snapshot.commands)?;
        if let Some(recent) = commands["recent"].as_array_mut() {
            recent.fill(serde_json::json!([uuid::Uuid::nil(), i64::MIN]));
        }
        for apart in ["ahead", "timeless"] {
            commands[apart] = serde_json::json!({ "ids": [], "left": null });
        }
        serde_json::from_value(commands)
    };
    snapshot.commands = forget(&snapshot).map_err(crate::DecodeError::from)?;
    Ok(snapshot)
}

impl Harness for Defect {
    type Store = BrokenStore;

    async fn empty(&self) -> Result<BrokenStore, Failure> {
        Ok(BrokenStore::new(*self))
    }

    /// Enough for the defects of large bodies to show.
    fn room(&self) -> usize {
        5 * LARGE
    }

    async fn overwrite(&self, store: &BrokenStore, change_set: &ChangeSet) -> Result<(), Failure> {
        InMemory.overwrite(&store.sound, change_set).await
    }

    async fn remove(
        &self,
        store: &BrokenStore,
        aggregate: &AggregateId,
        version: Version,
    ) -> Result<(), Failure> {
        InMemory.remove(&store.sound, aggregate, version).await
    }

    async fn damage_snapshot(
        &self,
        store: &BrokenStore,
        aggregate: &AggregateId,
        version: Version,
    ) -> Result<(), Failure> {
        InMemory.damage_snapshot(&store.sound, aggregate, version).await
    }
}

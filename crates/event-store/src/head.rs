use uuid::Uuid;

use crate::{
    Aggregate, AggregateId, ChainBreak, ChangeSet, CommandIndex, DecodeError, Hash, Loaded, Page,
    Reach, Snapshot, StoreError, Timestamp, Version,
};

/// The head of an aggregate: its newest version and hash, and the state folded up to there. Obtain
/// it from a load or an append, so that a whole history stands behind it.
#[derive(Clone, Debug)]
pub struct Head<A> {
    aggregate: AggregateId,
    /// The state.
    pub state: A,
    /// The newest version; 0 before the first change set.
    pub version: Version,
    /// The newest change set's hash.
    pub hash: Hash,
    /// `recorded_at` of version 1.
    pub created_at: Timestamp,
    /// `recorded_at` of the newest version.
    pub updated_at: Timestamp,
    /// The commands that were taken.
    pub commands: CommandIndex,
}

/// An error from [`Head::apply`].
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The change set is not the next one of this history.
    #[error(transparent)]
    NotNext(#[from] ChainBreak),
    /// One of the change set's events cannot be read.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
}

impl ApplyError {
    /// Converts this into the error of a load.
    pub(crate) fn at(self, change_set: &ChangeSet) -> StoreError {
        match self {
            Self::NotNext(broken) => StoreError::broken(&change_set.aggregate, broken),
            Self::Unreadable(error) => {
                StoreError::unreadable(&change_set.aggregate, change_set.version, error)
            }
        }
    }
}

impl<A: Aggregate> Head<A> {
    /// The head of an aggregate before its first change set.
    pub fn empty(id: Uuid) -> Self {
        Self {
            aggregate: AggregateId::of::<A>(id),
            state: A::default(),
            version: 0,
            hash: Hash::ZERO,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
            commands: CommandIndex::default(),
        }
    }

    /// Folds the result of a load.
    ///
    /// # Errors
    /// [`StoreError::Newer`] for an event of an unknown schema; [`StoreError::Corrupt`] when an
    /// event or the snapshot's state cannot be read. If it is the snapshot's, load again with
    /// [`Reach::Whole`], as [`Head::load`] does.
    pub fn fold(id: Uuid, loaded: Loaded) -> Result<Self, StoreError> {
        Self::fold_with_tail(id, loaded).map(|(head, _)| head)
    }

    fn fold_with_tail(id: Uuid, loaded: Loaded) -> Result<(Self, Vec<ChangeSet>), StoreError> {
        let mut head = Self::empty(id);
        if let Some(snapshot) = loaded.snapshot {
            let Snapshot { version, hash, created_at, updated_at, state, commands, .. } = snapshot;
            let state = serde_json::from_value(state)
                .map_err(|e| StoreError::corrupt(&head.aggregate, version, e))?;
            head = Self { state, version, hash, created_at, updated_at, commands, ..head };
        }
        for change_set in &loaded.change_sets {
            head.apply(change_set).map_err(|error| error.at(change_set))?;
        }
        Ok((head, loaded.change_sets))
    }

    /// Loads and folds up to the newest version, or up to `as_of`. Loads again without snapshots if
    /// one cannot be used.
    ///
    /// # Errors
    /// As [`crate::Store::load`].
    pub async fn load(
        store: &impl crate::Store,
        id: Uuid,
        as_of: Option<Version>,
    ) -> Result<Self, StoreError> {
        let reach = Reach::back_from::<A>(as_of);
        Self::load_with_tail(store, id, reach).await.map(|(head, _)| head)
    }

    /// Loads and folds up to the last version that was recorded at `moment` or before it; version 0
    /// if the first was recorded later. `recorded_at` never decreases along a history, so bisection
    /// finds the version: a load, a read of one change set for each halving, and a load.
    ///
    /// # Errors
    /// As [`crate::Store::load`].
    pub async fn load_at(
        store: &impl crate::Store,
        id: Uuid,
        moment: Timestamp,
    ) -> Result<Self, StoreError> {
        let newest = Self::load(store, id, None).await?;
        if newest.version == 0 || newest.updated_at <= moment {
            return Ok(newest);
        }
        if newest.created_at > moment {
            return Ok(Self::empty(id));
        }
        let (mut at_or_before, mut after) = (1, newest.version);
        while after - at_or_before > 1 {
            let middle = at_or_before + (after - at_or_before) / 2;
            let page = Page::After { version: middle - 1, limit: 1 };
            let found = store.change_sets(&newest.aggregate, page).await?.pop();
            let Some(found) = found.filter(|found| found.version == middle) else {
                return Err(StoreError::corrupt(&newest.aggregate, middle, "is missing"));
            };
            if found.content().recorded_at <= moment {
                at_or_before = middle;
            } else {
                after = middle;
            }
        }
        Self::load(store, id, Some(at_or_before)).await
    }

    /// Loads and folds with an eventually consistent read, which may be a moment old
    /// ([`Reach::Eventual`]).
    ///
    /// # Errors
    /// As [`crate::Store::load`].
    pub async fn load_eventual(store: &impl crate::Store, id: Uuid) -> Result<Self, StoreError> {
        let reach = Reach::Eventual { schema: A::STATE_SCHEMA };
        Self::load_with_tail(store, id, reach).await.map(|(head, _)| head)
    }

    /// Loads and folds, and also returns the change sets that were read: the newest, ascending.
    pub(crate) async fn load_with_tail(
        store: &impl crate::Store,
        id: Uuid,
        reach: Reach,
    ) -> Result<(Self, Vec<ChangeSet>), StoreError> {
        let aggregate = AggregateId::of::<A>(id);
        let loaded = store.load(&aggregate, reach).await?;
        let from_snapshot = loaded.snapshot.is_some();
        match Self::fold_with_tail(id, loaded) {
            Err(StoreError::Corrupt { .. }) if from_snapshot => {
                let mut whole = store.load(&aggregate, Reach::Whole).await?;
                if let Reach::AsOf { version, .. } = reach {
                    whole.change_sets.retain(|c| c.version <= version);
                }
                Self::fold_with_tail(id, whole)
            }
            folded => folded,
        }
    }

    /// Advances by the next change set. The hash is taken as it stands; [`crate::verify_chain`]
    /// checks it.
    ///
    /// # Errors
    /// [`ApplyError`]; the head is then unchanged.
    pub fn apply(&mut self, change_set: &ChangeSet) -> Result<(), ApplyError> {
        let (expected, found) = (self.version + 1, change_set.version);
        if change_set.aggregate != self.aggregate {
            return Err(ChainBreak::Foreign { version: expected }.into());
        }
        if found != expected {
            return Err(ChainBreak::Gap { expected, found }.into());
        }
        if change_set.prev != self.hash {
            return Err(ChainBreak::Unchained { version: found }.into());
        }
        let events = change_set.events::<A>()?;
        self.state = events.iter().fold(std::mem::take(&mut self.state), A::evolve);
        self.version = change_set.version;
        self.hash = change_set.hash;
        self.updated_at = change_set.content().recorded_at;
        if self.version == 1 {
            self.created_at = self.updated_at;
        }
        self.commands.push(change_set);
        Ok(())
    }

    /// The aggregate that this head belongs to.
    pub fn aggregate(&self) -> &AggregateId {
        &self.aggregate
    }

    /// Returns this head as a snapshot.
    ///
    /// # Errors
    /// When the state does not serialize.
    pub fn snapshot(&self) -> Result<Snapshot, DecodeError> {
        Ok(Snapshot {
            aggregate: self.aggregate.clone(),
            version: self.version,
            hash: self.hash,
            schema: A::STATE_SCHEMA,
            created_at: self.created_at,
            updated_at: self.updated_at,
            state: serde_json::to_value(&self.state)?,
            commands: self.commands.condensed(),
        })
    }
}

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::{
    AggregateId, Appended, AppendedAll, ChangeSet, Keys, Loaded, Page, Reach, Snapshot, Store,
    StoreError,
};

/// A failure of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    /// The append is carried out, but its answer never arrives.
    AnswerLost,
    /// The append never arrives.
    RequestLost,
    /// The append is carried out, but its caller is dropped before the answer.
    Dropped,
    /// The load fails.
    LoadFailed,
}

/// A store that, once armed, fails the next call of one kind.
#[derive(Clone, Debug)]
pub(super) struct Interrupted<S> {
    pub(super) sound: S,
    interruption: Interruption,
    armed: Arc<AtomicBool>,
}

impl<S> Interrupted<S> {
    pub(super) fn new(sound: S, interruption: Interruption) -> Self {
        Self { sound, interruption, armed: Arc::default() }
    }

    pub(super) fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }

    fn strikes(&self, one_of: &[Interruption]) -> bool {
        one_of.contains(&self.interruption) && self.armed.swap(false, Ordering::SeqCst)
    }
}

impl<S: Store> Interrupted<S> {
    async fn interrupted<T>(
        &self,
        append: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        use Interruption::{AnswerLost, Dropped, RequestLost};
        if !self.strikes(&[AnswerLost, RequestLost, Dropped]) {
            return append.await;
        }
        if self.interruption != RequestLost {
            append.await?;
        }
        if self.interruption == Dropped {
            std::future::pending::<()>().await;
        }
        Err(away())
    }
}

fn away() -> StoreError {
    StoreError::Unavailable {
        reason: "on purpose".to_owned(),
        retry_after: Duration::from_millis(1),
    }
}

impl<S: Store> Store for Interrupted<S> {
    fn is_same(&self, other: &Self) -> bool {
        self.sound.is_same(&other.sound)
    }

    async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
        if self.strikes(&[Interruption::LoadFailed]) {
            return Err(away());
        }
        self.sound.load(aggregate, reach).await
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        self.interrupted(self.sound.append(change_set)).await
    }

    async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
        self.interrupted(self.sound.append_all(change_sets)).await
    }

    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        self.sound.change_sets(aggregate, page).await
    }

    async fn keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
        self.sound.keys(cursor).await
    }

    async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        self.sound.save_snapshot(snapshot).await
    }
}

use crate::{AggregateId, ChangeSet, MemoryStore, Store, Version};

use super::verdict::Verdict;

/// A kind of store under test: how to get an empty one, and how to tamper with what it keeps.
pub trait Harness: Sync {
    /// The store.
    type Store: Store;

    /// A store with nothing in it, apart from all others.
    fn empty(&self) -> impl Future<Output = Verdict<Self::Store>> + Send;

    /// Puts this change set where its aggregate and version say, whatever stands there.
    fn overwrite(
        &self,
        store: &Self::Store,
        change_set: &ChangeSet,
    ) -> impl Future<Output = Verdict> + Send;

    /// Takes a change set away.
    fn remove(
        &self,
        store: &Self::Store,
        aggregate: &AggregateId,
        version: Version,
    ) -> impl Future<Output = Verdict> + Send;

    /// Damages the snapshot of this version, as a disk would.
    fn damage_snapshot(
        &self,
        store: &Self::Store,
        aggregate: &AggregateId,
        version: Version,
    ) -> impl Future<Output = Verdict> + Send;
}

/// [`MemoryStore`].
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemory;

impl Harness for InMemory {
    type Store = MemoryStore;

    async fn empty(&self) -> Verdict<MemoryStore> {
        Ok(MemoryStore::default())
    }

    async fn overwrite(&self, store: &MemoryStore, change_set: &ChangeSet) -> Verdict {
        store.overwrite(change_set);
        Ok(())
    }

    async fn remove(
        &self,
        store: &MemoryStore,
        aggregate: &AggregateId,
        version: Version,
    ) -> Verdict {
        store.remove(aggregate, version);
        Ok(())
    }

    async fn damage_snapshot(
        &self,
        store: &MemoryStore,
        aggregate: &AggregateId,
        version: Version,
    ) -> Verdict {
        store.damage_snapshot(aggregate, version);
        Ok(())
    }
}

#[cfg(feature = "dynamodb")]
pub use on_dynamodb::OnDynamoDb;

#[cfg(feature = "dynamodb")]
mod on_dynamodb {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_sdk_dynamodb::Client;

    use super::{AggregateId, ChangeSet, Harness, Verdict, Version};
    use crate::dynamodb::DynamoDbStore;

    /// [`DynamoDbStore`], on whatever the client leads to. Each check has a table of its own.
    #[derive(Debug)]
    pub struct OnDynamoDb {
        client: Client,
        tables: AtomicUsize,
    }

    impl OnDynamoDb {
        /// Tables are named `conformance-0` and on; there must be none of these yet.
        pub fn new(client: Client) -> Self {
            Self { client, tables: AtomicUsize::new(0) }
        }
    }

    impl Harness for OnDynamoDb {
        type Store = DynamoDbStore;

        async fn empty(&self) -> Verdict<DynamoDbStore> {
            let table = format!("conformance-{}", self.tables.fetch_add(1, Ordering::Relaxed));
            let store = DynamoDbStore::new(self.client.clone(), table);
            store.ensure_table().await?;
            Ok(store)
        }

        async fn overwrite(&self, store: &DynamoDbStore, change_set: &ChangeSet) -> Verdict {
            Ok(store.overwrite(change_set).await?)
        }

        async fn remove(
            &self,
            store: &DynamoDbStore,
            aggregate: &AggregateId,
            version: Version,
        ) -> Verdict {
            Ok(store.remove(aggregate, version).await?)
        }

        async fn damage_snapshot(
            &self,
            store: &DynamoDbStore,
            aggregate: &AggregateId,
            version: Version,
        ) -> Verdict {
            Ok(store.damage_snapshot(aggregate, version).await?)
        }
    }
}

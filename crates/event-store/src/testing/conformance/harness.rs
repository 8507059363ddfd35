use crate::{AggregateId, BODY_LIMIT, ChangeSet, MemoryStore, Store, Version};

use super::verdict::Verdict;

/// A kind of store under test: creates empty stores and tampers with their contents.
pub trait Harness: Sync {
    /// The type of the stores.
    type Store: Store;

    /// Creates an empty store, separate from all others.
    fn empty(&self) -> impl Future<Output = Verdict<Self::Store>> + Send;

    /// Returns the largest body, in bytes, that the store has to accept, even of
    /// [noise](crate::testing::noise).
    fn room(&self) -> usize {
        BODY_LIMIT
    }

    /// Stores the change set at its aggregate and version, in place of any other.
    fn overwrite(
        &self,
        store: &Self::Store,
        change_set: &ChangeSet,
    ) -> impl Future<Output = Verdict> + Send;

    /// Removes a change set.
    fn remove(
        &self,
        store: &Self::Store,
        aggregate: &AggregateId,
        version: Version,
    ) -> impl Future<Output = Verdict> + Send;

    /// Damages the snapshot of this version so that the store must ignore it: it cannot be read, or
    /// no longer names the hash of its change set.
    fn damage_snapshot(
        &self,
        store: &Self::Store,
        aggregate: &AggregateId,
        version: Version,
    ) -> impl Future<Output = Verdict> + Send;
}

/// The harness for [`MemoryStore`].
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
    use std::fmt;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_sdk_dynamodb::Client;

    use super::{AggregateId, ChangeSet, Harness, Verdict, Version};
    use crate::BODY_LIMIT;
    use crate::dynamodb::{DynamoDbStore, items};
    use crate::objects::Objects;

    /// Returns the objects of the table of this name.
    type ObjectsOf = Box<dyn Fn(&str) -> Arc<dyn Objects> + Send + Sync>;

    /// Makes a store without objects in the table of this name.
    type StoreIn = Box<dyn Fn(&str) -> DynamoDbStore + Send + Sync>;

    /// The harness for [`DynamoDbStore`] on the database under test. Each check gets its own table.
    pub struct OnDynamoDb {
        store: StoreIn,
        objects: Option<ObjectsOf>,
        tables: AtomicUsize,
    }

    impl OnDynamoDb {
        /// Tests stores that send their requests through this client. Tables are named
        /// `conformance-0`, `conformance-1` and so on; none of them may exist yet.
        pub fn new(client: Client) -> Self {
            Self::made_by(move |table| DynamoDbStore::new(client.clone(), table))
        }

        /// Tests the stores that this function makes for the name of a table.
        pub fn made_by(store: impl Fn(&str) -> DynamoDbStore + Send + Sync + 'static) -> Self {
            Self { store: Box::new(store), objects: None, tables: AtomicUsize::new(0) }
        }

        /// Adds object storage. Tables are named `conformance-with-objects-0`,
        /// `conformance-with-objects-1` and so on.
        #[must_use]
        pub fn with_objects(
            self,
            objects: impl Fn(&str) -> Arc<dyn Objects> + Send + Sync + 'static,
        ) -> Self {
            Self { objects: Some(Box::new(objects)), ..self }
        }
    }

    impl fmt::Debug for OnDynamoDb {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("OnDynamoDb").field("tables", &self.tables).finish_non_exhaustive()
        }
    }

    impl Harness for OnDynamoDb {
        type Store = DynamoDbStore;

        async fn empty(&self) -> Verdict<DynamoDbStore> {
            let number = self.tables.fetch_add(1, Ordering::Relaxed);
            let with = if self.objects.is_some() { "with-objects-" } else { "" };
            let table = format!("conformance-{with}{number}");
            let mut store = (self.store)(&table);
            if let Some(objects) = &self.objects {
                store = store.with_objects(objects(&table));
            }
            store.ensure_table().await?;
            Ok(store)
        }

        fn room(&self) -> usize {
            if self.objects.is_some() { BODY_LIMIT } else { items::ITEM_LIMIT }
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

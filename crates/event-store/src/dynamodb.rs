//! The store on DynamoDB, or on whatever speaks its language: where the requests land is a matter of
//! the client's configuration.
//!
//! In the steady state an append is one conditional `PutItem` and a load is one `Query`. Nothing is
//! ever updated in place but snapshots. See [`items`] for what is written, and [`crate::objects`] for
//! where it goes when it is too large for an item.

mod append;
mod config;
mod failure;
pub mod items;
mod keys;
mod load;
mod observe;
mod overflow;
mod sweep;
mod table;
#[cfg(feature = "testing")]
mod tampering;
mod together;

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use crate::objects::Objects;
use crate::{
    AggregateId, Appended, AppendedAll, ChangeSet, Hash, Keys, Loaded, Page, Reach, Snapshot,
    Store, StoreError, Version,
};
#[cfg(feature = "embedded")]
pub(crate) use config::nowhere;
pub use config::{for_endpoint, timeouts};
#[cfg(feature = "s3")]
pub(crate) use failure::reason;
use failure::{Failure, condition_failed};
use load::Range;
pub use observe::{Observer, Outcome, Request};
pub use sweep::{Count, Swept};
pub use table::TableError;

/// A store in one table of DynamoDB. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamoDbStore {
    client: Client,
    table: Arc<str>,
    objects: Option<Arc<dyn Objects>>,
    observer: Option<Arc<dyn Observer>>,
}

impl DynamoDbStore {
    /// A store in this table, which [`DynamoDbStore::ensure_table`] creates.
    pub fn new(client: Client, table: impl Into<Arc<str>>) -> Self {
        Self { client, table: table.into(), objects: None, observer: None }
    }

    /// The same store, whose bodies go to these objects when they are too large for an item. Without
    /// objects they are refused.
    #[must_use]
    pub fn with_objects(self, objects: Arc<dyn Objects>) -> Self {
        Self { objects: Some(objects), ..self }
    }

    /// The same store, each of whose requests this observer is told of.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    async fn observed<T, E>(
        &self,
        operation: &'static str,
        answer: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, SdkError<E, HttpResponse>>
    where
        T: observe::Billed,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let begun = Instant::now();
        let answer = answer.await;
        if let Some(observer) = &self.observer {
            let (read_units, write_units) = answer.as_ref().map_or((0.0, 0.0), T::units);
            let outcome = match &answer {
                Ok(_) => Outcome::Done,
                Err(error) if condition_failed(error) => Outcome::ConditionFailed,
                Err(error) => Failure::of(operation, error).outcome(),
            };
            let duration = begun.elapsed();
            observer.request(&Request { operation, duration, outcome, read_units, write_units });
        }
        answer
    }
}

impl Store for DynamoDbStore {
    async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
        match reach {
            Reach::Head { schema } => self.load_back(aggregate, Version::MAX, schema).await,
            Reach::AsOf { version, schema } => self.load_back(aggregate, version, schema).await,
            Reach::Since { version, hash } => self.load_on(aggregate, (version, hash)).await,
            Reach::Whole => self.load_on(aggregate, (0, Hash::ZERO)).await,
        }
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        self.put_change_set(change_set).await
    }

    async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
        self.put_together(change_sets).await
    }

    async fn change_sets(
        &self,
        aggregate: &AggregateId,
        page: Page,
    ) -> Result<Vec<ChangeSet>, StoreError> {
        match page {
            Page::After { version, limit } => {
                self.history(aggregate, Range::After(version), limit).await
            }
            Page::Before { version, limit } => {
                self.history(aggregate, Range::Before(version), limit).await
            }
        }
    }

    async fn keys(&self, cursor: Option<String>) -> Result<Keys, StoreError> {
        self.scan_keys(cursor).await
    }

    async fn save_snapshot(&self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(items::of_snapshot(snapshot)?))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.observed("PutItem", request.send())
            .await
            .map_err(|error| Failure::of("PutItem", &error))?;
        Ok(())
    }
}

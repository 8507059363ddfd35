//! The store on DynamoDB, or on a server with the same API. The client's configuration decides
//! where the requests go.
//!
//! In the steady state an append is one conditional `PutItem` and a load is one `Query`. Only
//! snapshots are ever overwritten. See [`items`] for the format, and [`crate::objects`] for bodies
//! that are too large for an item.

mod append;
mod config;
#[cfg(feature = "embedded")]
mod direct;
mod failure;
mod feed;
pub mod items;
mod keys;
mod load;
mod observe;
mod overflow;
#[cfg(feature = "streams")]
pub mod streams;
mod sweep;
mod table;
#[cfg(feature = "testing")]
mod tampering;
mod transaction;

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use tracing::field::Empty;
use tracing::{Instrument, Span, debug_span};

use crate::objects::Objects;
use crate::{
    AggregateId, Appended, AppendedAll, ChangeSet, Hash, Keys, Loaded, Page, Reach, Snapshot,
    Store, StoreError, Version, spans,
};
#[cfg(feature = "embedded")]
pub(crate) use append::NOT_TAKEN;
#[cfg(feature = "embedded")]
use append::Put;
/// The SDK's client, re-exported in the version that this crate uses.
pub use aws_sdk_dynamodb::Client;
#[cfg(feature = "embedded")]
pub(crate) use config::nowhere;
pub use config::{for_endpoint, https, timeouts};
pub use failure::reason;
use failure::{Failure, condition_failed};
use load::Range;
pub use observe::{Observer, Purpose, Request, RequestOutcome};
pub use sweep::{Count, Swept};
pub use table::{TableError, check_shape};

/// A store in one table of DynamoDB. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DynamoDbStore {
    client: Client,
    /// Sends each write once: an SDK retry would mistake its own write for a competitor's.
    write_client: Client,
    table: Arc<str>,
    /// The direct path to the engine, if it runs in this process.
    #[cfg(feature = "embedded")]
    direct: Option<crate::embedded::Direct>,
    objects: Option<Arc<dyn Objects>>,
    observer: Option<Arc<dyn Observer>>,
    purpose: Purpose,
}

impl DynamoDbStore {
    /// Returns a store in this table, which [`DynamoDbStore::ensure_table`] creates.
    pub fn new(client: Client, table: impl Into<Arc<str>>) -> Self {
        let config = client.config().to_builder().retry_config(RetryConfig::disabled());
        let write_client = Client::from_conf(config.build());
        let purpose = Purpose::Histories;
        Self {
            client,
            write_client,
            table: table.into(),
            #[cfg(feature = "embedded")]
            direct: None,
            objects: None,
            observer: None,
            purpose,
        }
    }

    /// Sends the puts of this store straight to the engine.
    #[cfg(feature = "embedded")]
    pub(crate) fn with_direct(self, direct: crate::embedded::Direct) -> Self {
        Self { direct: Some(direct), ..self }
    }

    /// Returns the same store, with these objects for bodies that are too large for an item.
    /// Without objects such bodies are refused.
    #[must_use]
    pub fn with_objects(self, objects: Arc<dyn Objects>) -> Self {
        Self { objects: Some(objects), ..self }
    }

    /// Returns the same store, which reports its requests to this observer.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Returns the same store, with its requests marked as the feed's.
    fn for_feed(&self) -> Self {
        Self { purpose: Purpose::Feed, ..self.clone() }
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
        let span = request_span(operation);
        let begun = Instant::now();
        // Boxed, because this future is large and would enlarge every future around it.
        let answer = Box::pin(answer).instrument(span.clone()).await;
        let duration = begun.elapsed();
        if self.observer.is_some() || !span.is_disabled() {
            let (read_units, write_units) = answer.as_ref().map_or((0.0, 0.0), T::units);
            let outcome = match &answer {
                Ok(_) => RequestOutcome::Done,
                Err(error) if condition_failed(error) => RequestOutcome::ConditionFailed,
                Err(error) => Failure::of(operation, error).outcome(),
            };
            let purpose = self.purpose;
            let request =
                Request { operation, purpose, duration, outcome, read_units, write_units };
            self.tell(&span, &request);
        }
        answer
    }

    fn tell(&self, span: &Span, request: &Request) {
        span.record("outcome", request.outcome.as_str());
        span.record("read_units", request.read_units);
        span.record("write_units", request.write_units);
        if let Some(observer) = &self.observer {
            observer.request(request);
        }
    }
}

fn request_span(operation: &'static str) -> Span {
    debug_span!(
        target: spans::TARGET, "request",
        operation, outcome = Empty, read_units = Empty, write_units = Empty
    )
}

impl Store for DynamoDbStore {
    fn is_same(&self, other: &Self) -> bool {
        // Each `new` allocates the name anew; clones share it.
        Arc::ptr_eq(&self.table, &other.table)
    }

    async fn load(&self, aggregate: &AggregateId, reach: Reach) -> Result<Loaded, StoreError> {
        let span = debug_span!(
            target: spans::TARGET, "load",
            kind = %aggregate.kind, id = %aggregate.id, outcome = Empty
        );
        let loading = async {
            match reach {
                Reach::Head { schema } => self.load_back(aggregate, Version::MAX, schema).await,
                Reach::Eventual { schema } => self.load_eventually(aggregate, schema).await,
                Reach::AsOf { version, schema } => self.load_back(aggregate, version, schema).await,
                Reach::Since { version, hash } => self.load_on(aggregate, (version, hash)).await,
                Reach::Whole => self.load_on(aggregate, (0, Hash::ZERO)).await,
            }
        };
        let loaded = loading.instrument(span.clone()).await;
        spans::tell(&span, &loaded, |_| "loaded");
        loaded
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        let ChangeSet { aggregate, version, .. } = change_set;
        let span = debug_span!(
            target: spans::TARGET, "append",
            kind = %aggregate.kind, id = %aggregate.id, version,
            command = change_set.content().command.name, outcome = Empty
        );
        let appended = self.put_change_set(change_set).instrument(span.clone()).await;
        spans::tell(&span, &appended, |appended| match appended {
            Appended::Written => "written",
            Appended::Again => "again",
            Appended::Taken(_) => "taken",
        });
        appended
    }

    async fn append_all(&self, change_sets: &[ChangeSet]) -> Result<AppendedAll, StoreError> {
        let count = change_sets.len();
        let span =
            debug_span!(target: spans::TARGET, "append", change_sets = count, outcome = Empty);
        let appended = self.put_together(change_sets).instrument(span.clone()).await;
        spans::tell(&span, &appended, |appended| match appended {
            AppendedAll::Written => "written",
            AppendedAll::Again => "again",
            AppendedAll::Taken(_) => "taken",
        });
        appended
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
        let item = items::of_snapshot(snapshot)?;
        #[cfg(feature = "embedded")]
        if let Some(put) = self.put_directly(&item, false).await {
            return match put {
                Put::Failed(failure) => Err(failure.into()),
                Put::Written | Put::Taken(_) => Ok(()),
            };
        }
        let request = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(item))
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        self.observed("PutItem", request.send())
            .await
            .map_err(|error| Failure::of("PutItem", &error))?;
        Ok(())
    }
}

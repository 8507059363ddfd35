//! Bodies that are too large for an item: put before it, and fetched with it.

use std::future::Future;
use std::time::Instant;

use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::DynamoDbStore;
use super::items::{self, Elsewhere, Item, Overflow, Row};
use super::observe::{Request, RequestOutcome};
use crate::objects::{ObjectError, ObjectKey, Put};
use crate::{AggregateId, StoreError};

/// The number of objects that are put or fetched at once. Each has up to 16 MiB.
pub(super) const AT_ONCE: usize = 4;

impl DynamoDbStore {
    /// Returns the largest size, as stored, of a body that stays in its item.
    pub(super) fn inline(&self) -> usize {
        if self.objects.is_some() { items::INLINE_LIMIT } else { usize::MAX }
    }

    /// Puts the objects that the items will name. Returns those that may have existed before: see
    /// [`DynamoDbStore::put_objects_again`].
    pub(super) async fn put_objects(
        &self,
        overflows: Vec<Overflow>,
    ) -> Result<Vec<Overflow>, StoreError> {
        let puts = stream::iter(overflows).map(async |overflow| {
            let put = self.put_object(&overflow).await?;
            Ok::<_, StoreError>((put == Put::Again).then_some(overflow))
        });
        let found: Vec<_> = puts.buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Puts once more the objects that may have existed before, now that their items are written. A
    /// sweep may have looked at such an object just before the first put, when it was an orphan,
    /// and deleted it just after. From now on a sweep finds its name in the item.
    pub(super) async fn put_objects_again(&self, found: Vec<Overflow>) {
        for overflow in found {
            // The change set is written, so the append succeeds. If the object is gone, readers
            // find the change set corrupt.
            if let Err(error) = self.put_object(&overflow).await {
                tracing::warn!(
                    object = %overflow.key, %error,
                    "an object could not be put a second time; if a sweep deleted it, its change set is corrupt"
                );
            }
        }
    }

    async fn put_object(&self, overflow: &Overflow) -> Result<Put, StoreError> {
        let Some(objects) = &self.objects else { return Err(without_objects(overflow.key)) };
        let put = objects.put(overflow.key, overflow.bytes.clone());
        let put = self.observed_object("PutObject", put).await;
        #[cfg(feature = "embedded")]
        if let (Err(ObjectError::Full(_)), Some(direct)) = (&put, &self.direct) {
            direct.note_failed_write().await;
        }
        Ok(put?)
    }

    /// Parses these items of the aggregate's partition in order, and fetches the next bodies in
    /// advance.
    pub(super) fn rows<'a>(
        &'a self,
        aggregate: &'a AggregateId,
        items: Vec<Item>,
    ) -> impl Stream<Item = Result<Row, StoreError>> + Send + 'a {
        stream::iter(items).map(move |item| self.row(aggregate, item)).buffered(AT_ONCE)
    }

    /// Parses this item of the aggregate's partition, with its body from object storage if it is
    /// there.
    pub(super) async fn row(&self, aggregate: &AggregateId, item: Item) -> Result<Row, StoreError> {
        let item = match items::elsewhere(aggregate, &item)? {
            Some(elsewhere) => self.fetched(aggregate, elsewhere, item).await?,
            None => item,
        };
        items::parse(aggregate, item)
    }

    async fn fetched(
        &self,
        aggregate: &AggregateId,
        Elsewhere { version, key }: Elsewhere,
        item: Item,
    ) -> Result<Item, StoreError> {
        let corrupt = |problem| StoreError::corrupt(aggregate, version, problem);
        let Some(objects) = &self.objects else { return Err(without_objects(key)) };
        let bytes = self.observed_object("GetObject", objects.get(key)).await?;
        let bytes = bytes.ok_or_else(|| {
            corrupt(format!("its body is missing: object storage has no object {key}"))
        })?;
        if ObjectKey::of(&bytes) != key {
            return Err(corrupt(format!(
                "its body was altered: the content of object {key} does not match its name"
            )));
        }
        items::with_fetched(item, bytes).map_err(corrupt)
    }

    pub(super) async fn observed_object<T>(
        &self,
        operation: &'static str,
        answer: impl Future<Output = Result<T, ObjectError>>,
    ) -> Result<T, ObjectError> {
        let begun = Instant::now();
        let answer = answer.await;
        if let Some(observer) = &self.observer {
            let outcome = match &answer {
                Ok(_) => RequestOutcome::Done,
                Err(ObjectError::Away(_)) => RequestOutcome::Unknown,
                Err(ObjectError::Full(_)) => RequestOutcome::Busy,
                Err(ObjectError::Refused(_)) => RequestOutcome::Refused,
            };
            let duration = begun.elapsed();
            let (purpose, read_units, write_units) = (self.purpose, 0.0, 0.0);
            let request =
                Request { operation, purpose, duration, outcome, read_units, write_units };
            observer.request(&request);
        }
        answer
    }
}

fn without_objects(key: ObjectKey) -> StoreError {
    StoreError::Refused(format!(
        "a body is stored as object {key}, but no object storage is configured"
    ))
}

//! Bodies that are too large for an item: put before it, and fetched with it.

use std::future::Future;
use std::time::Instant;

use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::DynamoDbStore;
use super::items::{self, Elsewhere, Item, Overflow, Row};
use super::observe::{Outcome, Request};
use crate::objects::{ObjectError, ObjectKey, Put};
use crate::{AggregateId, StoreError};

/// How many objects are put or fetched at once; each has up to 16 MiB.
pub(super) const AT_ONCE: usize = 4;

impl DynamoDbStore {
    /// How large a body may be that stays in its item.
    pub(super) fn inline(&self) -> usize {
        if self.objects.is_some() { items::INLINE_LIMIT } else { usize::MAX }
    }

    /// Puts what the items will name, and gives back those objects of which there may have been one
    /// before: see [`DynamoDbStore::put_objects_again`].
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

    /// Once an item names an object that was found, it is put once more: a sweep may have looked at it
    /// just before it was put, when it was an orphan, and deleted it just after. From here on a sweep
    /// finds its name.
    pub(super) async fn put_objects_again(&self, found: Vec<Overflow>) {
        for overflow in found {
            // Its change set is written; what is wrong now is a matter for whoever reads it.
            if let Err(error) = self.put_object(&overflow).await {
                tracing::warn!(object = %overflow.key, %error, "an object was not put a second time");
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

    /// What these items of the aggregate's partition are, in their order. Those that come next are
    /// fetched in advance.
    pub(super) fn rows<'a>(
        &'a self,
        aggregate: &'a AggregateId,
        items: Vec<Item>,
    ) -> impl Stream<Item = Result<Row, StoreError>> + Send + 'a {
        stream::iter(items).map(move |item| self.row(aggregate, item)).buffered(AT_ONCE)
    }

    /// What this item of the aggregate's partition is, with its body from wherever it is kept.
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
            corrupt(format!("its body is gone: there is no object {key} in object storage"))
        })?;
        if ObjectKey::of(&bytes) != key {
            return Err(corrupt(format!("its body was altered: the object {key} is another")));
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
                Ok(_) => Outcome::Done,
                Err(ObjectError::Away(_)) => Outcome::Unknown,
                Err(ObjectError::Full(_)) => Outcome::Busy,
                Err(ObjectError::Refused(_)) => Outcome::Refused,
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
        "a body is kept in object storage, as the object {key}, and no object storage is configured"
    ))
}

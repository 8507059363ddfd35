//! Finding and deleting orphans: objects that no change set names.
//!
//! An append puts its object before its item, so an object that nothing names yet may be about to be
//! named. What tells it from an orphan is its age: an append that is under way put its object within
//! the last few minutes, whether or not there was one of the same bytes before, because a put makes an
//! object young again. So a sweep
//!
//! 1. lists the objects, and goes on with those that are old;
//! 2. *then* reads all names, strongly consistent: an item that is written later belongs to an append
//!    whose object is young;
//! 3. looks at each object that nothing names once more, right before deleting it, as it may have been
//!    put since it was listed;
//! 4. sends each deletion once, with no retry that could arrive late.
//!
//! Between the last look and the deletion an append may still put the same bytes. It learns that there
//! was an object, and puts it a second time once its item stands. What remains: a process that is killed between
//! its item and that second put, and one that is suspended between object and item for longer than the grace. Both
//! leave a change set without its body, which reads as corrupt.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::DynamoDbStore;
use super::failure::Failure;
use super::items::{self, Item};
use super::keys::SCAN_PAGE;
use crate::StoreError;
use crate::objects::{Object, ObjectKey, Objects};

/// What a look at all objects has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// What change sets name.
    pub named: Count,
    /// What may be about to be named. (Some of it may be named already: nobody has looked.)
    pub young: Count,
    /// What nothing names.
    pub orphans: Vec<Object>,
}

/// How many objects, of how many bytes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub objects: u64,
    /// Together.
    pub bytes: u64,
}

impl Count {
    fn add(&mut self, object: &Object) {
        self.objects += 1;
        self.bytes += object.bytes;
    }
}

impl<'a> FromIterator<&'a Object> for Count {
    fn from_iter<T: IntoIterator<Item = &'a Object>>(objects: T) -> Self {
        let mut count = Self::default();
        objects.into_iter().for_each(|object| count.add(object));
        count
    }
}

impl DynamoDbStore {
    /// Finds the objects that were last put before `before` and that no change set names. `before` has
    /// to be longer ago than any append takes, which is minutes. `progress` is told of how many more
    /// objects and items have been looked at.
    ///
    /// # Errors
    /// [`StoreError`]; also when an item cannot be read that may name an object.
    pub async fn orphans(
        &self,
        before: SystemTime,
        progress: impl Fn(u64),
    ) -> Result<Swept, StoreError> {
        let objects = self.objects()?;
        let mut swept = Swept::default();
        let mut old = BTreeMap::new();
        let mut cursor = None;
        loop {
            let listing =
                self.observed_object("ListObjectsV2", objects.list(cursor.take())).await?;
            progress(listing.objects.len() as u64);
            for object in listing.objects {
                if object.put_at < before {
                    old.insert(object.key, object);
                } else {
                    swept.young.add(&object);
                }
            }
            cursor = listing.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut start = None;
        while !old.is_empty() {
            let (names, next) = self.names(start.take(), &progress).await?;
            for named in names.iter().filter_map(|name| old.remove(name)) {
                swept.named.add(&named);
            }
            start = next;
            if start.is_none() {
                break;
            }
        }
        swept.orphans = old.into_values().collect();
        Ok(swept)
    }

    /// Deletes these orphans, but for those that were put again after `before`: an append is about to
    /// name them; and what puts have left behind that were broken off before it. Says how many are gone.
    ///
    /// # Errors
    /// [`StoreError`]; some are deleted then.
    pub async fn delete_orphans(
        &self,
        orphans: &[Object],
        before: SystemTime,
        progress: impl Fn(u64),
    ) -> Result<Count, StoreError> {
        let objects = self.objects()?;
        let mut gone = Count::default();
        for orphan in orphans {
            progress(1);
            let look = objects.look(orphan.key);
            let now = self.observed_object("HeadObject", look).await?;
            let Some(now) = now.filter(|now| now.put_at < before) else { continue };
            self.observed_object("DeleteObject", objects.delete(now.key)).await?;
            gone.add(&now);
        }
        objects.tidy(before).await?;
        Ok(gone)
    }

    fn objects(&self) -> Result<&dyn Objects, StoreError> {
        self.objects
            .as_deref()
            .ok_or_else(|| StoreError::Refused("no object storage is configured".to_owned()))
    }

    /// A page of the names that items have for objects, and where the next one starts.
    async fn names(
        &self,
        start: Option<Item>,
        progress: impl Fn(u64),
    ) -> Result<(Vec<ObjectKey>, Option<Item>), StoreError> {
        let request = self
            .client
            .scan()
            .table_name(&*self.table)
            .projection_expression("pk, sk, overflow")
            .filter_expression("attribute_exists(overflow)")
            .set_exclusive_start_key(start)
            .consistent_read(true)
            .limit(SCAN_PAGE)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = self
            .observed("Scan", request.send())
            .await
            .map_err(|error| Failure::of("Scan", &error))?;
        progress(answer.scanned_count().try_into().unwrap_or(0));
        let names = answer.items().iter().map(name).collect::<Result<_, _>>()?;
        Ok((names, answer.last_evaluated_key.filter(|key| !key.is_empty())))
    }
}

/// The name in an item. One that cannot be read may be any object's, so nothing can be said of any.
fn name(item: &Item) -> Result<ObjectKey, StoreError> {
    item.get("overflow").and_then(items::object_key).ok_or_else(|| {
        let [pk, sk] = ["pk", "sk"].map(|key| item.get(key).and_then(|k| k.as_s().ok()));
        let (pk, sk) = (pk.map_or("?", |pk| pk), sk.map_or("?", |sk| sk));
        StoreError::Refused(format!(
            "the item {pk}, {sk} does not say which object it names: its `overflow` is not 32 bytes"
        ))
    })
}

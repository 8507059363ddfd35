//! Finding and deleting orphans: objects that no change set names.
//!
//! An append puts its object before its item, so an unnamed object may be about to be named. Only
//! its age tells it from an orphan. An append in progress has put its object within the last few
//! minutes, even if the same bytes existed before, because a put makes an object young again. So a
//! sweep
//!
//! 1. lists the objects and keeps the old ones;
//! 2. *then* reads all names, strongly consistent: an item that is written later belongs to an
//!    append whose object is young;
//! 3. looks at each unnamed object once more, right before deleting it, because it may have been
//!    put since it was listed;
//! 4. sends each deletion once, because a retry could arrive late.
//!
//! Between the last look and the deletion, an append may still put the same bytes. The append
//! learns that the object existed, and puts it a second time after its item. Two risks remain: a
//! process killed between its item and that second put, and a process suspended between object and
//! item for longer than the grace period. Both leave a change set without its body, which reads as
//! corrupt.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;

use super::DynamoDbStore;
use super::failure::Failure;
use super::items::{self, Item};
use super::keys::SCAN_PAGE;
use crate::StoreError;
use crate::objects::{Object, ObjectKey, Objects};

/// The result of looking at all objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// The objects that change sets name.
    pub named: Count,
    /// The objects that may be about to be named. Some may be named already; this is not checked.
    pub young: Count,
    /// The objects that no change set names.
    pub orphans: Vec<Object>,
}

/// A number of objects, and their total size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The number of objects.
    pub objects: u64,
    /// Their total size in bytes.
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
    /// Finds the objects that were last put before `before` and that no change set names. `before`
    /// has to lie further back than the longest append, which takes minutes. `progress` receives
    /// the number of objects and items looked at since its last call.
    ///
    /// # Errors
    /// [`StoreError`], also if an item that names an object cannot be read.
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

    /// Deletes these orphans, except those that were put again since `before`: an append is about
    /// to name them. Also removes the remains of puts that were interrupted before then. Returns
    /// the number and size of the deleted objects.
    ///
    /// # Errors
    /// [`StoreError`]. Some orphans may be deleted by then.
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

    /// Returns a page of the objects that items name, and the key at which the next page starts.
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

/// Returns the object that an item names. An unreadable name could be any object's, so it fails the
/// sweep.
fn name(item: &Item) -> Result<ObjectKey, StoreError> {
    item.get("overflow").and_then(items::object_key).ok_or_else(|| {
        let [pk, sk] = ["pk", "sk"].map(|key| item.get(key).and_then(|k| k.as_s().ok()));
        let (pk, sk) = (pk.map_or("?", |pk| pk), sk.map_or("?", |sk| sk));
        StoreError::Refused(format!(
            "the item {pk}, {sk} does not say which object it names: its `overflow` is not 32 bytes"
        ))
    })
}

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;

use super::{Listing, Object, ObjectError, ObjectKey, Objects, Put};

/// Objects in memory, for tests.
#[derive(Clone, Debug, Default)]
pub struct MemoryObjects(Arc<Mutex<BTreeMap<ObjectKey, Kept>>>);

#[derive(Clone, Debug)]
struct Kept {
    bytes: Vec<u8>,
    put_at: SystemTime,
}

const OBJECTS_PER_PAGE: usize = 100;

impl MemoryObjects {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, Kept>> {
        // Nothing below panics between two writes, so a poisoned map is still whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Inserts any bytes under any key and with any age, which no put can do.
    pub fn insert(&self, key: ObjectKey, bytes: Vec<u8>, put_at: SystemTime) {
        self.kept().insert(key, Kept { bytes, put_at });
    }
}

impl Kept {
    fn object(&self, key: ObjectKey) -> Object {
        Object { key, bytes: self.bytes.len() as u64, put_at: self.put_at }
    }
}

#[async_trait]
impl Objects for MemoryObjects {
    async fn put(&self, key: ObjectKey, bytes: Vec<u8>) -> Result<Put, ObjectError> {
        let before = self.kept().insert(key, Kept { bytes, put_at: SystemTime::now() });
        Ok(if before.is_some() { Put::Again } else { Put::New })
    }

    async fn get(&self, key: ObjectKey) -> Result<Option<Vec<u8>>, ObjectError> {
        Ok(self.kept().get(&key).map(|kept| kept.bytes.clone()))
    }

    async fn look(&self, key: ObjectKey) -> Result<Option<Object>, ObjectError> {
        Ok(self.kept().get(&key).map(|kept| kept.object(key)))
    }

    async fn list(&self, cursor: Option<String>) -> Result<Listing, ObjectError> {
        let skip = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        let kept = self.kept();
        let page = kept.iter().skip(skip).take(OBJECTS_PER_PAGE);
        let objects: Vec<_> = page.map(|(key, kept)| kept.object(*key)).collect();
        let next =
            (objects.len() == OBJECTS_PER_PAGE).then(|| (skip + OBJECTS_PER_PAGE).to_string());
        Ok(Listing { objects, next })
    }

    async fn delete(&self, key: ObjectKey) -> Result<(), ObjectError> {
        self.kept().remove(&key);
        Ok(())
    }
}

//! The contract of everything that keeps objects.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use event_store::objects::{Object, ObjectKey, Objects, Put};
use futures::StreamExt;
use futures::stream;

pub(crate) async fn all_of(objects: &dyn Objects) -> BTreeMap<ObjectKey, Object> {
    let mut all = BTreeMap::new();
    let mut cursor = None;
    loop {
        let listing = objects.list(cursor).await.unwrap();
        for object in listing.objects {
            assert_eq!(all.insert(object.key, object), None, "listed twice");
        }
        cursor = listing.next;
        if cursor.is_none() {
            return all;
        }
    }
}

/// Checks the contract on empty object storage, and lists `many` objects at the end.
pub(crate) async fn is_kept(objects: &dyn Objects, many: u32) {
    let absent = ObjectKey::of(b"absent");
    assert_eq!(objects.get(absent).await.unwrap(), None);
    assert_eq!(objects.look(absent).await.unwrap(), None);
    objects.delete(absent).await.unwrap();
    assert!(all_of(objects).await.is_empty());

    let bytes: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    let key = ObjectKey::of(&bytes);
    // An HTTP date has whole seconds.
    let before = SystemTime::now() - Duration::from_secs(2);
    assert_eq!(objects.put(key, bytes.clone()).await.unwrap(), Put::New);
    assert!(objects.get(key).await.unwrap().unwrap() == bytes);
    let there = objects.look(key).await.unwrap().unwrap();
    assert_eq!((there.key, there.bytes), (key, 5_000_000));
    assert!(there.put_at >= before, "{there:?}");

    assert_eq!(objects.put(key, bytes.clone()).await.unwrap(), Put::Again);
    assert!(objects.get(key).await.unwrap().unwrap() == bytes);
    objects.delete(key).await.unwrap();
    assert_eq!(objects.get(key).await.unwrap(), None);

    let puts = stream::iter(0..many).map(|n| async move {
        let bytes = n.to_be_bytes().to_vec();
        let key = ObjectKey::of(&bytes);
        objects.put(key, bytes).await.unwrap();
        key
    });
    let mut put: Vec<_> = puts.buffer_unordered(8).collect().await;
    put.sort();
    let all = all_of(objects).await;
    assert_eq!(all.keys().copied().collect::<Vec<_>>(), put);
    assert!(all.values().all(|object| object.bytes == 4 && object.put_at >= before));
}

//! Bodies that are too large for an item: how they are written, how a missing or altered object is
//! reported, and what remains of an append that stops after its object.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue::{self, B, S};
use event_store::dynamodb::{Count, DynamoDbStore, items};
use event_store::embedded::Embedded;
use event_store::objects::{
    DirectoryObjects, Listing, MemoryObjects, Object, ObjectError, ObjectKey, Objects, Put,
};
use event_store::testing::noise;
use event_store::{
    Appended, AppendedAll, BODY_LIMIT, ChangeSet, MemoryStore, Page, Reach, Snapshot, Store,
    StoreError, Timestamp,
};
use sha2::{Digest, Sha256};

use crate::faults::{Fault, Faulty};
use crate::histories::{noting, tally};

/// Object storage that fails when told to.
#[derive(Debug, Default)]
struct Moody {
    sound: MemoryObjects,
    fails: Mutex<Option<fn() -> ObjectError>>,
    /// A switch: the next object is deleted right after its put, as by a sweep.
    swept: AtomicBool,
}

impl Moody {
    fn mood(&self) -> Result<(), ObjectError> {
        self.fails.lock().unwrap().map_or(Ok(()), |failure| Err(failure()))
    }

    fn fail(&self, how: fn() -> ObjectError) {
        *self.fails.lock().unwrap() = Some(how);
    }
}

#[async_trait]
impl Objects for Moody {
    async fn put(&self, key: ObjectKey, bytes: Vec<u8>) -> Result<Put, ObjectError> {
        self.mood()?;
        let put = self.sound.put(key, bytes).await;
        if self.swept.swap(false, Ordering::SeqCst) {
            self.sound.delete(key).await?;
        }
        put
    }

    async fn get(&self, key: ObjectKey) -> Result<Option<Vec<u8>>, ObjectError> {
        self.mood()?;
        self.sound.get(key).await
    }

    async fn look(&self, key: ObjectKey) -> Result<Option<Object>, ObjectError> {
        self.sound.look(key).await
    }

    async fn list(&self, cursor: Option<String>) -> Result<Listing, ObjectError> {
        self.sound.list(cursor).await
    }

    async fn delete(&self, key: ObjectKey) -> Result<(), ObjectError> {
        self.sound.delete(key).await
    }
}

/// A store with objects, whose next requests meet given faults in order.
struct Setting {
    store: DynamoDbStore,
    objects: Arc<Moody>,
    faulty: Faulty,
    client: Client,
    _embedded: Embedded,
}

impl Setting {
    async fn with(faults: &[Fault]) -> Self {
        let embedded = Embedded::in_memory().unwrap();
        let objects = Arc::new(Moody::default());
        DynamoDbStore::new(embedded.client(), "daybook").ensure_table().await.unwrap();
        let (faulty_client, faulty) = Faulty::before(&embedded.client(), faults.iter().copied());
        let store = DynamoDbStore::new(faulty_client, "daybook").with_objects(objects.clone());
        Self { store, objects, faulty, client: embedded.client(), _embedded: embedded }
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        self.store.append(change_set).await
    }

    /// The keys of all objects.
    async fn keys(&self) -> Vec<ObjectKey> {
        let listing = self.objects.sound.list(None).await.unwrap();
        listing.objects.iter().map(|object| object.key).collect()
    }

    async fn item(&self) -> HashMap<String, AttributeValue> {
        let request = self.client.get_item().table_name("daybook");
        let request = request.key("pk", S(PK.to_owned())).key("sk", S("000000000001".to_owned()));
        request.send().await.unwrap().item.unwrap()
    }

    async fn put(&self, item: HashMap<String, AttributeValue>) {
        let request = self.client.put_item().table_name("daybook").set_item(Some(item));
        request.send().await.unwrap();
    }

    /// Dates the last put of all objects to this many hours ago.
    async fn age(&self, hours: u64) {
        let put_at = SystemTime::now() - Duration::from_secs(hours * 3600);
        for key in self.keys().await {
            let bytes = self.objects.sound.get(key).await.unwrap().unwrap();
            self.objects.sound.insert(key, bytes, put_at);
        }
    }

    /// Loads the history through a store without faults.
    async fn loaded(&self) -> Result<Vec<ChangeSet>, StoreError> {
        let store = DynamoDbStore::new(self.client.clone(), "daybook");
        let store = store.with_objects(self.objects.clone());
        Ok(store.load(&tally(1), Reach::Whole).await?.change_sets)
    }
}

const PK: &str = "tally#00000000-0000-0000-0000-000000000001";

/// A change set of one and a half megabytes.
fn large(of: char) -> ChangeSet {
    noting(&tally(1), None, &(of.to_string() + &noise(250_000)))
}

fn a_day_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(24 * 3600)
}

#[tokio::test]
async fn a_large_body_is_an_object_that_its_item_names() {
    let setting = Setting::with(&[]).await;
    let change_set = large('a');
    assert_eq!(setting.append(&change_set).await.unwrap(), Appended::Written);
    let [key] = setting.keys().await[..] else { unreachable!("one object") };
    let object = setting.objects.sound.get(key).await.unwrap().unwrap();
    assert_eq!(zstd::decode_all(&object[..]).unwrap(), change_set.body().as_bytes());
    let sum = Sha256::digest(&object);
    assert_eq!(key.to_string(), hex::encode(sum));
    let bytes = |bytes: &[u8]| B(Blob::new(bytes));
    let expected = HashMap::from([
        ("pk".to_owned(), S(PK.to_owned())),
        ("sk".to_owned(), S("000000000001".to_owned())),
        ("overflow".to_owned(), bytes(&sum)),
        ("encoding".to_owned(), S("zstd".to_owned())),
        ("prev".to_owned(), bytes(&[0; 32])),
        ("hash".to_owned(), bytes(change_set.hash.as_bytes())),
    ]);
    assert_eq!(setting.item().await, expected);
    assert_eq!(setting.loaded().await.unwrap(), [change_set]);
}

/// Objects are compressed today, but need not be: an uncompressed one is readable too.
#[tokio::test]
async fn an_object_may_be_uncompressed() {
    let setting = Setting::with(&[]).await;
    let change_set = large('a');
    setting.append(&change_set).await.unwrap();
    let text = change_set.body().as_bytes().to_vec();
    let key = ObjectKey::of(&text);
    setting.objects.sound.put(key, text).await.unwrap();
    let mut item = setting.item().await;
    item.insert("overflow".to_owned(), B(Blob::new(key.as_bytes().to_vec())));
    item.insert("encoding".to_owned(), S("identity".to_owned()));
    setting.put(item).await;
    assert_eq!(setting.loaded().await.unwrap(), [change_set]);
}

/// Bisects the length of a text that compresses poorly, down to the first that becomes an object.
#[tokio::test]
async fn a_body_of_up_to_300_kib_stays_in_its_item() {
    let setting = Setting::with(&[]).await;
    let text = noise(300_000);
    let (mut fits, mut too_large): (usize, _) = (1_000, 300_000);
    while too_large - fits > 1 {
        let letters = fits.midpoint(too_large);
        let change_set = noting(&tally(letters as u128), None, &text[..letters * 3]);
        let before = setting.keys().await.len();
        setting.append(&change_set).await.unwrap();
        let elsewhere = setting.keys().await.len() > before;
        let there = setting.store.load(&change_set.aggregate, Reach::Whole).await.unwrap();
        assert!(there.change_sets == [change_set]);
        *(if elsewhere { &mut too_large } else { &mut fits }) = letters;
    }
    let kept = |letters: usize| {
        let client = setting.client.clone();
        let pk = tally(letters as u128).to_string();
        async move {
            let request = client.get_item().table_name("daybook");
            let request = request.key("pk", S(pk)).key("sk", S("000000000001".to_owned()));
            request.send().await.unwrap().item.unwrap()
        }
    };
    let inline = kept(fits).await["body"].as_b().unwrap().as_ref().len();
    // One letter more or less changes a few bytes.
    assert!((items::INLINE_LIMIT - 100..=items::INLINE_LIMIT).contains(&inline), "{inline}");
    assert!(kept(too_large).await.contains_key("overflow"));
}

/// Each body would fit into its item, but not all of them into one transaction.
#[tokio::test]
async fn bodies_too_large_for_one_transaction_become_objects() {
    let setting = Setting::with(&[]).await;
    let text = noise(150_000);
    let large = |id: u128| noting(&tally(id), None, &format!("{id}: {text}"));
    let mut together: Vec<_> = (1..=20).map(large).collect();
    let small: Vec<_> = (21..=100).map(|id| noting(&tally(id), None, "small")).collect();
    together.extend(small);
    assert_eq!(setting.store.append_all(&together).await.unwrap(), AppendedAll::Written);
    assert_eq!(setting.keys().await.len(), 20);
    for change_set in &together {
        let there = setting.store.load(&change_set.aggregate, Reach::Whole).await.unwrap();
        assert!(there.change_sets == std::slice::from_ref(change_set));
    }
    assert_eq!(setting.store.append_all(&together).await.unwrap(), AppendedAll::Again);
}

#[tokio::test]
async fn a_missing_or_altered_object_is_reported_as_corrupt() {
    let setting = Setting::with(&[]).await;
    setting.append(&large('a')).await.unwrap();
    let [key] = setting.keys().await[..] else { unreachable!("one object") };
    let sound = setting.objects.sound.get(key).await.unwrap().unwrap();
    let says = async |expected: &str| {
        let page = Page::After { version: 0, limit: 9 };
        let paged = setting.store.change_sets(&tally(1), page).await.map(|_| Vec::new());
        for failed in [setting.loaded().await, paged] {
            match failed {
                Err(StoreError::Corrupt { version: 1, problem, .. }) => {
                    let named = problem.contains(&key.to_string());
                    assert!(named && problem.contains(expected), "{problem}");
                }
                other => unreachable!("{other:?}"),
            }
        }
    };
    let mut flipped = sound.clone();
    flipped[1_000] ^= 1;
    for altered in [flipped, sound[..sound.len() - 1].to_vec(), Vec::new(), b"{}".to_vec()] {
        setting.objects.sound.insert(key, altered, SystemTime::now());
        says("its body was altered").await;
    }
    setting.objects.sound.delete(key).await.unwrap();
    says("its body is missing").await;
    setting.objects.sound.put(key, sound).await.unwrap();
    assert_eq!(setting.loaded().await.unwrap(), [large('a')]);
}

#[tokio::test]
async fn an_unknown_encoding_is_refused_with_the_expected_ones() {
    let setting = Setting::with(&[]).await;
    setting.append(&large('a')).await.unwrap();
    for encoding in [Some(S("lzma".to_owned())), None] {
        let mut item = setting.item().await;
        item.remove("encoding");
        item.extend(encoding.map(|encoding| ("encoding".to_owned(), encoding)));
        setting.put(item).await;
        match setting.loaded().await {
            Err(StoreError::Corrupt { version: 1, problem, .. }) => {
                assert!(problem.contains("expected `identity` or `zstd`"), "{problem}");
            }
            other => unreachable!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_failure_of_object_storage_is_passed_on() {
    let setting = Setting::with(&[]).await;
    setting.append(&large('a')).await.unwrap();
    let requests = setting.faulty.requests().len();
    setting.objects.fail(|| ObjectError::Away("no answer".to_owned()));
    assert!(setting.loaded().await.unwrap_err().is_transient());
    let second = noting(&tally(2), None, &noise(250_000));
    assert!(setting.append(&second).await.unwrap_err().is_transient());
    setting.objects.fail(|| ObjectError::Refused("allow s3:PutObject".to_owned()));
    for failed in [setting.loaded().await.map(|_| ()), setting.append(&second).await.map(|_| ())] {
        match failed {
            Err(StoreError::Refused(reason)) => {
                assert!(reason.contains("allow s3:PutObject"), "{reason}");
            }
            other => unreachable!("{other:?}"),
        }
    }
    // Without its object, an item is not even sent.
    assert_eq!(setting.faulty.requests().len(), requests);
}

#[tokio::test]
async fn without_object_storage_a_large_body_is_neither_written_nor_read() {
    let setting = Setting::with(&[]).await;
    let store = DynamoDbStore::new(setting.client.clone(), "daybook");
    match store.append(&large('a')).await {
        Err(StoreError::TooLarge { bytes, limit }) => assert!(bytes > limit),
        other => unreachable!("{other:?}"),
    }
    setting.append(&large('a')).await.unwrap();
    match store.load(&tally(1), Reach::Whole).await {
        Err(StoreError::Refused(reason)) => {
            assert!(reason.contains("no object storage is configured"), "{reason}");
        }
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn a_lost_answer_is_resolved_by_reading_back() {
    for fault in [Fault::AnswerLost, Fault::ErrorAfterwards, Fault::RequestLost] {
        let setting = Setting::with(&[fault]).await;
        assert_eq!(setting.append(&large('a')).await.unwrap(), Appended::Written, "{fault:?}");
        assert_eq!(setting.loaded().await.unwrap(), [large('a')], "{fault:?}");
    }
}

#[tokio::test]
async fn a_winner_is_returned_with_its_large_body() {
    // The failed put returns the winner, or it is read: after a put without it, and after a
    // transaction whose answer was lost.
    for faults in [&[Fault::None][..], &[Fault::None, Fault::WithoutItem]] {
        let setting = Setting::with(faults).await;
        setting.append(&large('b')).await.unwrap();
        let appended = setting.append(&large('a')).await.unwrap();
        assert_eq!(appended, Appended::Taken(large('b').into()), "{faults:?}");
        assert_eq!(setting.loaded().await.unwrap(), [large('b')]);
    }
    let setting = Setting::with(&[Fault::None, Fault::AnswerLost]).await;
    setting.append(&large('b')).await.unwrap();
    let both = [noting(&tally(2), None, "small"), large('a')];
    let appended = setting.store.append_all(&both).await.unwrap();
    assert_eq!(appended, AppendedAll::Taken(vec![large('b')]));
}

/// A process that is killed after the object leaves the same.
#[tokio::test]
async fn an_append_that_stops_after_its_object_leaves_an_orphan() {
    let setting = Setting::with(&[Fault::Denied]).await;
    assert!(matches!(setting.append(&large('a')).await, Err(StoreError::Refused(_))));
    assert_eq!(setting.loaded().await.unwrap(), []);
    assert_eq!(setting.keys().await.len(), 1);
    // First too young to be certainly an orphan, then old enough.
    let store = &setting.store;
    let swept = store.orphans(a_day_ago(), |_| {}).await.unwrap();
    assert_eq!((swept.young.objects, swept.orphans.len()), (1, 0));
    setting.age(25).await;
    let swept = store.orphans(a_day_ago(), |_| {}).await.unwrap();
    assert_eq!((swept.named.objects, swept.young.objects, swept.orphans.len()), (0, 0, 1));
    let gone = store.delete_orphans(&swept.orphans, a_day_ago(), |_| {}).await.unwrap();
    assert_eq!((gone.objects, gone.bytes), (1, swept.orphans[0].bytes));
    assert!(setting.keys().await.is_empty());
    // A retry of the command finds nothing in its way.
    assert_eq!(setting.append(&large('a')).await.unwrap(), Appended::Written);
    assert_eq!(setting.loaded().await.unwrap(), [large('a')]);
}

#[tokio::test]
async fn an_object_that_a_change_set_names_is_never_an_orphan() {
    let setting = Setting::with(&[]).await;
    // More items than a page of the scan, with three large bodies among them.
    let mut history: Vec<ChangeSet> = Vec::new();
    for version in 1..=300 {
        let text = if version % 100 == 0 { noise(250_000 + version) } else { "small".to_owned() };
        let change_set = noting(&tally(1), history.last(), &text);
        setting.append(&change_set).await.unwrap();
        history.push(change_set);
    }
    setting.objects.sound.put(ObjectKey::of(b"x"), b"x".to_vec()).await.unwrap();
    setting.age(25).await;
    let swept = setting.store.orphans(a_day_ago(), |_| {}).await.unwrap();
    assert_eq!(swept.named.objects, 3);
    let orphans: Vec<_> = swept.orphans.iter().map(|orphan| orphan.key).collect();
    assert_eq!(orphans, [ObjectKey::of(b"x")]);
    setting.store.delete_orphans(&swept.orphans, a_day_ago(), |_| {}).await.unwrap();
    assert_eq!(setting.loaded().await.unwrap(), history);
}

/// The same bytes are put and named again after the sweep has read all names.
#[tokio::test]
async fn an_orphan_that_is_put_again_is_not_deleted() {
    let setting = Setting::with(&[Fault::Denied]).await;
    setting.append(&large('a')).await.unwrap_err();
    setting.age(25).await;
    let swept = setting.store.orphans(a_day_ago(), |_| {}).await.unwrap();
    assert_eq!(swept.orphans.len(), 1);
    assert_eq!(setting.append(&large('a')).await.unwrap(), Appended::Written);
    let gone = setting.store.delete_orphans(&swept.orphans, a_day_ago(), |_| {}).await.unwrap();
    assert_eq!(gone, Count::default());
    assert_eq!(setting.loaded().await.unwrap(), [large('a')]);
}

/// The sweep checked the object just before the put, and deletes it just after the put.
#[tokio::test]
async fn an_object_deleted_before_its_item_is_written_is_put_again() {
    let firsts = |of| [noting(&tally(2), None, "small"), large(of)];
    for together in [false, true] {
        let setting = Setting::with(&[Fault::Denied]).await;
        setting.append(&large('a')).await.unwrap_err();
        setting.objects.swept.store(true, Ordering::SeqCst);
        if together {
            let appended = setting.store.append_all(&firsts('a')).await.unwrap();
            assert_eq!(appended, AppendedAll::Written);
        } else {
            assert_eq!(setting.append(&large('a')).await.unwrap(), Appended::Written);
        }
        assert_eq!(setting.loaded().await.unwrap(), [large('a')]);
    }
}

/// The name may be that of any object.
#[tokio::test]
async fn an_unreadable_name_stops_the_sweep() {
    let setting = Setting::with(&[]).await;
    setting.append(&large('a')).await.unwrap();
    setting.age(25).await;
    let mut item = setting.item().await;
    item.insert("overflow".to_owned(), S("0".repeat(64)));
    setting.put(item).await;
    match setting.store.orphans(a_day_ago(), |_| {}).await {
        Err(StoreError::Refused(reason)) => assert!(reason.contains(PK), "{reason}"),
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn two_tables_do_not_share_their_objects() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = Embedded::in_memory().unwrap();
    let mut stores = Vec::new();
    for table in ["books", "sketches"] {
        let objects = Arc::new(DirectoryObjects::new(directory.path().join(table)));
        let store = DynamoDbStore::new(embedded.client(), table).with_objects(objects);
        store.ensure_table().await.unwrap();
        stores.push(store);
    }
    stores[0].append(&large('a')).await.unwrap();
    let later = SystemTime::now() + Duration::from_secs(60);
    let swept = stores[1].orphans(later, |_| {}).await.unwrap();
    assert_eq!(swept.orphans, []);
    assert_eq!(stores[0].orphans(later, |_| {}).await.unwrap().named.objects, 1);
}

#[tokio::test]
async fn a_body_over_sixteen_megabytes_is_refused_wherever_it_would_be_kept() {
    let setting = Setting::with(&[]).await;
    let empty = noting(&tally(1), None, "").body().len();
    let largest = noting(&tally(2), None, &"x".repeat((BODY_LIMIT - empty) / 2));
    assert!(BODY_LIMIT - largest.body().len() < 2, "a larger body would fit");
    assert_eq!(setting.append(&largest).await.unwrap(), Appended::Written);
    let there = setting.store.load(&tally(2), Reach::Whole).await.unwrap();
    assert_eq!(there.change_sets, [largest]);
    let too_large = noting(&tally(1), None, &"x".repeat((BODY_LIMIT - empty) / 2 + 1));
    let refusals =
        [setting.append(&too_large).await, MemoryStore::default().append(&too_large).await];
    for refused in refusals {
        match refused {
            Err(StoreError::TooLarge { bytes, limit }) => {
                assert_eq!((bytes, limit), (too_large.body().len(), BODY_LIMIT));
            }
            other => unreachable!("{other:?}"),
        }
    }
    assert!(setting.keys().await.is_empty());
}

/// A missing snapshot costs time and nothing else.
#[tokio::test]
async fn a_snapshot_too_large_for_an_item_is_not_kept() {
    let setting = Setting::with(&[]).await;
    let first = noting(&tally(1), None, "1");
    setting.append(&first).await.unwrap();
    let snapshot = Snapshot {
        aggregate: tally(1),
        version: 1,
        hash: first.hash,
        schema: 7,
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(1),
        state: noise(300_000).into(),
        commands: Default::default(),
    };
    match setting.store.save_snapshot(&snapshot).await {
        Err(StoreError::TooLarge { bytes, limit }) => assert!(bytes > limit),
        other => unreachable!("{other:?}"),
    }
    assert!(setting.keys().await.is_empty());
    let loaded = setting.store.load(&tally(1), Reach::Head { schema: 7 }).await.unwrap();
    assert_eq!((loaded.snapshot, loaded.change_sets), (None, vec![first]));
}

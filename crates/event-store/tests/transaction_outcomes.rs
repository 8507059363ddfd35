//! Transactions under lost answers, throttling and refusals: handled as a single put is. A
//! transaction that is cancelled for lack of capacity is not a conflict.

use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::testing::noise;
use event_store::{AppendedAll, ChangeSet, Reach, Store, StoreError};

use crate::faults::{Fault, Faulty};
use crate::histories::{noting, tally};

struct Setting {
    store: DynamoDbStore,
    faulty: Faulty,
    sound: DynamoDbStore,
    _embedded: Embedded,
}

impl Setting {
    async fn with(faults: &[Fault]) -> Self {
        let embedded = Embedded::in_memory().unwrap();
        let sound = DynamoDbStore::new(embedded.client(), "daybook");
        sound.ensure_table().await.unwrap();
        let (client, faulty) = Faulty::before(&embedded.client(), faults.iter().copied());
        let store = DynamoDbStore::new(client, "daybook");
        Self { store, faulty, sound, _embedded: embedded }
    }

    /// The number of these that are really stored.
    async fn written(&self, change_sets: &[ChangeSet]) -> usize {
        let mut written = 0;
        for change_set in change_sets {
            let there = self.sound.load(&change_set.aggregate, Reach::Whole).await.unwrap();
            written += usize::from(there.change_sets.contains(change_set));
        }
        written
    }
}

fn three(text: &str) -> Vec<ChangeSet> {
    (1..=3).map(|id| noting(&tally(id), None, text)).collect()
}

const TRANSACTION: &str = "TransactWriteItems";

/// Asserts that a transaction that meets these faults is written once, after exactly these
/// requests.
async fn written_after(faults: &[Fault], requests: &[&str]) {
    let setting = Setting::with(faults).await;
    let ours = three("ours");
    let appended = setting.store.append_all(&ours).await.unwrap();
    assert_eq!(appended, AppendedAll::Written, "{faults:?}");
    assert_eq!(setting.faulty.requests(), requests, "{faults:?}");
    assert_eq!(setting.written(&ours).await, 3, "{faults:?}");
}

#[tokio::test]
async fn a_lost_answer_is_resolved_by_reading_back() {
    // The first read shows that it was carried out, the others that each change set is ours.
    let carried_out = [TRANSACTION, "GetItem", "GetItem", "GetItem", "GetItem"];
    for fault in [Fault::AnswerLost, Fault::AnswerGarbled, Fault::ErrorAfterwards] {
        written_after(&[fault], &carried_out).await;
    }
    for fault in [Fault::RequestLost, Fault::ErrorInstead] {
        written_after(&[fault], &[TRANSACTION, "GetItem", TRANSACTION]).await;
    }
}

#[tokio::test]
async fn a_transaction_cancelled_for_lack_of_capacity_is_retried() {
    for code in ["ThrottlingError", "ProvisionedThroughputExceeded", "TransactionConflict"] {
        written_after(&[Fault::Cancelled(code)], &[TRANSACTION, TRANSACTION]).await;
    }
    written_after(&[Fault::Throttled], &[TRANSACTION, TRANSACTION]).await;
    let setting = Setting::with(&[Fault::Cancelled("ThrottlingError"); 4]).await;
    let failed = setting.store.append_all(&three("ours")).await.unwrap_err();
    assert!(failed.is_transient(), "{failed}");
    assert_eq!(setting.faulty.requests().len(), 4);
    assert_eq!(setting.written(&three("ours")).await, 0);
}

#[tokio::test]
async fn a_refused_transaction_is_not_retried() {
    for fault in [Fault::Denied, Fault::Cancelled("ValidationError")] {
        let setting = Setting::with(&[fault]).await;
        let refused = setting.store.append_all(&three("ours")).await;
        assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
        assert_eq!(setting.faulty.requests(), [TRANSACTION]);
    }
}

#[tokio::test]
async fn a_transaction_whose_answer_is_lost_may_have_lost_the_race() {
    for fault in [Fault::RequestLost, Fault::ErrorAfterwards, Fault::None] {
        let setting = Setting::with(&[fault]).await;
        let theirs = three("theirs");
        setting.sound.append(&theirs[0]).await.unwrap();
        match setting.store.append_all(&three("ours")).await.unwrap() {
            AppendedAll::Taken(winners) => assert_eq!(winners, theirs[..1], "{fault:?}"),
            other => unreachable!("the first version is taken: {other:?}"),
        }
        assert_eq!(setting.written(&three("ours")).await, 0);
    }
}

#[tokio::test]
async fn a_transaction_over_four_megabytes_is_refused_unsent() {
    let setting = Setting::with(&[]).await;
    let large = noise(150_000);
    let change_sets: Vec<_> = (1..=20).map(|id| noting(&tally(id), None, &large)).collect();
    match setting.store.append_all(&change_sets).await {
        Err(StoreError::TooLarge { bytes, limit }) => {
            assert_eq!(limit, 4 * 1024 * 1024);
            assert!(bytes > limit);
        }
        other => unreachable!("the change sets do not fit: {other:?}"),
    }
    assert_eq!(setting.faulty.requests(), [""; 0]);
}

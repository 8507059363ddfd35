//! What an append makes of lost answers, throttling and refusals: never a guess, never a blind retry.
#![expect(clippy::unwrap_used, reason = "tests")]

mod faults;
mod histories;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use event_store::dynamodb::{DynamoDbStore, for_endpoint, items};
use event_store::embedded::Embedded;
use event_store::{Appended, ChangeSet, Page, Store, StoreError};

use faults::{Fault, Faulty};
use histories::{noting, tally};

/// A store whose next requests go wrong one after the other, and what has become of it.
struct Setting {
    store: DynamoDbStore,
    faulty: Faulty,
    embedded: Embedded,
}

impl Setting {
    async fn with(faults: impl IntoIterator<Item = Fault>) -> Self {
        let embedded = Embedded::in_memory().unwrap();
        DynamoDbStore::new(embedded.client(), "daybook").ensure_table().await.unwrap();
        let (client, faulty) = Faulty::before(&embedded.client(), faults);
        Self { store: DynamoDbStore::new(client, "daybook"), faulty, embedded }
    }

    async fn append(&self, change_set: &ChangeSet) -> Result<Appended, StoreError> {
        self.store.append(change_set).await
    }

    /// What is there in truth.
    async fn written(&self) -> Vec<ChangeSet> {
        let sound = DynamoDbStore::new(self.embedded.client(), "daybook");
        sound.change_sets(&tally(1), Page::After { version: 0, limit: 9 }).await.unwrap()
    }
}

fn first() -> ChangeSet {
    noting(&tally(1), None, "ours")
}

fn rival() -> ChangeSet {
    noting(&tally(1), None, "theirs")
}

/// The put goes wrong in this way, and yet is written once, after exactly these requests.
async fn written_after(faults: &[Fault], requests: &[&str]) {
    let setting = Setting::with(faults.iter().copied()).await;
    let appended = setting.append(&first()).await.unwrap();
    assert_eq!(appended, Appended::Written, "{faults:?}");
    assert_eq!(setting.faulty.requests(), requests, "{faults:?}");
    assert_eq!(setting.written().await, [first()], "{faults:?}");
}

#[tokio::test]
async fn a_lost_answer_is_found_by_reading_back() {
    for fault in [Fault::AnswerLost, Fault::AnswerGarbled, Fault::ErrorAfterwards] {
        written_after(&[fault], &["PutItem", "GetItem"]).await;
    }
}

#[tokio::test]
async fn a_lost_request_is_sent_again_once_reading_back_found_nothing() {
    for fault in [Fault::RequestLost, Fault::ErrorInstead] {
        written_after(&[fault], &["PutItem", "GetItem", "PutItem"]).await;
    }
    let twice = [Fault::RequestLost, Fault::None, Fault::AnswerLost];
    written_after(&twice, &["PutItem", "GetItem", "PutItem", "GetItem"]).await;
}

#[tokio::test]
async fn a_throttled_request_was_not_carried_out_and_is_sent_again() {
    let twice = [Fault::Throttled, Fault::Throttled];
    written_after(&twice, &["PutItem", "PutItem", "PutItem"]).await;
}

#[tokio::test]
async fn a_request_that_hangs_is_read_back_after_its_timeout() {
    written_after(&[Fault::Hangs], &["PutItem", "GetItem", "PutItem"]).await;
}

#[tokio::test]
async fn a_lost_answer_to_a_lost_race_gives_the_winner() {
    let setting = Setting::with([Fault::None, Fault::AnswerLost]).await;
    assert_eq!(setting.append(&rival()).await.unwrap(), Appended::Written);
    let appended = setting.append(&first()).await.unwrap();
    assert_eq!(appended, Appended::Taken(rival().into()));
    assert_eq!(setting.faulty.requests(), ["PutItem", "PutItem", "GetItem"]);
}

#[tokio::test]
async fn a_winner_that_the_answer_does_not_bring_is_read() {
    let setting = Setting::with([Fault::None, Fault::WithoutItem]).await;
    setting.append(&rival()).await.unwrap();
    let appended = setting.append(&first()).await.unwrap();
    assert_eq!(appended, Appended::Taken(rival().into()));
}

#[tokio::test]
async fn a_lost_race_takes_one_request() {
    let setting = Setting::with([]).await;
    setting.append(&rival()).await.unwrap();
    let appended = setting.append(&first()).await.unwrap();
    assert_eq!(appended, Appended::Taken(rival().into()));
    assert_eq!(setting.faulty.requests(), ["PutItem", "PutItem"]);
}

#[tokio::test]
async fn without_any_answer_the_store_is_away() {
    for fault in [Fault::RequestLost, Fault::ErrorInstead, Fault::Throttled, Fault::Hangs] {
        let setting = Setting::with([fault; 64]).await;
        match setting.append(&first()).await {
            Err(StoreError::Unavailable { retry_after, reason }) => {
                assert!(retry_after >= Duration::from_secs(1));
                assert!(reason.starts_with("PutItem: "), "{reason}");
            }
            other => unreachable!("{fault:?} gave {other:?}"),
        }
        assert_eq!(setting.written().await, []);
    }
}

#[tokio::test]
async fn a_put_that_is_never_carried_out_is_given_up() {
    let lost = [Fault::RequestLost, Fault::None].into_iter().cycle().take(64);
    let setting = Setting::with(lost).await;
    assert!(setting.append(&first()).await.unwrap_err().is_transient());
    let puts = setting.faulty.requests().iter().filter(|r| **r == "PutItem").count();
    assert_eq!(puts, 4);
}

#[tokio::test]
async fn a_refusal_is_final_and_says_why() {
    let setting = Setting::with([Fault::Denied]).await;
    let Err(StoreError::Refused(why)) = setting.append(&first()).await else {
        unreachable!("it was denied");
    };
    assert!(why.contains("AccessDeniedException: you may not"), "{why}");
    assert_eq!(setting.faulty.requests(), ["PutItem"]);
}

#[tokio::test]
async fn a_missing_table_is_a_refusal() {
    let embedded = Embedded::in_memory().unwrap();
    let store = DynamoDbStore::new(embedded.client(), "nowhere");
    let Err(StoreError::Refused(why)) = store.append(&first()).await else {
        unreachable!("there is no table");
    };
    assert!(why.contains("ResourceNotFoundException"), "{why}");
    assert!(matches!(store.ping().await, Err(StoreError::Refused(_))));
}

#[tokio::test]
async fn an_unreachable_endpoint_is_away() {
    let store =
        DynamoDbStore::new(Client::from_conf(for_endpoint("http://127.0.0.1:1")), "daybook");
    assert!(store.append(&first()).await.unwrap_err().is_transient());
    assert!(store.ping().await.unwrap_err().is_transient());
}

#[tokio::test]
async fn a_body_fits_to_the_last_byte_or_is_refused_unsent() {
    let setting = Setting::with([]).await;
    let empty = noting(&tally(1), None, "").body().len();
    // The text stands in the command and in the event.
    let names_and_keys = "pkskbodyprevhash".len() + tally(1).to_string().len() + 12 + 64;
    let room = items::ITEM_LIMIT - names_and_keys - empty;
    let fits = noting(&tally(1), None, &"x".repeat(room / 2));
    assert_eq!(setting.append(&fits).await.unwrap(), Appended::Written);

    let too_large = noting(&tally(2), None, &"x".repeat(room / 2 + 1));
    let before = setting.faulty.requests().len();
    match setting.append(&too_large).await {
        Err(StoreError::TooLarge { bytes, limit }) => {
            assert_eq!(bytes, too_large.body().len());
            assert_eq!(limit, empty + room);
        }
        other => unreachable!("it does not fit: {other:?}"),
    }
    assert_eq!(setting.faulty.requests().len(), before);
}

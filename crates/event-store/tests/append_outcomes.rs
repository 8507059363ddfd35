//! Appends under lost answers, throttling and refusals: never a guess, never a blind retry.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use event_store::dynamodb::{DynamoDbStore, for_endpoint, items};
use event_store::embedded::Embedded;
use event_store::testing::noise;
use event_store::{Appended, ChangeSet, Page, Reach, Store, StoreError};

use crate::faults::{Fault, Faulty};
use crate::histories::{noting, tally};

/// A store whose next requests meet given faults in order, and the engine below it.
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

    /// The change sets that are really stored.
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

/// Asserts that a put that meets these faults is written once, after exactly these requests.
async fn written_after(faults: &[Fault], requests: &[&str]) {
    let setting = Setting::with(faults.iter().copied()).await;
    let appended = setting.append(&first()).await.unwrap();
    assert_eq!(appended, Appended::Written, "{faults:?}");
    assert_eq!(setting.faulty.requests(), requests, "{faults:?}");
    assert_eq!(setting.written().await, [first()], "{faults:?}");
}

#[tokio::test]
async fn a_lost_answer_is_resolved_by_reading_back() {
    for fault in [Fault::AnswerLost, Fault::AnswerGarbled, Fault::ErrorAfterwards] {
        written_after(&[fault], &["PutItem", "GetItem"]).await;
    }
}

#[tokio::test]
async fn a_lost_request_is_retried_once_reading_back_finds_nothing() {
    for fault in [Fault::RequestLost, Fault::ErrorInstead] {
        written_after(&[fault], &["PutItem", "GetItem", "PutItem"]).await;
    }
    let twice = [Fault::RequestLost, Fault::None, Fault::AnswerLost];
    written_after(&twice, &["PutItem", "GetItem", "PutItem", "GetItem"]).await;
}

#[tokio::test]
async fn a_throttled_request_is_retried_without_reading_back() {
    let twice = [Fault::Throttled, Fault::Throttled];
    written_after(&twice, &["PutItem", "PutItem", "PutItem"]).await;
}

#[tokio::test]
async fn a_request_that_hangs_is_resolved_by_reading_back_after_its_timeout() {
    written_after(&[Fault::Hangs], &["PutItem", "GetItem", "PutItem"]).await;
}

#[tokio::test]
async fn a_carried_out_request_that_hangs_is_resolved_by_reading_back() {
    written_after(&[Fault::HangsAfterwards], &["PutItem", "GetItem"]).await;
}

#[tokio::test]
async fn a_lost_answer_to_a_lost_race_yields_the_winner() {
    let setting = Setting::with([Fault::None, Fault::AnswerLost]).await;
    assert_eq!(setting.append(&rival()).await.unwrap(), Appended::Written);
    let appended = setting.append(&first()).await.unwrap();
    assert_eq!(appended, Appended::Taken(rival().into()));
    assert_eq!(setting.faulty.requests(), ["PutItem", "PutItem", "GetItem"]);
}

#[tokio::test]
async fn a_winner_that_is_missing_from_the_answer_is_read() {
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
async fn a_store_that_never_answers_is_unavailable() {
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
async fn a_put_that_is_never_carried_out_is_abandoned_after_four_attempts() {
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
        unreachable!("the request was denied");
    };
    assert!(why.contains("AccessDeniedException: you may not"), "{why}");
    assert_eq!(setting.faulty.requests(), ["PutItem"]);
}

#[tokio::test]
async fn a_missing_table_is_a_refusal() {
    let embedded = Embedded::in_memory().unwrap();
    let store = DynamoDbStore::new(embedded.client(), "nowhere");
    let Err(StoreError::Refused(why)) = store.append(&first()).await else {
        unreachable!("the table does not exist");
    };
    assert!(why.contains("ResourceNotFoundException"), "{why}");
    assert!(matches!(store.ping().await, Err(StoreError::Refused(_))));
}

#[tokio::test]
async fn an_unreachable_endpoint_is_unavailable() {
    let store =
        DynamoDbStore::new(Client::from_conf(for_endpoint("http://127.0.0.1:1")), "daybook");
    assert!(store.append(&first()).await.unwrap_err().is_transient());
    assert!(store.ping().await.unwrap_err().is_transient());
}

/// Bisects the length of a text that compresses poorly, down to the first that does not fit.
#[tokio::test]
async fn a_body_that_does_not_fit_is_refused_unsent() {
    let setting = Setting::with([]).await;
    let text = noise(300_000);
    let noting_first = |letters: usize| {
        // Each letter has three bytes. Each attempt has an aggregate of its own.
        noting(&tally(letters as u128), None, &text[..letters * 3])
    };
    let (mut fits, mut too_large): (usize, _) = (1_000, 300_000);
    while too_large - fits > 1 {
        let letters = fits.midpoint(too_large);
        match setting.append(&noting_first(letters)).await {
            Ok(written) => {
                assert_eq!(written, Appended::Written);
                fits = letters;
            }
            Err(StoreError::TooLarge { bytes, limit }) => {
                assert!(bytes > limit && limit < items::ITEM_LIMIT, "{bytes} of {limit}");
                too_large = letters;
            }
            other => unreachable!("{letters} letters: {other:?}"),
        }
    }
    let largest = noting_first(fits);
    assert!(largest.body().len() > 2 * items::ITEM_LIMIT, "the body was not compressed");
    assert_eq!(setting.append(&largest).await.unwrap(), Appended::Again);
    let there = setting.store.load(&largest.aggregate, Reach::Whole).await.unwrap();
    assert_eq!(there.change_sets, [largest]);

    let before = setting.faulty.requests().len();
    setting.append(&noting_first(too_large)).await.unwrap_err();
    assert_eq!(setting.faulty.requests().len(), before);
}

#[tokio::test]
async fn a_body_over_sixteen_megabytes_is_refused_however_well_it_compresses() {
    let setting = Setting::with([]).await;
    let empty = noting(&tally(1), None, "").body().len();
    let letters = (items::BODY_LIMIT - empty) / 2;
    let fits = noting(&tally(1), None, &"x".repeat(letters));
    assert_eq!(setting.append(&fits).await.unwrap(), Appended::Written);
    let there = setting.store.load(&fits.aggregate, Reach::Whole).await.unwrap();
    assert!(there.change_sets == [fits]);
    let too_large = noting(&tally(2), None, &"x".repeat(letters + 1));
    match setting.append(&too_large).await {
        Err(StoreError::TooLarge { bytes, limit }) => {
            assert_eq!((bytes, limit), (too_large.body().len(), items::BODY_LIMIT));
        }
        other => unreachable!("the body does not fit: {other:?}"),
    }
}

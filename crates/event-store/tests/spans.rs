//! The spans that `tracing` receives for commands: their names, nesting and outcomes.
//!
//! A binary of its own: `tracing` caches per process whether anybody listens, so tests without a
//! subscriber on other threads would silence these.
#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(dead_code, reason = "few faults are needed")]
mod faults;
mod recorded;

use std::num::NonZeroUsize;
use std::time::Duration;

use event_store::Timestamp;
use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::feed::{Feed, Pace};
use event_store::handler::{CommandHandler, Envelope, Outcome, transact};
use event_store::testing::conformance::{Tally, Task};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;
use uuid::Uuid;

use crate::faults::{Fault, Faulty};
use crate::recorded::Recorded;

/// A store of its own, and a recorder of the spans from here on.
struct Setting {
    embedded: Embedded,
    recorded: Recorded,
    _listening: tracing::subscriber::DefaultGuard,
}

impl Setting {
    async fn new() -> Self {
        let embedded = Embedded::in_memory().unwrap();
        DynamoDbStore::new(embedded.client(), "daybook").ensure_table().await.unwrap();
        let recorded = Recorded::default();
        let subscriber = tracing_subscriber::registry().with(recorded.clone());
        Self { embedded, recorded, _listening: subscriber.set_default() }
    }

    /// A handler with an empty cache.
    fn handler(&self) -> CommandHandler<Tally, DynamoDbStore> {
        self.behind([])
    }

    fn behind(
        &self,
        faults: impl IntoIterator<Item = Fault>,
    ) -> CommandHandler<Tally, DynamoDbStore> {
        let (client, _) = Faulty::before(&self.embedded.client(), faults);
        CommandHandler::new(
            DynamoDbStore::new(client, "daybook"),
            NonZeroUsize::MIN.saturating_add(7),
        )
    }

    #[track_caller]
    fn assert_told(&self, spans: &str) {
        let told = self.recorded.take();
        assert_eq!(told.trim(), spans.trim(), "the spans were:\n{told}");
    }
}

fn envelope(command_id: u128, aggregate: u128, command: Task) -> Envelope<Task> {
    Envelope::new(
        Uuid::from_u128(command_id),
        Uuid::from_u128(aggregate),
        command,
        "tester",
        Timestamp::from_millis(1_767_225_600_000),
    )
}

fn add(command_id: u128) -> Envelope<Task> {
    envelope(command_id, 1, Task::Add { amount: 1 })
}

#[tokio::test]
async fn a_command_has_spans_for_load_decide_and_append() {
    let setting = Setting::new().await;
    setting.handler().execute(&add(1)).await.unwrap();
    setting.assert_told(
        "
command kind=tally outcome=accepted
  load kind=tally outcome=loaded
    request operation=Query outcome=done
  decide kind=tally version=0 command=Add outcome=accepted
  append kind=tally version=1 command=Add outcome=written
    request operation=PutItem outcome=done
",
    );
}

#[tokio::test]
async fn a_writer_that_loses_the_race_decides_again() {
    let setting = Setting::new().await;
    let [one, other] = [setting.handler(), setting.handler()];
    one.execute(&add(1)).await.unwrap();
    other.execute(&add(2)).await.unwrap();
    setting.recorded.take();
    one.execute(&add(3)).await.unwrap();
    setting.assert_told(
        "
command kind=tally outcome=accepted
  decide kind=tally version=1 command=Add outcome=accepted
  append kind=tally version=2 command=Add outcome=taken
    request operation=PutItem outcome=condition_failed
  decide kind=tally version=2 command=Add outcome=accepted
  append kind=tally version=3 command=Add outcome=written
    request operation=PutItem outcome=done
",
    );
}

#[tokio::test]
async fn a_span_tells_a_duplicate_from_a_reused_id_and_a_rejection() {
    let setting = Setting::new().await;
    let handler = setting.handler();
    handler.execute(&add(1)).await.unwrap();
    setting.recorded.take();
    handler.execute(&add(1)).await.unwrap();
    handler.execute(&envelope(1, 1, Task::Add { amount: 2 })).await.unwrap();
    handler.execute(&envelope(2, 1, Task::Take { amount: 5 })).await.unwrap();
    setting.assert_told(
        "
command kind=tally outcome=duplicate
  request operation=Query outcome=done
command kind=tally outcome=command-id-reused
  request operation=Query outcome=done
command kind=tally outcome=rejected
  decide kind=tally version=1 command=Take outcome=rejected
  load kind=tally outcome=loaded
    request operation=Query outcome=done
  decide kind=tally version=1 command=Take outcome=rejected
",
    );
}

#[tokio::test]
async fn a_conflicting_change_set_shows_as_a_conflict() {
    let setting = Setting::new().await;
    let handler = setting.handler();
    let rename = |id, name: &str| envelope(id, 1, Task::Rename { name: name.to_owned() });
    handler.execute(&rename(1, "one")).await.unwrap();
    handler.execute(&rename(2, "two")).await.unwrap();
    setting.recorded.take();
    let late = rename(3, "three").with_expected_version(1);
    setting.handler().execute(&late).await.unwrap();
    setting.assert_told(
        "
command kind=tally outcome=conflict
  load kind=tally outcome=loaded
    request operation=Query outcome=done
  decide kind=tally version=2 command=Rename outcome=conflict
  load kind=tally outcome=loaded
    request operation=Query outcome=done
  decide kind=tally version=2 command=Rename outcome=conflict
",
    );
}

#[tokio::test]
async fn an_unavailable_store_is_told_from_a_store_that_refuses() {
    let setting = Setting::new().await;
    let away = setting.behind([Fault::None, Fault::AnswerLost, Fault::RequestLost]);
    away.execute(&add(1)).await.unwrap_err();
    setting.behind([Fault::Denied]).execute(&add(2)).await.unwrap_err();
    setting.assert_told(
        "
command kind=tally outcome=unavailable
  load kind=tally outcome=loaded
    request operation=Query outcome=done
  decide kind=tally version=0 command=Add outcome=accepted
  append kind=tally version=1 command=Add outcome=unavailable
    request operation=PutItem outcome=unknown
    request operation=GetItem outcome=unknown
command kind=tally outcome=refused
  load kind=tally outcome=refused
    request operation=Query outcome=refused
",
    );
}

#[tokio::test]
async fn commands_in_a_transaction_are_one_span() {
    let setting = Setting::new().await;
    let handler = setting.handler();
    let parts = [1, 2].map(|aggregate| {
        handler.part(&envelope(1, aggregate, Task::Add { amount: 1 }), |refused| refused)
    });
    transact(parts.into()).await.unwrap();
    let parts = [1, 2].map(|aggregate| {
        handler.part(&envelope(2, aggregate, Task::Take { amount: 2 }), |refused| refused)
    });
    transact(parts.into()).await.unwrap();
    setting.assert_told(
        "
transaction parts=2 outcome=accepted
  load kind=tally outcome=loaded
    request operation=Query outcome=done
  load kind=tally outcome=loaded
    request operation=Query outcome=done
  decide kind=tally version=0 command=Add outcome=accepted
  decide kind=tally version=0 command=Add outcome=accepted
  append change_sets=2 outcome=written
    request operation=TransactWriteItems outcome=done
transaction parts=2 outcome=refused
  decide kind=tally version=1 command=Take outcome=rejected
  load kind=tally outcome=loaded
    request operation=Query outcome=done
  decide kind=tally version=1 command=Take outcome=rejected
",
    );
}

/// Both feeds propose batch 1. The loser reads the winner and proposes batch 2.
#[tokio::test]
async fn a_sequence_span_reports_the_outcome_of_its_batch() {
    let setting = Setting::new().await;
    let handler = setting.handler();
    let mut committed = Vec::new();
    for aggregate in [1, 2] {
        match handler.execute(&envelope(1, aggregate, Task::Add { amount: 1 })).await.unwrap() {
            Outcome::Accepted(accepted) => committed.push(accepted.change_set),
            other => unreachable!("an addition is always accepted: {other:?}"),
        }
    }
    let feeds = [(); 2].map(|()| Feed::start(handler.store().clone(), Pace::ALONE));
    for feed in &feeds {
        feed.opened().await.unwrap();
    }
    setting.recorded.take();
    for (feed, change_set) in feeds.iter().zip(&committed) {
        feed.commit(change_set);
        feed.settle(Duration::from_secs(60)).await.unwrap();
    }
    setting.assert_told(
        "
sequence batch=1 references=1 outcome=written
  request operation=PutItem outcome=done
sequence batch=1 references=1 outcome=taken
  request operation=PutItem outcome=condition_failed
request operation=Query outcome=done
sequence batch=2 references=1 outcome=written
  request operation=PutItem outcome=done
",
    );
}

/// All spans have level DEBUG. For a subscriber at INFO none is even created.
#[tokio::test]
async fn a_subscriber_at_info_level_receives_no_spans() {
    let embedded = Embedded::in_memory().unwrap();
    let store = DynamoDbStore::new(embedded.client(), "daybook");
    store.ensure_table().await.unwrap();
    let recorded = Recorded::default();
    let subscriber =
        tracing_subscriber::registry().with(recorded.clone().with_filter(LevelFilter::INFO));
    let _listening = subscriber.set_default();
    CommandHandler::<Tally, _>::new(store, NonZeroUsize::MIN).execute(&add(1)).await.unwrap();
    assert_eq!(recorded.take(), "");
}

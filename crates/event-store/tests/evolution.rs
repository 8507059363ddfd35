//! Two versions of a program on one store, with schemas of commands and events that have changed in
//! between.

use std::num::NonZeroUsize;

use event_store::handler::{Accepted, CommandHandler, Envelope, Outcome, Refusal};
use event_store::{
    Aggregate, AggregateId, ChangeSet, Context, MemoryStore, Page, Reason, Store, StoreError,
    Timestamp, UpcastError, Upcaster, Verification, Version, verify,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("full")]
struct Full;

/// The old program, which books a parcel by its weight in kilograms.
mod before {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub(super) struct Shelf(u64);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    pub(super) enum Command {
        Book { kilograms: u64 },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    pub(super) enum Event {
        Booked { kilograms: u64 },
    }

    impl Aggregate for Shelf {
        const KIND: &'static str = "shelf";
        type Command = Command;
        type Event = Event;
        type Rejection = Full;

        fn decide(&self, command: &Command, _: &Context) -> Result<Vec<Event>, Full> {
            let Command::Book { kilograms } = *command;
            if self.0 + kilograms > 100 { Err(Full) } else { Ok(vec![Event::Booked { kilograms }]) }
        }

        fn evolve(self, event: &Event) -> Self {
            let Event::Booked { kilograms } = event;
            Self(self.0 + kilograms)
        }
    }
}

/// The new program, which books a parcel by its weight in grams and can clear a shelf.
mod after {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub(super) struct Shelf(pub(super) u64);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    pub(super) enum Command {
        Book { grams: u64 },
        Clear {},
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    pub(super) enum Event {
        Booked { grams: u64 },
        Cleared {},
    }

    const fn in_grams(name: &'static str) -> Upcaster {
        Upcaster {
            name,
            from: 1,
            upcast: |data| match data["kilograms"].as_u64() {
                Some(kilograms) => Ok(json!({ "grams": kilograms * 1000 })),
                None => Err("`kilograms` is missing".to_owned()),
            },
        }
    }

    impl Aggregate for Shelf {
        const KIND: &'static str = "shelf";
        const STATE_SCHEMA: u32 = 2;
        type Command = Command;
        type Event = Event;
        type Rejection = Full;

        fn decide(&self, command: &Command, _: &Context) -> Result<Vec<Event>, Full> {
            match *command {
                Command::Book { grams } if self.0 + grams > 100_000 => Err(Full),
                Command::Book { grams } => Ok(vec![Event::Booked { grams }]),
                Command::Clear {} => Ok(vec![Event::Cleared {}]),
            }
        }

        fn evolve(self, event: &Event) -> Self {
            match event {
                Event::Booked { grams } => Self(self.0 + grams),
                Event::Cleared {} => Self(0),
            }
        }

        fn event_upcasters() -> &'static [Upcaster] {
            &[const { in_grams("Booked") }]
        }

        fn command_upcasters() -> &'static [Upcaster] {
            &[const { in_grams("Book") }]
        }
    }
}

fn handler<A: Aggregate>(store: &MemoryStore) -> CommandHandler<A, MemoryStore> {
    CommandHandler::new(store.clone(), NonZeroUsize::MIN)
}

fn envelope<C>(command_id: u128, command: C) -> Envelope<C> {
    Envelope::new(
        Uuid::from_u128(command_id),
        Uuid::from_u128(7),
        command,
        "tester",
        Timestamp::from_millis(1_767_225_600_000),
    )
}

async fn accepted<A: Aggregate>(
    store: &MemoryStore,
    envelope: Envelope<A::Command>,
) -> (ChangeSet, bool) {
    match handler::<A>(store).execute(&envelope).await.unwrap() {
        Outcome::Accepted(Accepted { change_set, duplicate, .. }) => (change_set, duplicate),
        other => panic!("{other:?}"),
    }
}

async fn history(store: &MemoryStore) -> Vec<ChangeSet> {
    let everything = Page::After { version: 0, limit: 100 };
    store
        .change_sets(&AggregateId::of::<after::Shelf>(Uuid::from_u128(7)), everything)
        .await
        .unwrap()
}

async fn verified<A: Aggregate>(store: &MemoryStore) -> Verification {
    verify::<A>(&AggregateId::of::<A>(Uuid::from_u128(7)), &history(store).await)
}

#[tokio::test]
async fn a_history_of_the_old_schema_is_verified_and_continued() {
    let store = MemoryStore::default();
    accepted::<before::Shelf>(&store, envelope(1, before::Command::Book { kilograms: 40 })).await;
    let book = after::Command::Book { grams: 500 };
    let (booked, _) = accepted::<after::Shelf>(&store, envelope(2, book)).await;
    assert_eq!((booked.content().command.schema, booked.content().events[0].schema), (2, 2));
    let found = verified::<after::Shelf>(&store).await;
    assert_eq!((found.ok, found.version, found.reason), (true, 2, None), "{found:?}");
    let head = handler::<after::Shelf>(&store).load(Uuid::from_u128(7), None).await.unwrap();
    assert_eq!(head.state, after::Shelf(40_500));
}

#[tokio::test]
async fn a_repeat_across_the_schema_change_is_a_duplicate() {
    let store = MemoryStore::default();
    let first = envelope(1, before::Command::Book { kilograms: 40 });
    let (first, _) = accepted::<before::Shelf>(&store, first).await;
    let again = envelope(1, after::Command::Book { grams: 40_000 });
    assert_eq!(accepted::<after::Shelf>(&store, again).await, (first, true));
    let other = envelope(1, after::Command::Book { grams: 39_000 });
    let outcome = handler::<after::Shelf>(&store).execute(&other).await.unwrap();
    assert_eq!(outcome, Outcome::Refused(Refusal::CommandIdReused { version: 1 }));
}

#[tokio::test]
async fn an_old_program_says_that_a_newer_one_is_needed() {
    let too_new = [
        (after::Command::Book { grams: 500 }, "Booked", 2),
        (after::Command::Clear {}, "Cleared", 1),
    ];
    for (command, event, schema) in too_new {
        let store = MemoryStore::default();
        accepted::<before::Shelf>(&store, envelope(1, before::Command::Book { kilograms: 1 }))
            .await;
        accepted::<after::Shelf>(&store, envelope(2, command)).await;
        let old = handler::<before::Shelf>(&store);
        let book = envelope(3, before::Command::Book { kilograms: 1 });
        let loaded = old.load(Uuid::from_u128(7), None).await.map(|head| head.version);
        let executed = old.execute(&book).await.map(|_| 0);
        for failed in [loaded, executed] as [Result<Version, StoreError>; 2] {
            match failed.unwrap_err() {
                StoreError::Newer { version: 2, reason, .. } => {
                    let name = event.to_owned();
                    assert_eq!(*reason, UpcastError::Newer { name, schema });
                }
                other => panic!("{other}"),
            }
        }
        // The old program still reads the versions it knows.
        assert_eq!(old.load(Uuid::from_u128(7), Some(1)).await.unwrap().version, 1);
        let found = verified::<before::Shelf>(&store).await;
        assert_eq!((found.failed_at, found.reason), (Some(2), Some(Reason::SchemaUnknown)));
    }
}

/// The same program before and after its rules changed, with a number for them.
mod ruled {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    pub(super) struct Shelf<const RULES: u32>(u64);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    pub(super) enum Book {
        Book { kilograms: u64 },
    }

    impl<const RULES: u32> Aggregate for Shelf<RULES> {
        const KIND: &'static str = "shelf";
        const RULES: u32 = RULES;
        type Command = Book;
        type Event = Book;
        type Rejection = Full;

        /// Since rules 2, a booking is rounded up to ten.
        fn decide(&self, command: &Book, context: &Context) -> Result<Vec<Book>, Full> {
            let Book::Book { kilograms } = *command;
            let rounds = RULES > 1 && context.rules > 1;
            let kilograms = if rounds { kilograms.next_multiple_of(10) } else { kilograms };
            Ok(vec![Book::Book { kilograms }])
        }

        fn evolve(self, event: &Book) -> Self {
            let Book::Book { kilograms } = event;
            Self(self.0 + kilograms)
        }
    }
}

#[tokio::test]
async fn newer_rules_are_told_from_changed_ones() {
    let store = MemoryStore::default();
    for (id, kilograms) in [(1, 20), (2, 7)] {
        let book = envelope(id, ruled::Book::Book { kilograms });
        accepted::<ruled::Shelf<2>>(&store, book).await;
    }
    let newer = verified::<ruled::Shelf<2>>(&store).await;
    assert!(newer.ok, "{newer:?}");
    // The first booking is the same by both rules.
    let older = verified::<ruled::Shelf<1>>(&store).await;
    assert_eq!((older.failed_at, older.reason), (Some(2), Some(Reason::RulesUnknown)));
    assert_eq!(serde_json::to_value(older.reason).unwrap(), json!("rules-unknown"));
}

#[tokio::test]
async fn a_command_of_an_older_client_is_upcast() {
    let store = MemoryStore::default();
    let old = envelope(1, before::Command::Book { kilograms: 40 });
    let (old, _) = accepted::<before::Shelf>(&store, old).await;
    let command = old.content().command.command::<after::Shelf>().unwrap();
    assert_eq!(command, after::Command::Book { grams: 40_000 });
}

#[tokio::test]
async fn a_verification_tells_altered_from_decided_differently() {
    let store = MemoryStore::default();
    for id in 1..=2 {
        accepted::<before::Shelf>(&store, envelope(id, before::Command::Book { kilograms: 1 }))
            .await;
    }
    let aggregate = AggregateId::of::<before::Shelf>(Uuid::from_u128(7));
    let honest = history(&store).await;
    let altered = ChangeSet::from_parts(
        aggregate.clone(),
        2,
        honest[1].prev,
        honest[1].hash,
        honest[1].body().replace("tester", "forger"),
    );
    let altered = [honest[0].clone(), altered.unwrap()];
    let found = verify::<before::Shelf>(&aggregate, &altered);
    assert_eq!((found.failed_at, found.reason), (Some(2), Some(Reason::ChainBroken)));

    let context = honest[0].context();
    let other_events = [before::Event::Booked { kilograms: 9 }];
    let command = before::Command::Book { kilograms: 1 };
    let sealed = ChangeSet::seal::<before::Shelf>(
        aggregate.clone(),
        1,
        honest[0].prev,
        &command,
        &other_events,
        &context,
    );
    let found = verify::<before::Shelf>(&aggregate, &[sealed.unwrap()]);
    assert_eq!((found.failed_at, found.reason), (Some(1), Some(Reason::DecidedDifferently)));
}

/// The hash is right, and the command gives the recorded events. Only the clock that runs backwards
/// gives the version away.
#[tokio::test]
async fn a_version_recorded_before_its_predecessor_fails_verification() {
    let store = MemoryStore::default();
    for id in 1..=2 {
        accepted::<before::Shelf>(&store, envelope(id, before::Command::Book { kilograms: 1 }))
            .await;
    }
    let aggregate = AggregateId::of::<before::Shelf>(Uuid::from_u128(7));
    let [first, second] = &history(&store).await[..] else { panic!("not two") };
    for (earlier_by, holds) in [(0, true), (1, false)] {
        let mut context = second.context();
        context.recorded_at = first.content().recorded_at.minus_millis(earlier_by);
        let sealed = ChangeSet::seal::<before::Shelf>(
            aggregate.clone(),
            2,
            first.hash,
            &before::Command::Book { kilograms: 1 },
            &[before::Event::Booked { kilograms: 1 }],
            &context,
        );
        let found = verify::<before::Shelf>(&aggregate, &[first.clone(), sealed.unwrap()]);
        assert_eq!(found.ok, holds, "{found:?}");
        assert_eq!(found.reason, (!holds).then_some(Reason::ChainBroken));
    }
}

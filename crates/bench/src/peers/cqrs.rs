//! `cqrs-es` with `dynamo-es`: `CqrsFramework::execute` on the tables of its `db/dynamo_db.yaml`.

use std::ops::Range;

use aws_sdk_dynamodb::Client;
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore, SerializedEvent};
use cqrs_es::{AggregateError, CqrsFramework, DomainEvent, EventStore};
use dynamo_es::{DynamoCqrs, DynamoEventRepository};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::contender::{Contender, Order, Refusal, SNAPSHOT_EVERY};
use super::stock::{Command, Event, Never, Stock};
use super::tables::{self, Key};
use crate::Error;

/// The most events in a transaction of `dynamo-es`.
const TOGETHER: usize = 25;

/// The records from which a state is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Events,
    Snapshots,
}

pub(super) struct Cqrs {
    framework: DynamoCqrs<Stock>,
    /// A store like the one behind the framework, to read through.
    store: PersistedEventStore<DynamoEventRepository, Stock>,
    repository: DynamoEventRepository,
    truth: Truth,
}

impl Cqrs {
    pub(super) async fn open(client: &Client, truth: Truth) -> Result<Self, Error> {
        let events = [Key::hash("AggregateTypeAndId", 'S'), Key::range("AggregateIdSequence", 'N')];
        tables::ensure(client, "Events", &events, None).await?;
        tables::ensure(client, "Snapshots", &[Key::hash("AggregateTypeAndId", 'S')], None).await?;
        let repository = || DynamoEventRepository::new(client.clone());
        let store = || match truth {
            Truth::Events => PersistedEventStore::new_event_store(repository()),
            Truth::Snapshots => {
                PersistedEventStore::new_snapshot_store(repository(), SNAPSHOT_EVERY as usize)
            }
        };
        let framework = CqrsFramework::new(store(), Vec::new(), ());
        Ok(Self { framework, store: store(), repository: repository(), truth })
    }
}

impl Contender for Cqrs {
    fn execute(&self, order: Order) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let id = order.aggregate.to_string();
            self.framework.execute(&id, order.command).await.map_err(refusal)
        })
    }

    fn load(&self, aggregate: Uuid) -> BoxFuture<'_, Result<Stock, Refusal>> {
        Box::pin(async move {
            let loaded = self.store.load_aggregate(&aggregate.to_string()).await;
            Ok(loaded.map_err(refusal)?.aggregate)
        })
    }

    /// Writes through commands if snapshots keep them fast, else straight to the repository.
    fn fill(&self, aggregate: Uuid, events: Range<u32>) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            if self.truth == Truth::Snapshots {
                for event in events {
                    let command = if event == 0 { Command::first(1) } else { Command::lots(1) };
                    self.execute(Order::new(aggregate, command)).await?;
                }
                return Ok(());
            }
            let events = events.map(|place| serialized(aggregate, place as usize + 1));
            let events = events.collect::<Result<Vec<_>, _>>().map_err(Refusal::failed)?;
            for together in events.chunks(TOGETHER) {
                let persisted = self.repository.persist::<Stock>(together, None).await;
                persisted.map_err(Refusal::failed)?;
            }
            Ok(())
        })
    }
}

fn serialized(aggregate: Uuid, sequence: usize) -> Result<SerializedEvent, serde_json::Error> {
    let event = Command::lots(1).events().remove(0);
    Ok(SerializedEvent {
        aggregate_id: aggregate.to_string(),
        sequence,
        aggregate_type: <Stock as cqrs_es::Aggregate>::TYPE.into(),
        event_type: event.event_type(),
        event_version: event.event_version(),
        payload: serde_json::to_value(event)?,
        metadata: serde_json::json!({}),
    })
}

fn refusal(error: AggregateError<Never>) -> Refusal {
    match error {
        AggregateError::AggregateConflict => Refusal::Conflict,
        AggregateError::UserError(never) => Refusal::failed(never),
        AggregateError::DatabaseConnectionError(error)
        | AggregateError::DeserializationError(error)
        | AggregateError::UnexpectedError(error) => Refusal::because(&*error),
    }
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        "CheckedIn".into()
    }

    fn event_version(&self) -> String {
        "1.0".into()
    }
}

impl cqrs_es::Aggregate for Stock {
    const TYPE: &'static str = "stock";
    type Command = Command;
    type Event = Event;
    type Error = Never;
    type Services = ();

    async fn handle(
        &mut self,
        command: Command,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Never> {
        for event in command.events() {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        self.add(&event);
    }
}

//! `event-store-adapter-rs`: the repository of its example, on the three tables that it requires.
//!
//! The store takes one event at a time, so a command of three events is three transactions. The
//! first command of an aggregate reads nothing. The caller may keep the newest state between
//! commands; that is measured too.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{AsyncSleep, Sleep};
use chrono::Utc;
use event_store_adapter_rs::{
    AggregateId, DynamoDbOptions, DynamoDbTables, EventEnvelope, EventStoreError,
    EventStoreForDynamoDB, SeqNr, SnapshotEnvelope,
};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::contender::{Contender, Order, Refusal, SNAPSHOT_EVERY};
use super::stock::{Event, Stock};
use super::tables::{self, Key};
use crate::Error;

/// The state that the caller remembers between two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Memory {
    None,
    Newest,
}

#[derive(Clone, Debug)]
struct StockId(Uuid);

impl AggregateId for StockId {
    fn type_name(&self) -> String {
        "stock".into()
    }

    fn value(&self) -> String {
        self.0.to_string()
    }
}

/// A way to sleep, which the store requires of its client.
#[derive(Debug)]
struct Sleeper;

impl AsyncSleep for Sleeper {
    fn sleep(&self, time: Duration) -> Sleep {
        Sleep::new(tokio::time::sleep(time))
    }
}

type Known = (Stock, SeqNr);

pub(super) struct Adapter {
    store: EventStoreForDynamoDB<StockId, Stock, Event>,
    memory: Memory,
    /// The newest states, each behind a lock of its own, so that commands to one aggregate take
    /// turns.
    known: Mutex<HashMap<Uuid, Arc<tokio::sync::Mutex<Option<Known>>>>>,
}

impl Adapter {
    pub(super) async fn open(client: &Client, memory: Memory) -> Result<Self, Error> {
        let names = DynamoDbTables {
            journal_table_name: "journal".into(),
            snapshot_table_name: "snapshot".into(),
            head_table_name: "head".into(),
            snapshot_history_index_name: "snapshot-history".into(),
        };
        let aid = Key::hash("aid", 'S');
        let journal = [aid, Key::range("seq_nr", 'N')];
        let snapshot = [aid, Key::range("skey", 'N')];
        let history = [aid, Key::range("active_history_seq_nr", 'N')];
        let index = Some((&*names.snapshot_history_index_name, &history[..]));
        tables::ensure(client, &names.journal_table_name, &journal, None).await?;
        tables::ensure(client, &names.snapshot_table_name, &snapshot, index).await?;
        tables::ensure(client, &names.head_table_name, &[aid], None).await?;
        let client = Client::from_conf(client.config().to_builder().sleep_impl(Sleeper).build());
        let store = EventStoreForDynamoDB::open(client, names, DynamoDbOptions::default())
            .await
            .map_err(|error| Error::Engine(error.to_string()))?;
        Ok(Self { store, memory, known: Mutex::default() })
    }

    /// Loads the newest snapshot and the events after it.
    async fn find_by_id(&self, aggregate: Uuid) -> Result<Known, Refusal> {
        let id = StockId(aggregate);
        let read = self.store.get_latest_snapshot_by_id(&id).await.map_err(refusal)?;
        let Some(read) = read else { return Ok((Stock::default(), 0)) };
        let (mut stock, mut last) = match read.into_parts().0 {
            Some(snapshot) => (snapshot.aggregate().clone(), snapshot.seq_nr()),
            None => (Stock::default(), 0),
        };
        let newer = self.store.get_events_by_id_since_seq_nr(&id, last + 1).await;
        for event in newer.map_err(refusal)? {
            last = event.seq_nr();
            stock.add(event.payload());
        }
        Ok((stock, last))
    }

    /// The state on which a caller that remembers nothing decides a command.
    async fn known_to(&self, order: &Order) -> Result<Known, Refusal> {
        if order.command.is_first() {
            return Ok((Stock::default(), 0));
        }
        self.find_by_id(order.aggregate).await
    }

    async fn persist(&self, order: &Order, known: &mut Known) -> Result<(), Refusal> {
        for event in order.command.events() {
            known.0.add(&event);
            known.1 += 1;
            let sequence = known.1;
            let envelope =
                EventEnvelope::new(StockId(order.aggregate), sequence, Utc::now(), event);
            let persisted = if sequence.is_multiple_of(u64::from(SNAPSHOT_EVERY)) {
                let snapshot = SnapshotEnvelope::new(known.0.clone(), sequence);
                self.store.persist_event_and_snapshot(envelope, snapshot).await
            } else {
                self.store.persist_event(envelope).await
            };
            persisted.map_err(refusal)?;
        }
        Ok(())
    }

    fn slot(&self, aggregate: Uuid) -> Arc<tokio::sync::Mutex<Option<Known>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(aggregate).or_default())
    }
}

impl Contender for Adapter {
    fn execute(&self, order: Order) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            if self.memory == Memory::None {
                let mut known = self.known_to(&order).await?;
                return self.persist(&order, &mut known).await;
            }
            let slot = self.slot(order.aggregate);
            let mut slot = slot.lock().await;
            let mut known = match slot.take() {
                Some(known) => known,
                None => self.known_to(&order).await?,
            };
            self.persist(&order, &mut known).await?;
            *slot = Some(known);
            Ok(())
        })
    }

    fn load(&self, aggregate: Uuid) -> BoxFuture<'_, Result<Stock, Refusal>> {
        Box::pin(async move { Ok(self.find_by_id(aggregate).await?.0) })
    }
}

fn refusal(error: EventStoreError) -> Refusal {
    match error {
        EventStoreError::OptimisticLock { .. } => Refusal::Conflict,
        other => Refusal::failed(other),
    }
}

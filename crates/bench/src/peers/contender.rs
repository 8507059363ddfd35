use std::ops::Range;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use event_store::objects::{MemoryObjects, Objects};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::adapter::{Adapter, Memory};
use super::cqrs::{Cqrs, Truth};
use super::ours::Ours;
use super::stock::{Command, Stock};
use crate::Error;

/// One command to one aggregate, as an application sends it.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) aggregate: Uuid,
    /// Made by the author of the command, and kept when the command is repeated. Only our store
    /// uses it.
    pub(super) command_id: Uuid,
    pub(super) command: Command,
}

impl Order {
    pub(super) fn new(aggregate: Uuid, command: Command) -> Self {
        Self { aggregate, command_id: Uuid::now_v7(), command }
    }
}

/// The reason that the author gets for a command that was not carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Another writer was faster. The documentation says to load and decide again.
    #[error("conflict")]
    Conflict,
    #[error("{0}")]
    Failed(String),
}

impl Refusal {
    pub(super) fn failed(error: impl std::error::Error) -> Self {
        Self::because(&error)
    }

    /// Joins the messages of an error and its sources, without repeating any.
    pub(super) fn because(error: &dyn std::error::Error) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        Self::Failed(text)
    }

    pub(super) fn of(self, kind: Kind) -> Error {
        Error::Engine(format!("{}: {self}", kind.name()))
    }
}

/// An event store behind the interface that its documentation shows.
pub(super) trait Contender: Send + Sync {
    /// Executes a command once. A retry after an error is left to the caller.
    fn execute(&self, order: Order) -> BoxFuture<'_, Result<(), Refusal>>;

    /// Loads the newest state, as a process with an empty cache does.
    fn load(&self, aggregate: Uuid) -> BoxFuture<'_, Result<Stock, Refusal>>;

    /// Writes the events of this range, counted from 0, each by a command of its own, or in a
    /// faster way if that would take too long.
    fn fill(&self, aggregate: Uuid, events: Range<u32>) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            for event in events {
                let command = if event == 0 { Command::first(1) } else { Command::lots(1) };
                self.execute(Order::new(aggregate, command)).await?;
            }
            Ok(())
        })
    }
}

/// The resources that all processes of a contender share.
#[derive(Clone)]
pub(super) struct Backing {
    pub(super) client: Client,
    /// Object storage, for our store only.
    pub(super) objects: Arc<dyn Objects>,
}

impl Backing {
    pub(super) fn new(client: Client) -> Self {
        Self { client, objects: Arc::new(MemoryObjects::default()) }
    }
}

/// The contenders, in the order of the tables' columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ours,
    CqrsEvents,
    CqrsSnapshots,
    Adapter,
    AdapterInHand,
}

/// The interval of snapshots, for each contender that writes any: the same as ours.
pub(super) const SNAPSHOT_EVERY: u32 = 16;
const _: () = assert!(SNAPSHOT_EVERY as u64 == event_store::handler::SNAPSHOT_EVERY);

impl Kind {
    pub(super) const ALL: [Self; 5] =
        [Self::Ours, Self::CqrsEvents, Self::CqrsSnapshots, Self::Adapter, Self::AdapterInHand];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::CqrsEvents => "cqrs-es, events",
            Self::CqrsSnapshots => "cqrs-es, snapshots",
            Self::Adapter => "event-store-adapter",
            Self::AdapterInHand => "event-store-adapter, in hand",
        }
    }

    /// Opens one process's access to the store.
    pub(super) async fn open(self, backing: &Backing) -> Result<Box<dyn Contender>, Error> {
        let Backing { client, objects } = backing;
        Ok(match self {
            Self::Ours => Box::new(Ours::open(client, objects).await?),
            Self::CqrsEvents => Box::new(Cqrs::open(client, Truth::Events).await?),
            Self::CqrsSnapshots => Box::new(Cqrs::open(client, Truth::Snapshots).await?),
            Self::Adapter => Box::new(Adapter::open(client, Memory::None).await?),
            Self::AdapterInHand => Box::new(Adapter::open(client, Memory::Newest).await?),
        })
    }
}

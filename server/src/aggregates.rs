//! The registry of the kinds of aggregates that this server hosts. A new kind takes one more
//! field, a line in [`Registry::caching`] and one in `Registry::all`.

mod integrity;
mod service;
mod sku;

use std::num::NonZeroUsize;
use std::sync::Arc;

use api::wire::{AggregateState, CommandRequest};
use api::{Code, Fault, Problem, Reading};
use async_trait::async_trait;
use domain::list::{Sort, UnknownSort};
use domain::sku::Claim;
use domain::{InventoryItem, Location, Sku};
use event_store::dynamodb::DynamoDbStore;
use event_store::handler::{Accepted, Envelope, Part};
use event_store::{AggregateId, ChangeSet, Page, Timestamp, Verification, Version};
use uuid::Uuid;

pub use service::AggregateService;

/// The default number of heads of each kind that stay in memory.
pub const CACHED_HEADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// A command on its way to its kind.
#[derive(Clone, Debug)]
pub struct ReceivedCommand {
    /// The request of the client.
    pub request: CommandRequest,
    /// The name under which the command is recorded.
    pub actor: String,
    /// The time as of which it is executed.
    pub now: Timestamp,
}

impl ReceivedCommand {
    /// Returns the envelope of a command to this aggregate, with the actor, the time and the ids of
    /// this one.
    fn envelope<C>(&self, aggregate: Uuid, command: C) -> Envelope<C> {
        Envelope::new(self.request.command_id, aggregate, command, self.actor.clone(), self.now)
            .with_correlation(self.request.correlation_id)
            .with_causation(self.request.causation_id)
    }
}

/// A part of a transaction of the desk.
pub type DeskPart = Part<DynamoDbStore, Refused>;

/// The refusal of a part of a transaction.
#[derive(Debug)]
pub struct Refused {
    /// The part.
    pub part: PlannedPart,
    /// The reason.
    pub problem: Problem,
}

/// The purpose of a part of a transaction.
#[derive(Clone, Debug)]
pub enum PlannedPart {
    /// The command of this index.
    Command(usize),
    /// The claim of the SKU of the item that the command of this index creates.
    Claim(usize, Claim),
}

/// One kind of aggregate, with its types erased.
#[async_trait]
pub trait Service: Send + Sync {
    /// Returns the name of the kind.
    fn kind(&self) -> &'static str;

    /// Returns whether the kind takes commands from outside, and has a list.
    fn has_tasks(&self) -> bool;

    /// Reads an order of the kind's list.
    fn sort(&self, text: &str) -> Result<Sort, UnknownSort>;

    /// Returns the claim that the command needs. A command that cannot be decoded needs none, and
    /// is refused later.
    fn claim(&self, request: &CommandRequest) -> Option<Claim>;

    /// Returns the records that the command refers to. A command that cannot be decoded refers to
    /// none, and is refused later.
    fn references(&self, request: &CommandRequest) -> Vec<AggregateId>;

    /// Checks that commands to other aggregates may refer to this one.
    ///
    /// # Errors
    /// `rejected`, with the reason and this aggregate as `refers_to`; or the problem of the store.
    async fn admits_references(&self, id: Uuid) -> Result<(), Problem>;

    /// Returns whether this command was taken before.
    async fn is_repeat(&self, received: &ReceivedCommand) -> Result<bool, Problem>;

    /// Executes a command.
    async fn execute(&self, received: &ReceivedCommand) -> Result<Accepted, Problem>;

    /// Returns the command as this part of a transaction.
    ///
    /// # Errors
    /// `malformed` when it is not a command of this kind.
    fn part(&self, received: &ReceivedCommand, part: PlannedPart) -> Result<DeskPart, Problem>;

    /// Returns the state as of a version, or the current one.
    async fn state(&self, id: Uuid, version: Option<Version>) -> Result<AggregateState, Problem>;

    /// Returns the state as of a version, or the current one. If a version that it rests on is
    /// damaged, returns the state before that version, and the fault.
    ///
    /// # Errors
    /// As [`Service::state`]; `corrupt` when not even version 1 holds.
    async fn readable_state(&self, id: Uuid, version: Option<Version>) -> Result<Reading, Problem>;

    /// Returns up to `limit` unverified change sets from version `newest` down, newest first, as
    /// far as they are readable and contiguous; and the faults of those left out.
    ///
    /// # Errors
    /// When the store is unavailable.
    async fn readable(
        &self,
        id: Uuid,
        newest: Version,
        limit: usize,
    ) -> Result<(Vec<ChangeSet>, Vec<Fault>), Problem>;

    /// Returns a page of the history, unverified; a problem when the aggregate does not exist.
    async fn change_sets(&self, id: Uuid, page: Page) -> Result<Vec<ChangeSet>, Problem>;

    /// Checks the whole history: chain and command replay.
    async fn verify(&self, id: Uuid) -> Result<Verification, Problem>;
}

/// All kinds.
#[derive(Clone)]
pub struct Registry {
    /// Inventory items.
    pub inventory_item: Arc<AggregateService<InventoryItem>>,
    /// Locations.
    pub location: Arc<AggregateService<Location>>,
    /// SKUs, each claimed together with the item that has it.
    pub sku: Arc<AggregateService<Sku>>,
}

impl Registry {
    /// Creates all kinds on this store.
    pub fn new(store: &DynamoDbStore) -> Self {
        Self::caching(store, CACHED_HEADS)
    }

    /// Creates all kinds, with this number of heads of each in memory.
    pub fn caching(store: &DynamoDbStore, heads: NonZeroUsize) -> Self {
        Self {
            inventory_item: Arc::new(AggregateService::new(store.clone(), heads)),
            location: Arc::new(AggregateService::new(store.clone(), heads)),
            sku: Arc::new(AggregateService::new(store.clone(), heads)),
        }
    }

    /// Returns all kinds.
    fn all(&self) -> [Arc<dyn Service>; 3] {
        [self.inventory_item.clone(), self.location.clone(), self.sku.clone()]
    }

    /// Returns the kind of this name, for reading.
    ///
    /// # Errors
    /// `unknown-kind`.
    pub fn named(&self, name: &str) -> Result<Arc<dyn Service>, Problem> {
        let found = self.all().into_iter().find(|service| service.kind() == name);
        found.ok_or_else(|| {
            let takes_commands = self.all().into_iter().filter(|service| service.has_tasks());
            let names: Vec<_> = takes_commands.map(|service| service.kind()).collect();
            let detail =
                format!("`{name}` is not a kind of aggregate: expected {}", names.join(" or "));
            Problem::new(Code::UnknownKind, detail)
        })
    }

    /// Returns the kind of this name, if it takes commands from outside and has a list. SKUs do
    /// neither: a claim without an item would keep the SKU from everybody.
    ///
    /// # Errors
    /// `unknown-kind`.
    pub fn accepting_commands(&self, name: &str) -> Result<Arc<dyn Service>, Problem> {
        let found = self.named(name)?;
        if found.has_tasks() {
            return Ok(found);
        }
        let detail = format!(
            "`{name}` takes no commands and has no list: its commands come with those of other kinds"
        );
        Err(Problem::new(Code::UnknownKind, detail))
    }
}

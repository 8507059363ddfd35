//! The kinds of aggregates that this desk serves. A new kind takes one more field, one more line in
//! [`Kinds::open`], and its `Hosted`.

mod hosted;
mod inventory_item;
mod sku;
mod sound;

use std::num::NonZeroUsize;
use std::sync::Arc;

use app::problem::{Code, Problem};
use async_trait::async_trait;
use domain::{InventoryItem, Sku};
use event_store::dynamodb::DynamoDbStore;
use event_store::handler::{Accepted, Part};
use event_store::wire::{AggregateState, CommandRequest};
use event_store::{Aggregate, ChangeSet, Page, Timestamp, Verification, Version};
use uuid::Uuid;

pub use hosted::{Hosted, Hosting};

/// The default number of heads of each kind that stay in memory.
pub const CACHED_HEADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// A command on its way to its kind.
#[derive(Clone, Debug)]
pub struct Order {
    /// The request of the client.
    pub request: CommandRequest,
    /// The name under which the command is recorded.
    pub actor: String,
    /// The time as of which it is executed.
    pub now: Timestamp,
}

/// A command's part in a transaction, with problems as its refusals.
pub type DeskPart = Part<DynamoDbStore, Problem>;

/// One kind of aggregate, with its types erased.
#[async_trait]
pub trait Kind: Send + Sync {
    /// Executes a command.
    async fn execute(&self, order: Order) -> Result<Accepted, Problem>;

    /// Returns the command as a part of a transaction, with problems as its refusals.
    ///
    /// # Errors
    /// `malformed` when it is not a command of this kind.
    fn part(&self, order: Order) -> Result<DeskPart, Problem>;

    /// Returns the state as of a version, or the current one.
    async fn state(&self, id: Uuid, version: Option<Version>) -> Result<AggregateState, Problem>;

    /// Returns a page of the history, unverified; a problem when the aggregate does not exist.
    async fn change_sets(&self, id: Uuid, page: Page) -> Result<Vec<ChangeSet>, Problem>;

    /// Checks the whole history: chain and command replay.
    async fn verify(&self, id: Uuid) -> Result<Verification, Problem>;
}

/// All kinds.
#[derive(Clone)]
pub struct Kinds {
    /// Inventory items.
    pub inventory_item: Arc<Hosting<InventoryItem>>,
    /// SKUs, each claimed together with the item that has it.
    pub sku: Arc<Hosting<Sku>>,
}

impl Kinds {
    /// Creates all kinds on this store.
    pub fn new(store: &DynamoDbStore) -> Self {
        Self::caching(store, CACHED_HEADS)
    }

    /// Creates all kinds, with this number of heads of each in memory.
    pub fn caching(store: &DynamoDbStore, heads: NonZeroUsize) -> Self {
        Self {
            inventory_item: Arc::new(Hosting::new(store.clone(), heads)),
            sku: Arc::new(Hosting::new(store.clone(), heads)),
        }
    }

    /// Returns the kind of this name, for reading.
    ///
    /// # Errors
    /// `unknown-kind`.
    pub fn named(&self, name: &str) -> Result<Arc<dyn Kind>, Problem> {
        match name {
            Sku::KIND => Ok(self.sku.clone()),
            _ => self.open(name),
        }
    }

    /// Returns the kind of this name, if it takes commands from outside and has a list. SKUs do
    /// neither: a claim without an item would keep the SKU from everybody.
    ///
    /// # Errors
    /// `unknown-kind`.
    pub fn open(&self, name: &str) -> Result<Arc<dyn Kind>, Problem> {
        match name {
            InventoryItem::KIND => Ok(self.inventory_item.clone()),
            Sku::KIND => Err(Problem::new(
                Code::UnknownKind,
                "`sku` takes no commands and has no list: a SKU is claimed with the item that has it",
            )),
            _ => Err(Problem::new(
                Code::UnknownKind,
                format!("`{name}` is not a kind of aggregate: expected {}", InventoryItem::KIND),
            )),
        }
    }
}

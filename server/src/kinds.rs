//! The kinds of aggregates that this desk serves. A new kind is one more field, one more line in
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

/// How many heads of each kind stay in memory unless told otherwise.
pub const CACHED_HEADS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9_999);

/// A command on its way to its kind.
#[derive(Clone, Debug)]
pub struct Order {
    /// What the client sent.
    pub request: CommandRequest,
    /// Who asks.
    pub actor: String,
    /// The clock when it was taken up.
    pub now: Timestamp,
}

/// A command's part in a transaction, whose refusals are problems.
pub type DeskPart = Part<DynamoDbStore, Problem>;

/// One kind of aggregate, whatever its types.
#[async_trait]
pub trait Kind: Send + Sync {
    /// Takes up a command.
    async fn execute(&self, order: Order) -> Result<Accepted, Problem>;

    /// The command as a part of a transaction, in which its refusals are problems.
    ///
    /// # Errors
    /// The problem, when it is none of this kind's commands.
    fn part(&self, order: Order) -> Result<DeskPart, Problem>;

    /// The state as of a version, or now.
    async fn state(&self, id: Uuid, version: Option<Version>) -> Result<AggregateState, Problem>;

    /// A page of the history, unverified; a problem when there is no such aggregate.
    async fn change_sets(&self, id: Uuid, page: Page) -> Result<Vec<ChangeSet>, Problem>;

    /// Checks the whole history: chain and command replay.
    async fn verify(&self, id: Uuid) -> Result<Verification, Problem>;
}

/// All of them.
#[derive(Clone)]
pub struct Kinds {
    /// Inventory items.
    pub inventory_item: Arc<Hosting<InventoryItem>>,
    /// SKUs, which are claimed along with the items that have them.
    pub sku: Arc<Hosting<Sku>>,
}

impl Kinds {
    /// All kinds, kept in this store.
    pub fn new(store: &DynamoDbStore) -> Self {
        Self::caching(store, CACHED_HEADS)
    }

    /// The same, with so many heads of each kind in memory.
    pub fn caching(store: &DynamoDbStore, heads: NonZeroUsize) -> Self {
        Self {
            inventory_item: Arc::new(Hosting::new(store.clone(), heads)),
            sku: Arc::new(Hosting::new(store.clone(), heads)),
        }
    }

    /// The kind of this name, to look at.
    ///
    /// # Errors
    /// `unknown-kind`.
    pub fn named(&self, name: &str) -> Result<Arc<dyn Kind>, Problem> {
        match name {
            Sku::KIND => Ok(self.sku.clone()),
            _ => self.open(name),
        }
    }

    /// The kind of this name, if it takes commands from outside and has a list. (A SKU is written only
    /// along with its item: a claim without one would keep the SKU from everybody.)
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
                format!("`{name}` is no kind of aggregate: expected {}", InventoryItem::KIND),
            )),
        }
    }
}

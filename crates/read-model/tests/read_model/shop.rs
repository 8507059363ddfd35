//! A small shop: a store in memory, with the handler that a server would put before it.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::InventoryItem;
use domain::inventory_item::{
    CheckInItems, CreateInventoryItem, InventoryItemCommand, ItemSort, ListItems,
    RenameInventoryItem,
};
use event_store::handler::{CommandHandler, Envelope, Outcome};
use event_store::{Aggregate, AggregateId, ChangeSet, MemoryStore, Timestamp};
use read_model::ReadModel;
use uuid::Uuid;

pub(crate) const NINE_O_CLOCK: i64 = 1_763_888_400_000;

pub(crate) struct Shop {
    pub(crate) store: MemoryStore,
    handler: CommandHandler<InventoryItem, MemoryStore>,
    seconds: AtomicI64,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let store = MemoryStore::default();
        let handler = CommandHandler::new(store.clone(), NonZeroUsize::new(1000).unwrap());
        Self { store, handler, seconds: AtomicI64::new(0) }
    }

    /// Each command a second after the one before, from nine o'clock.
    pub(crate) async fn perform(
        &self,
        item: Uuid,
        command: impl Into<InventoryItemCommand>,
    ) -> ChangeSet {
        let seconds = self.seconds.fetch_add(1, Ordering::Relaxed);
        let envelope = Envelope {
            command_id: Uuid::from_u128(0xC0 << 96 | u128::try_from(seconds).unwrap()),
            aggregate: item,
            expected_version: None,
            command: command.into(),
            actor: "Mara".to_owned(),
            now: Timestamp::from_millis(NINE_O_CLOCK + seconds * 1000),
            correlation_id: None,
            causation_id: None,
        };
        match self.handler.execute(&envelope).await.unwrap() {
            Outcome::Accepted(accepted) => accepted.change_set,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn create(&self, number: u128, sku: &str, name: &str) -> ChangeSet {
        self.perform(item(number), create(sku, name)).await
    }

    pub(crate) async fn check_in(&self, number: u128, quantity: i64) -> ChangeSet {
        self.perform(item(number), CheckInItems { quantity, ..CheckInItems::default() }).await
    }

    pub(crate) async fn rename(&self, number: u128, name: &str) -> ChangeSet {
        self.perform(item(number), RenameInventoryItem { name: name.to_owned() }).await
    }
}

pub(crate) fn create(sku: &str, name: &str) -> CreateInventoryItem {
    CreateInventoryItem {
        sku: sku.to_owned(),
        name: name.to_owned(),
        unit: "pcs".to_owned(),
        max_quantity: None,
    }
}

pub(crate) const fn item(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn aggregate(number: u128) -> AggregateId {
    AggregateId::new(InventoryItem::KIND, item(number))
}

pub(crate) fn sorted_by(sort: &str, limit: u32) -> ListItems {
    let sort: ItemSort = sort.parse().unwrap();
    ListItems { sort, limit, ..ListItems::default() }
}

pub(crate) fn searching(search: &str) -> ListItems {
    ListItems { search: search.to_owned(), limit: 50, ..ListItems::default() }
}

/// A read model of all that the shop has done.
pub(crate) async fn filled_from(shop: &Shop) -> ReadModel {
    let model = ReadModel::in_memory().await.unwrap();
    model.take_up("shop").await.unwrap();
    model.catch_up(&shop.store, |_| {}).await.unwrap();
    model
}

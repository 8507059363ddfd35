//! A small shop: a store in memory, behind the command handler of a server.

use std::fmt::Debug;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::InventoryItem;
use domain::inventory_item::{
    CheckInItems, CreateInventoryItem, InventoryItemCommand, RenameInventoryItem,
};
use domain::list::{ListRequest, Row, Sort};
use event_store::feed::{Feed, FeedStore, Pace};
use event_store::handler::{CommandHandler, Envelope, Outcome};
use event_store::{Aggregate, AggregateId, ChangeSet, MemoryStore, Timestamp};
use read_model::{ErasedRow, Projector, ReadModel};
use uuid::Uuid;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// The kind of everything in the shop.
pub(crate) const KIND: &str = InventoryItem::KIND;
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

    /// Performs a command. Each command comes a second after the one before, starting at nine
    /// o'clock.
    pub(crate) async fn perform(
        &self,
        item: Uuid,
        command: impl Into<InventoryItemCommand>,
    ) -> ChangeSet {
        let seconds = self.seconds.fetch_add(1, Ordering::Relaxed);
        let envelope = Envelope::new(
            Uuid::from_u128(0xC0 << 96 | u128::try_from(seconds).unwrap()),
            item,
            command.into(),
            "Mara",
            Timestamp::from_millis(NINE_O_CLOCK + seconds * 1000),
        );
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
    AggregateId::of::<InventoryItem>(item(number))
}

pub(crate) fn sorted_by(sort: &str, limit: u32) -> ListRequest {
    let sort = Some(Sort::of::<InventoryItem>(sort).unwrap());
    ListRequest { sort, limit, ..ListRequest::default() }
}

pub(crate) fn searching(search: &str) -> ListRequest {
    ListRequest { search: search.to_owned(), limit: 50, ..ListRequest::default() }
}

/// Returns the rows with their items.
pub(crate) fn items(rows: Vec<ErasedRow>) -> Vec<Row<InventoryItem>> {
    let decode = |row: ErasedRow| row.map(|state| serde_json::from_str(state.get()).unwrap());
    rows.into_iter().map(decode).collect()
}

/// Returns the row of an item, if it has one.
pub(crate) async fn find(model: &ReadModel, id: Uuid) -> Option<Row<InventoryItem>> {
    let found = model.find(KIND, id).await.unwrap();
    items(found.into_iter().collect()).pop()
}

/// A read model of everything that the shop has done.
pub(crate) async fn filled_from(shop: &Shop) -> ReadModel {
    let model = ReadModel::in_memory().await.unwrap();
    model.take_up("shop").await.unwrap();
    catch_up(&model, &shop.store).await;
    model
}

/// Follows a store's feed in this model.
pub(crate) fn following<S: FeedStore + Debug>(model: &ReadModel, store: &S) -> Projector<S> {
    let pace = Pace { between: Duration::ZERO, look: None };
    Projector::start(model.clone(), Feed::start(store.clone(), pace))
}

/// Brings a model up to date with a store, as a process does when it starts, and ends. Returns the
/// number of stuck aggregates.
pub(crate) async fn catch_up<S: FeedStore + Debug>(model: &ReadModel, store: &S) -> u64 {
    let projector = following(model, store);
    projector.feed().reconcile(|_| {}).await.unwrap();
    projector.settle(PATIENCE).await.unwrap();
    projector.mark_complete();
    projector.finish().await;
    projector.feed().stuck() + projector.applied().borrow().stuck
}

//! Change sets that are written without a server.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use domain::InventoryItem;
use domain::inventory_item::InventoryItemCommand;
use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::objects::DirectoryObjects;
use event_store::{
    Aggregate as _, AggregateId, Appended, ChangeSet, Context, Hash, Store as _, Timestamp,
};
use serde_json::json;
use uuid::Uuid;

use crate::desk::{bolt, new_id};

/// The creation of an item by this actor at this time.
pub(super) fn created(id: Uuid, actor: String, recorded_at: Timestamp) -> ChangeSet {
    let create = json!({ "type": "CreateInventoryItem", "data": bolt() });
    let create: InventoryItemCommand = serde_json::from_value(create).unwrap();
    let context = Context {
        command_id: new_id(),
        actor,
        recorded_at,
        rules: InventoryItem::RULES,
        correlation_id: id,
        causation_id: None,
    };
    let events = InventoryItem::default().decide(&create, &context).unwrap();
    let aggregate = AggregateId::of::<InventoryItem>(id);
    ChangeSet::seal::<InventoryItem>(aggregate, 1, Hash::ZERO, &create, &events, &context).unwrap()
}

/// Writes the change set to the store of a directory that no server is using.
pub(super) async fn keep(data: &Path, change_set: &ChangeSet) {
    fs::create_dir_all(data).unwrap();
    let engine = Embedded::open(data.join("daybook.db")).unwrap();
    let objects = DirectoryObjects::new(data.join("objects").join("daybook"));
    let store = DynamoDbStore::new(engine.client(), "daybook").with_objects(Arc::new(objects));
    store.ensure_table().await.unwrap();
    assert_eq!(store.append(change_set).await.unwrap(), Appended::Written);
    engine.close().await;
}

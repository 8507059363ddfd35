//! Two kinds side by side. The second, a shelf, exists only here.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;

use domain::inventory_item::{CreateInventoryItem, InventoryItemCommand};
use domain::list::{Column, ListRequest, Sort};
use domain::{InventoryItem, Kind};
use event_store::feed::Entry;
use event_store::{Aggregate, AggregateId, ChangeSet, Context, Hash, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use uuid::Uuid;

use super::{PROJECTIONS, Projections};
use crate::ReadModel;
use crate::database::{Database, DbRow};
use crate::projection::{ErasedRow, Rows, Stored, Value};

static BOTH: Projections = Projections(&[&Rows::<InventoryItem>::NEW, &Rows::<Shelf>::NEW]);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Shelf {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum ShelfChange {
    ShelfNamed { name: String },
}

#[derive(Clone, Debug, Serialize, thiserror::Error)]
#[error("never")]
struct Never;

impl Aggregate for Shelf {
    const KIND: &'static str = "shelf";
    const STATE_SCHEMA: u32 = 7;

    type Command = ShelfChange;
    type Event = ShelfChange;
    type Rejection = Never;

    fn decide(&self, command: &ShelfChange, _: &Context) -> Result<Vec<ShelfChange>, Never> {
        Ok(vec![command.clone()])
    }

    fn evolve(self, event: &ShelfChange) -> Self {
        let ShelfChange::ShelfNamed { name } = event.clone();
        Self { name }
    }
}

impl Kind for Shelf {
    const COLUMNS: &'static [Column<Self>] = &[Column::text("name", |row| &row.state.name)];

    type Task = Infallible;

    fn display_name(&self) -> &str {
        &self.name
    }

    fn allows(&self, task: Infallible) -> Result<(), Never> {
        match task {}
    }
}

impl Stored for Shelf {
    const TABLE: &'static str = "shelves";
    const FIELDS: &'static str = "name";

    fn read(row: &DbRow) -> sqlx::Result<Self> {
        Ok(Self { name: row.try_get("name")? })
    }

    fn columns(&self) -> Vec<(&'static str, Value)> {
        vec![("name", self.name.clone().into())]
    }

    fn searched(&self) -> Vec<&str> {
        vec![&self.name]
    }
}

/// Returns an empty read model of items and shelves.
async fn model() -> ReadModel {
    let model = ReadModel::over(Database::in_memory().await.unwrap(), BOTH);
    let table = "CREATE TABLE shelves (id BLOB PRIMARY KEY, version BIGINT, created_at BIGINT, \
                 updated_at BIGINT, words TEXT, name TEXT, name_order BLOB)";
    sqlx::query(table).execute(model.database.readers()).await.unwrap();
    model.take_up("test").await.unwrap();
    model
}

fn first<A: Aggregate>(id: Uuid, command: &A::Command) -> ChangeSet {
    let context = Context {
        command_id: id,
        actor: "Mara".to_owned(),
        recorded_at: Timestamp::from_millis(1000),
        rules: A::RULES,
        correlation_id: id,
        causation_id: None,
    };
    let events = A::default().decide(command, &context).unwrap();
    ChangeSet::seal::<A>(AggregateId::of::<A>(id), 1, Hash::ZERO, command, &events, &context)
        .unwrap()
}

fn item(id: Uuid, name: &str) -> ChangeSet {
    let (name, sku) = (name.to_owned(), name.to_owned());
    let unit = "pcs".to_owned();
    let command: InventoryItemCommand =
        CreateInventoryItem { sku, name, unit, max_quantity: None }.into();
    first::<InventoryItem>(id, &command)
}

fn shelf(id: Uuid, name: &str) -> ChangeSet {
    first::<Shelf>(id, &ShelfChange::ShelfNamed { name: name.to_owned() })
}

fn entries(change_sets: impl IntoIterator<Item = ChangeSet>) -> Vec<Entry> {
    let entry = |(position, change_set)| Entry { position, change_set };
    (1..).zip(change_sets).map(entry).collect()
}

fn states(rows: &[ErasedRow]) -> Vec<serde_json::Value> {
    rows.iter().map(|row| serde_json::from_str(row.state.get()).unwrap()).collect()
}

/// Fails when every existing read model would be rebuilt. A new kind has to do so, because the rows
/// may have passed its history already.
#[test]
fn the_schemas_are_those_in_existing_read_models() {
    assert_eq!(PROJECTIONS.schemas(), "inventory-item 2, location 1");
    assert_eq!(BOTH.schemas(), "inventory-item 2, shelf 7");
}

#[tokio::test]
async fn two_kinds_with_the_same_ids_do_not_mix() {
    let model = model().await;
    let [one, two] = [1, 2].map(Uuid::from_u128);
    let both = [item(one, "Apple"), shelf(one, "Left"), shelf(two, "Äußerste"), item(two, "Beet")];
    let applied = model.apply_entries(&entries(both)).await.unwrap();
    assert_eq!((applied.applied, applied.skipped), (4, 0));
    let list = ListRequest { limit: 50, ..ListRequest::default() };
    let shelves = model.list("shelf", &list).await.unwrap();
    assert_eq!(shelves.total, 2);
    let named = |name| serde_json::json!({ "name": name });
    assert_eq!(states(&shelves.rows), [named("Äußerste"), named("Left")]);
    let found = ListRequest { search: "LEFT".to_owned(), ..list };
    assert_eq!(states(&model.list("shelf", &found).await.unwrap().rows), [named("Left")]);
    assert_eq!(model.list("inventory-item", &found).await.unwrap().total, 0);
    let apple = model.find("inventory-item", one).await.unwrap().unwrap();
    assert_eq!(states(&[apple])[0]["name"], "Apple");
    assert_eq!(model.count("inventory-item").await.unwrap(), 2);
    let by_sku = ListRequest { sort: Some(Sort::ascending("sku")), ..found };
    let refused = model.list("shelf", &by_sku).await.unwrap_err().to_string();
    assert_eq!(refused, "cannot sort by `sku`: expected name, with - before it for descending");
}

#[tokio::test]
async fn two_kinds_advance_in_one_transaction() {
    let model = model().await;
    let id = Uuid::from_u128(1);
    let both = entries([item(id, "Apple"), shelf(id, "Left")]);
    sqlx::query("ALTER TABLE shelves RENAME TO elsewhere")
        .execute(model.database.readers())
        .await
        .unwrap();
    model.apply_entries(&both).await.unwrap_err();
    assert!(model.find("inventory-item", id).await.unwrap().is_none());
    assert_eq!(model.checkpoint(&both[0].change_set.aggregate).await.unwrap(), 0);
    assert_eq!(model.position().await.unwrap().0, 0);
    sqlx::query("ALTER TABLE elsewhere RENAME TO shelves")
        .execute(model.database.readers())
        .await
        .unwrap();
    model.apply_entries(&both).await.unwrap();
    assert!(model.find("shelf", id).await.unwrap().is_some());
    assert_eq!(model.position().await.unwrap().0, 2);
    model.clear().await.unwrap();
    assert!(model.is_empty().await.unwrap());
}

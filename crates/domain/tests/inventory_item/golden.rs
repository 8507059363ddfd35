//! Stored data must stay readable forever. One file pins each event type in each schema version,
//! one each command type, and one a whole history with its hashes.
//!
//! **A golden file never changes.** A new schema version is a new file beside the old one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain::InventoryItem;
use domain::inventory_item::{
    AdjustStock, ChangeMaxQuantity, CheckInItems, CreateInventoryItem, DeactivateInventoryItem,
    InventoryItemCommand as Command, InventoryItemCreated, InventoryItemDeactivated,
    InventoryItemEvent as Event, InventoryItemReactivated, InventoryItemRenamed, ItemsCheckedIn,
    ItemsRemoved, ItemsTransferred, MaxQuantityChanged, ReactivateInventoryItem, RemovalReason,
    RemoveItems, RenameInventoryItem, ReorderLevelSet, SetReorderLevel, StockAdjusted,
    TransferItems,
};
use event_store::{Aggregate, AggregateId, ChangeSet, Hash, verify};
use serde_json::{Value, json};

use super::{SHOP, VAN, arbitrary, checked_in};

/// Lists one value of each type, by name. A variant that is missing here is a compile error.
macro_rules! one_of_each {
    ($function:ident -> $kind:ident: $($variant:ident $fields:tt)+) => {
        pub(crate) fn $function() -> Vec<(&'static str, $kind)> {
            const fn _all_are_here(one: &$kind) {
                match one { $($kind::$variant(_) => (),)+ }
            }
            vec![$((stringify!($variant), $variant $fields .into())),+]
        }
    };
}

one_of_each! { event_of_each_type -> Event:
    InventoryItemCreated {
        sku: "TUBE-28".into(),
        name: "Inner tube 28″".into(),
        unit: "pcs".into(),
        max_quantity: Some(40),
    }
    InventoryItemRenamed { name: "Schlauch 28″ 🚲".into() }
    ItemsCheckedIn {
        quantity: 12,
        location: Some(SHOP),
        reference: Some("PO 1182".into()),
        unit_cost: Some(349),
    }
    ItemsRemoved {
        quantity: 3,
        location: Some(SHOP),
        reason: RemovalReason::ReturnedToSupplier,
    }
    ItemsTransferred { from: Some(SHOP), to: Some(VAN), quantity: 4 }
    StockAdjusted {
        counted: 8,
        delta: -1,
        location: Some(SHOP),
        reason: "monthly count".into(),
    }
    MaxQuantityChanged { max_quantity: Some(60) }
    ReorderLevelSet { level: 10 }
    InventoryItemDeactivated { reason: "no longer made".into() }
    InventoryItemReactivated {}
}

one_of_each! { command_of_each_type -> Command:
    CreateInventoryItem {
        sku: "TUBE-28".into(),
        name: " Inner tube 28″ ".into(),
        unit: "pcs".into(),
        max_quantity: Some(40),
    }
    RenameInventoryItem { name: "Schlauch 28″ 🚲".into() }
    CheckInItems {
        quantity: 12,
        location: Some(SHOP),
        reference: Some("PO 1182".into()),
        unit_cost: Some(349),
    }
    RemoveItems {
        quantity: 3,
        location: Some(SHOP),
        reason: RemovalReason::ReturnedToSupplier,
    }
    TransferItems { from: Some(SHOP), to: Some(VAN), quantity: 4 }
    AdjustStock { counted: 8, location: Some(SHOP), reason: "monthly count".into() }
    ChangeMaxQuantity { max_quantity: Some(60) }
    SetReorderLevel { level: 10 }
    DeactivateInventoryItem { reason: "no longer made".into() }
    ReactivateInventoryItem {}
}

/// The types of events and commands whose current schema is 2. The others are in their first.
const SECOND_SCHEMA: [&str; 6] = [
    "ItemsCheckedIn",
    "ItemsRemoved",
    "StockAdjusted",
    "CheckInItems",
    "RemoveItems",
    "AdjustStock",
];

/// Every file of an event in its current schema. A type with optional fields has a second file
/// without them.
fn event_files() -> Vec<(String, Event)> {
    let schema = |name| if SECOND_SCHEMA.contains(&name) { 2 } else { 1 };
    let in_full = event_of_each_type()
        .into_iter()
        .map(|(name, event)| (format!("{name}.{}", schema(name)), event));
    let bare = [
        (
            "InventoryItemCreated.1.bare".to_owned(),
            InventoryItemCreated {
                sku: "TUBE-28".into(),
                name: "Inner tube 28″".into(),
                unit: "pcs".into(),
                max_quantity: None,
            }
            .into(),
        ),
        ("ItemsCheckedIn.2.bare".to_owned(), checked_in(1_000_000_000)),
        (
            "ItemsTransferred.1.bare".to_owned(),
            ItemsTransferred { from: None, to: Some(VAN), quantity: 4 }.into(),
        ),
        ("MaxQuantityChanged.1.bare".to_owned(), MaxQuantityChanged { max_quantity: None }.into()),
    ];
    in_full.chain(bare).collect()
}

/// Every file of an event in an earlier schema.
fn earlier_event_files() -> [(&'static str, Event); 4] {
    let (location, reference) = (None, Some("PO 1182".into()));
    let checked_in_12 = ItemsCheckedIn { quantity: 12, location, reference, unit_cost: Some(349) };
    let reason = RemovalReason::ReturnedToSupplier;
    let counted = StockAdjusted { counted: 8, delta: -1, location, reason: "monthly count".into() };
    [
        ("ItemsCheckedIn.1", checked_in_12.into()),
        ("ItemsCheckedIn.1.bare", checked_in(1_000_000_000)),
        ("ItemsRemoved.1", ItemsRemoved { quantity: 3, location, reason }.into()),
        ("StockAdjusted.1", counted.into()),
    ]
}

/// Every file of a command in its current schema. The name of a file tells a schema from 2 on.
fn command_files() -> Vec<(String, Command)> {
    let in_full = command_of_each_type().into_iter().map(|(name, command)| {
        let second = if SECOND_SCHEMA.contains(&name) { ".2" } else { "" };
        (format!("{name}{second}"), command)
    });
    let bare = [
        (
            "CreateInventoryItem.bare".to_owned(),
            CreateInventoryItem {
                sku: "TUBE-28".into(),
                name: "Inner tube 28″".into(),
                unit: "pcs".into(),
                max_quantity: None,
            }
            .into(),
        ),
        ("CheckInItems.2.bare".to_owned(), CheckInItems { quantity: 1, ..<_>::default() }.into()),
        ("ChangeMaxQuantity.bare".to_owned(), ChangeMaxQuantity::default().into()),
    ];
    in_full.chain(bare).collect()
}

/// Every file of a command in an earlier schema.
fn earlier_command_files() -> [(&'static str, Command); 4] {
    let (location, reference) = (None, Some("PO 1182".into()));
    let check_in = CheckInItems { quantity: 12, location, reference, unit_cost: Some(349) };
    let reason = RemovalReason::ReturnedToSupplier;
    let count = AdjustStock { counted: 8, location, reason: "monthly count".into() };
    [
        ("CheckInItems", check_in.into()),
        ("CheckInItems.bare", CheckInItems { quantity: 1, ..<_>::default() }.into()),
        ("RemoveItems", RemoveItems { quantity: 3, location, reason }.into()),
        ("AdjustStock", count.into()),
    ]
}

#[test]
fn every_event_matches_its_golden_file() {
    let files = event_files();
    let earlier = earlier_event_files();
    assert_eq!(files_in("events"), names(&files, &earlier));
    for (name, event) in earlier {
        let read = change_set("events", &json!([golden("events", name)])).events::<InventoryItem>();
        assert_eq!(read.unwrap(), [event], "{name}");
    }
    for (name, event) in files {
        let golden = golden("events", &name);
        let read = change_set("events", &json!([golden])).events::<InventoryItem>();
        let read = read.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(read.as_slice(), std::slice::from_ref(&event), "{name}");
        assert_eq!(serde_json::to_value(&sealed(&any_command(), event).events[0]).unwrap(), golden);
    }
}

#[test]
fn every_command_matches_its_golden_file() {
    let files = command_files();
    let earlier = earlier_command_files();
    assert_eq!(files_in("commands"), names(&files, &earlier));
    for (name, command) in earlier {
        let read = change_set("command", &golden("commands", name)).command::<InventoryItem>();
        assert_eq!(read.unwrap(), command, "{name}");
    }
    for (name, command) in files {
        let golden = golden("commands", &name);
        let read = change_set("command", &golden).command::<InventoryItem>();
        assert_eq!(read.unwrap_or_else(|e| panic!("{name}: {e}")), command, "{name}");
        let written = sealed(&command, InventoryItemReactivated {}.into()).command;
        assert_eq!(serde_json::to_value(written).unwrap(), golden);
    }
}

/// Pins the body byte by byte, and the content and order that the hash covers.
#[test]
fn sealing_reproduces_the_golden_history() {
    let history = golden_history("history.2");
    let head = "abf93bbe7377e60d7d469228228238e668cbc86db00a1bebc40f08c23dae55ef";
    assert_verifies(&history, 13, head);
    let mut prev = Hash::ZERO;
    for golden in &history {
        let again = ChangeSet::seal::<InventoryItem>(
            golden.aggregate.clone(),
            golden.version,
            prev,
            &golden.command::<InventoryItem>().unwrap(),
            &golden.events::<InventoryItem>().unwrap(),
            &golden.context(),
        );
        let again = again.unwrap();
        assert_eq!((again.body(), again.hash), (golden.body(), golden.hash));
        prev = again.hash;
    }
}

/// Each old command, decided again, gives its old events.
#[test]
fn a_history_of_the_first_schema_verifies() {
    let history = golden_history("history");
    let head = "f0c00bdbd1187b541af3e2c977fe640d1ea10203c2b07fced6d4fabe15b74350";
    assert_verifies(&history, 11, head);
    let states = history.iter().flat_map(|c| c.events::<InventoryItem>().unwrap()).scan(
        InventoryItem::default(),
        |item, event| {
            *item = std::mem::take(item).evolve(&event);
            Some(item.clone())
        },
    );
    for item in states {
        assert_eq!(item.balances.at(None), item.on_hand, "the stock is unassigned");
    }
}

#[test]
fn the_golden_history_has_every_type() {
    let history = golden_history("history.2");
    let events = history.iter().flat_map(|c| &c.content().events).map(|e| e.name.as_str());
    let types: BTreeSet<_> = event_of_each_type().into_iter().map(|(name, _)| name).collect();
    assert_eq!(events.collect::<BTreeSet<_>>(), types);
}

fn golden_history(name: &str) -> Vec<ChangeSet> {
    serde_json::from_value(golden(".", name)).unwrap()
}

#[track_caller]
fn assert_verifies(history: &[ChangeSet], version: u64, head: &str) {
    let verification = verify::<InventoryItem>(&history[0].aggregate, history);
    assert!(verification.ok, "{verification:?}");
    assert_eq!((verification.version, verification.hash.to_string().as_str()), (version, head));
}

fn names<T>(files: &[(String, T)], earlier: &[(&str, T)]) -> BTreeSet<String> {
    let earlier = earlier.iter().map(|(name, _)| (*name).to_owned());
    files.iter().map(|(name, _)| name.clone()).chain(earlier).collect()
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn files_in(place: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(directory().join(place)).unwrap();
    let name = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.map(|file| name(file.unwrap().path())).collect()
}

fn golden(place: &str, name: &str) -> Value {
    let path = directory().join(place).join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// A change set as a store returns it, with this part of its body replaced.
fn change_set(part: &str, golden: &Value) -> ChangeSet {
    let written = sealed(&any_command(), InventoryItemReactivated {}.into());
    let mut body = serde_json::to_value(written).unwrap();
    body[part] = golden.clone();
    let id = AggregateId::of::<InventoryItem>(arbitrary::context(1).command_id);
    ChangeSet::from_parts(id, 1, Hash::ZERO, Hash::ZERO, body.to_string()).unwrap()
}

fn sealed(command: &Command, event: Event) -> event_store::Content {
    let context = arbitrary::context(1);
    let id = AggregateId::of::<InventoryItem>(context.command_id);
    ChangeSet::seal::<InventoryItem>(id, 1, Hash::ZERO, command, &[event], &context)
        .unwrap()
        .content()
        .clone()
}

fn any_command() -> Command {
    ReactivateInventoryItem {}.into()
}

//! Files with valid hashes that the domain refuses nevertheless.

use domain::InventoryItem;
use domain::inventory_item::{
    CheckInItems, InventoryItemCommand, InventoryItemEvent, ItemsCheckedIn, ItemsRemoved,
    RemovalReason, RemoveItems, ReorderLevelSet, SetReorderLevel,
};
use event_store::{Aggregate as _, ChangeSet, Context};
use serde_json::Value;
use tempfile::tempdir;
use uuid::Uuid;

use super::{daybook, exported, filled, run};
use crate::desk::new_id;

/// A line that continues the history that ends with the line `last`.
fn next(
    last: &str,
    command: InventoryItemCommand,
    event: InventoryItemEvent,
    rules: u32,
) -> String {
    let last: ChangeSet = serde_json::from_str(last).unwrap();
    let context = Context {
        command_id: new_id(),
        actor: "Mallory".into(),
        recorded_at: last.content().recorded_at,
        rules,
        correlation_id: last.aggregate.id,
        causation_id: None,
    };
    let version = last.version + 1;
    let (command, events) = (&command, &[event]);
    let next = ChangeSet::seal::<InventoryItem>(
        last.aggregate,
        version,
        last.hash,
        command,
        events,
        &context,
    );
    serde_json::to_string(&next.unwrap()).unwrap()
}

/// The newest line of this item.
fn newest(lines: &[String], id: Uuid) -> &str {
    lines
        .iter()
        .rfind(|line| line.contains(&id.to_string()) && !line.contains("SkuClaimed"))
        .unwrap()
}

#[test]
fn a_change_set_that_the_domain_refuses_is_imported_only_if_trusted() {
    let (data, ids) = filled();
    let lines = exported(data.path());
    let more_than_there_is = (
        RemoveItems { quantity: 500, location: None, reason: RemovalReason::Damaged }.into(),
        ItemsRemoved { quantity: 500, location: None, reason: RemovalReason::Damaged }.into(),
    );
    let more_than_asked = (
        CheckInItems { quantity: 1, ..CheckInItems::default() }.into(),
        ItemsCheckedIn { quantity: 1000, location: None, reference: None, unit_cost: None }.into(),
    );
    for ((command, event), says) in [
        (more_than_there_is, "its command, decided again, is rejected"),
        (more_than_asked, "its command, decided again, gives different events"),
    ] {
        let forged = next(newest(&lines, ids[1]), command, event, InventoryItem::RULES);
        let whole = [lines.clone(), vec![forged.clone()]].concat();
        let other = tempdir().unwrap();
        let there = other.path().join("data");
        // The history before it may be in the file or in the store.
        for (file, line) in [(&whole, whole.len()), (&vec![forged.clone()], 1)] {
            let refused = super::import(&there, file);
            let told = String::from_utf8(refused.stderr).unwrap();
            assert_eq!(refused.status.code(), Some(1), "{told}");
            assert!(
                told.contains(&format!("line {line}: version 4 of inventory-item#{}", ids[1])),
                "{told}"
            );
            assert!(
                told.contains(says) && told.contains("`--trust` imports it as it is"),
                "{told}"
            );
            assert_eq!(exported(&there).len(), lines.len());
        }
        let file = other.path().join("forged.jsonl");
        std::fs::write(&file, &forged).unwrap();
        let trusted = run(daybook(&there).arg("import").arg(&file).arg("--trust"));
        assert!(trusted.status.success(), "{trusted:?}");
        let versions: Vec<Value> =
            exported(&there).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(
            versions
                .iter()
                .any(|line| line["aggregate"]["id"] == ids[1].to_string() && line["version"] == 4)
        );
        let verified = run(daybook(&there).arg("verify"));
        assert_eq!(verified.status.code(), Some(1), "the forgery stays invalid");
    }
}

/// Version 1 of the rules let a command set the reorder level to its current value.
#[test]
fn a_history_is_decided_again_by_the_rules_of_its_time() {
    let (data, ids) = filled();
    let lines = exported(data.path());
    for (rules, is_imported) in [(1, true), (InventoryItem::RULES, false)] {
        let (command, event) = (SetReorderLevel { level: 5 }, ReorderLevelSet { level: 5 });
        let set = next(newest(&lines, ids[1]), command.clone().into(), event.clone().into(), rules);
        let set_again = next(&set, command.into(), event.into(), rules);
        let other = tempdir().unwrap();
        let there = other.path().join("data");
        let imported = super::import(&there, &[lines.clone(), vec![set, set_again]].concat());
        assert_eq!(imported.status.success(), is_imported, "{imported:?}");
        let told = String::from_utf8(imported.stderr).unwrap();
        assert_ne!(told.contains("its command, decided again, is rejected"), is_imported, "{told}");
        if is_imported {
            assert!(run(daybook(&there).arg("verify")).status.success());
        }
    }
}

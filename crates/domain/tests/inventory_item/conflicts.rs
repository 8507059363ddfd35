//! The events that invalidate a command's premise.

use domain::InventoryItem;
use event_store::Aggregate;

use super::golden;

/// A row for each command whose author had not seen the event of the column.
///
/// Cre Ren In Out Mov Adj Max Lvl Off On
const TABLE: [(&str, &str); 10] = [
    ("CreateInventoryItem    ", "x x x x x x x x x x"),
    ("RenameInventoryItem    ", "- x - - - - - - - -"),
    ("CheckInItems           ", "- - - - - - - - - -"),
    ("RemoveItems            ", "- - - - - - - - - -"),
    ("TransferItems          ", "- - - - - - - - - -"),
    ("AdjustStock            ", "- - x x x x - - - -"),
    ("ChangeMaxQuantity      ", "- - - - - - x - - -"),
    ("SetReorderLevel        ", "- - - - - - - x - -"),
    ("DeactivateInventoryItem", "- - - - - - - - - x"),
    ("ReactivateInventoryItem", "- - - - - - - - x -"),
];

#[test]
fn a_command_conflicts_with_what_touches_its_premise() {
    let (commands, events) = (golden::command_of_each_type(), golden::event_of_each_type());
    assert_eq!((commands.len(), events.len()), (TABLE.len(), TABLE.len()));
    for ((name, command), (row, marks)) in commands.iter().zip(TABLE) {
        assert_eq!(*name, row.trim_end());
        let found: Vec<_> = events
            .iter()
            .map(|(_, event)| match InventoryItem::conflicts_with(command, event) {
                true => "x",
                false => "-",
            })
            .collect();
        assert_eq!(found.join(" "), marks, "{name}");
    }
}

use super::InventoryItem;
use crate::list::Column;

/// The columns that the list of items can be sorted by.
pub(super) const COLUMNS: &[Column<InventoryItem>] = &[
    Column::text("sku", |row| &row.state.sku),
    Column::text("name", |row| &row.state.name),
    Column::number("on_hand", |row| row.state.on_hand),
    Column::optional_number("max_quantity", |row| row.state.max_quantity),
    Column::optional_number("reorder_level", |row| row.state.reorder_level),
    Column::updated_at(),
];

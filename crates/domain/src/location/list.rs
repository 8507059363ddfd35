use super::Location;
use crate::list::Column;

/// The columns that the list of locations can be sorted by.
pub(super) const COLUMNS: &[Column<Location>] = &[
    Column::text("code", |row| &row.state.code),
    Column::text("name", |row| &row.state.name),
    Column::updated_at(),
];

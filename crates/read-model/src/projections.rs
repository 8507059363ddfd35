//! The registry of projections: one line for each kind that has rows.

mod inventory_item;
mod location;
#[cfg(test)]
mod tests;

use domain::{InventoryItem, Location};

use crate::projection::{Projection, Rows};

/// The projections of this program.
pub(crate) static PROJECTIONS: Projections =
    Projections(&[&Rows::<InventoryItem>::NEW, &Rows::<Location>::NEW]);

/// Projections that advance together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Projections(pub(crate) &'static [&'static dyn Projection]);

impl Projections {
    /// Returns all projections.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static dyn Projection> {
        self.0.iter().copied()
    }

    /// Returns the projection of this kind; `None` if the kind has no rows.
    pub(crate) fn of(self, kind: &str) -> Option<&'static dyn Projection> {
        self.iter().find(|projection| projection.kind() == kind)
    }

    /// Returns the kinds with the schemas of their states. Rows that were made with any other are
    /// rebuilt, because rows are only as good as the code that folded them.
    pub(crate) fn schemas(self) -> String {
        let schemas = self.iter().map(|one| format!("{} {}", one.kind(), one.schema()));
        schemas.collect::<Vec<_>>().join(", ")
    }
}

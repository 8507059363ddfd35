//! The list of a kind, as data for the generic pages. These are compiled once, and show any list.

use api::{ListRow, StateJson};
use domain::list::Sort;
use leptos::prelude::AnyView;
use uuid::Uuid;

/// The list of one kind: its addresses, its texts, and how its rows are shown.
#[derive(Debug)]
pub struct Listing {
    /// The name of the kind.
    pub kind: &'static str,
    /// The path of the list. The paths of its records begin with it.
    pub path: &'static str,
    /// The symbol.
    pub icon: &'static str,
    /// The heading of the list, and its name in the navigation.
    pub title: &'static str,
    /// The word for one record.
    pub one: &'static str,
    /// The word for several records.
    pub many: &'static str,
    /// The word for several records, with a capital.
    pub caption: &'static str,
    /// The label of the link to the page that creates a record.
    pub create: &'static str,
    /// The texts that a search looks at, as a hint in its field.
    pub placeholder: &'static str,
    /// The note below a search without a match.
    pub searched: &'static str,
    /// The columns, in display order.
    pub columns: &'static [Heading],
    /// The order of a list whose address names none.
    pub sort: Sort,
    /// Returns a row of the table, with a cell for each column.
    pub row: fn(ListRow) -> serde_json::Result<AnyView>,
    /// Returns a record in brief.
    pub digest: fn(&StateJson) -> serde_json::Result<Digest>,
    /// Returns the placeholder for records while none exist.
    pub blank: fn() -> AnyView,
}

/// The heading of a column.
#[derive(Clone, Copy, Debug)]
pub struct Heading {
    /// The text.
    pub text: &'static str,
    /// The column to sort by; `None` if the list cannot be sorted by it.
    pub sort: Option<&'static str>,
    /// `true` for a column of figures.
    pub is_figure: bool,
}

/// A record in brief.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The name.
    pub name: String,
    /// The most important figure, with its unit.
    pub figure: String,
    /// `true` if tasks may name the record.
    pub is_in_use: bool,
}

impl Listing {
    /// Returns the path of the page that creates a record.
    pub fn new_path(&self) -> String {
        format!("{}/new", self.path)
    }

    /// Returns the path of a record.
    pub fn record_path(&self, id: Uuid) -> String {
        format!("{}/{id}", self.path)
    }

    /// Returns the order that an address names, if the list can have it.
    pub fn sort_of(&self, text: String) -> Option<Sort> {
        let sort = Sort::from(text);
        self.columns.iter().any(|heading| heading.sort == Some(&*sort.column)).then_some(sort)
    }
}

impl Heading {
    /// Defines a column of texts that the list can be sorted by.
    pub const fn text(text: &'static str, sort: &'static str) -> Self {
        Self { text, sort: Some(sort), is_figure: false }
    }

    /// Defines a column of figures that the list can be sorted by.
    pub const fn figure(text: &'static str, sort: &'static str) -> Self {
        Self { text, sort: Some(sort), is_figure: true }
    }

    /// Defines a column that the list cannot be sorted by.
    pub const fn unsorted(text: &'static str) -> Self {
        Self { text, sort: None, is_figure: false }
    }
}

//! A kind of aggregate, as every layer above the domain sees it.

use std::convert::Infallible;
use std::fmt::Debug;
use std::hash::Hash;

use event_store::{Aggregate, AggregateId};
use serde::Serialize;
use uuid::Uuid;

use crate::list::{Column, Sort};
use crate::sku::Claim;

/// An aggregate with what screens, lists and the server need to know of its kind.
///
/// The server hosts every kind. A kind without tasks, such as [`Sku`](crate::Sku), takes no command
/// from outside and has no page: its commands come with those of another kind.
///
/// ```
/// use domain::inventory_item::{InventoryItem, InventoryItemRejection, Task};
/// use domain::kind::{Kind, Task as _};
///
/// let nothing = InventoryItem::default();
/// assert_eq!(nothing.allows(Task::CheckIn), Err(InventoryItemRejection::UnknownItem));
/// assert!(InventoryItem::is_unknown(&InventoryItemRejection::UnknownItem));
/// assert_eq!(Task::from_slug("check-in"), Some(Task::CheckIn));
/// ```
pub trait Kind: Aggregate<Rejection: Serialize> {
    /// The columns that a list of the kind can be sorted by, in the order in which a refusal names
    /// them. A kind without a list has none.
    const COLUMNS: &'static [Column<Self>] = &[];
    /// The order of a list whose request names none.
    const DEFAULT_SORT: Sort = Sort::ascending("name");

    /// The tasks of the kind.
    type Task: Task;

    /// Returns the name by which people know the record.
    fn display_name(&self) -> &str;

    /// Checks whether `task` could be performed now with *some* input.
    ///
    /// # Errors
    /// The domain's reason why no input would be accepted.
    fn allows(&self, task: Self::Task) -> Result<(), Self::Rejection>;

    /// Returns the task that would make the rejected one possible.
    fn unblocked_by(_rejection: &Self::Rejection) -> Option<Self::Task> {
        None
    }

    /// Returns whether the rejection says that the aggregate does not exist.
    fn is_unknown(_rejection: &Self::Rejection) -> bool {
        false
    }

    /// Returns the records that the command refers to. Before it is executed, each of them must
    /// [admit](Kind::admits_references) it. That is not an invariant: a reference may be recorded
    /// while its record changes.
    fn references(_command: &Self::Command) -> Vec<AggregateId> {
        Vec::new()
    }

    /// Checks that commands to other records may refer to this one.
    ///
    /// # Errors
    /// The reason why not: the record does not exist, or is out of use.
    fn admits_references(&self) -> Result<(), Self::Rejection> {
        Ok(())
    }

    /// Returns the SKU to claim in the transaction that executes `command`, if the command needs
    /// one. The command addresses the aggregate with this id.
    fn claim(_id: Uuid, _command: &Self::Command) -> Option<Claim> {
        None
    }
}

/// A task that a person can perform on a record, by the name they know it by.
pub trait Task: Copy + Eq + Hash + Debug + Send + Sync + 'static {
    /// All tasks.
    const ALL: &'static [Self];

    /// Returns the name on buttons and dialogs.
    fn title(self) -> &'static str;

    /// Returns the name in URLs, unique among the tasks of the kind.
    fn slug(self) -> &'static str;

    /// Returns the place of the task.
    fn place(self) -> Place;

    /// Returns the tasks on the record's page, in display order.
    fn on_record() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|task| task.place() == Place::Record)
    }

    /// Returns the task with this slug.
    fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|task| task.slug() == slug)
    }
}

/// The place where a task is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A page of its own, because the task creates the record.
    OwnPage,
    /// The list of tasks on the record's page.
    Record,
    /// Beside another task that it would unblock.
    Unblocking,
}

/// The task of a kind that has none.
impl Task for Infallible {
    const ALL: &'static [Self] = &[];

    fn title(self) -> &'static str {
        match self {}
    }

    fn slug(self) -> &'static str {
        match self {}
    }

    fn place(self) -> Place {
        match self {}
    }
}

use domain::inventory_item::{InventoryItemRejection, Task};
use domain::limits::OutOfLimits;

use super::spec::spec;
use crate::text::grouped;

/// A problem of one field that does not depend on the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field's name.
    pub field: &'static str,
    /// A sentence that says what would be right.
    pub message: String,
    /// `true` if the field is merely not filled in yet.
    pub missing: bool,
}

impl FieldProblem {
    /// Converts a rejection to a problem of one of the task's fields, if it is one.
    pub fn of_rejection(task: Task, rejection: &InventoryItemRejection) -> Option<Self> {
        let InventoryItemRejection::OutOfLimits(limits) = rejection else { return None };
        let (name, fault) = match limits {
            OutOfLimits::Blank { field } => (field, "must not be blank".to_owned()),
            OutOfLimits::TooLong { field, length, limit } => {
                let length = grouped(*length as u64);
                (field, format!("is too long: {length} characters; at most {limit} are allowed"))
            }
            OutOfLimits::ControlCharacter { field, place } => {
                (field, format!("contains a character that is not allowed, at position {place}"))
            }
            OutOfLimits::OutOfRange { field, minimum, maximum, .. } => {
                (field, format!("must be {} to {}", grouped(*minimum), grouped(*maximum)))
            }
        };
        let field = spec(task).iter().find(|field| field.name == name)?;
        let missing = matches!(limits, OutOfLimits::Blank { .. });
        Some(Self { field: field.name, message: format!("{} {fault}.", field.label), missing })
    }
}

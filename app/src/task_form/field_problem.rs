use domain::limits::OutOfLimits;

use super::FieldSpec;
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
    /// Describes a problem of the form as a whole.
    pub(crate) fn of_form(message: &str) -> Self {
        Self { field: "", message: message.to_owned(), missing: false }
    }

    /// Describes a value outside of its limits, if it is that of one of the fields.
    pub fn of_limits(fields: &[FieldSpec], limits: &OutOfLimits) -> Option<Self> {
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
        let field = fields.iter().find(|field| field.name == name)?;
        let missing = matches!(limits, OutOfLimits::Blank { .. });
        Some(Self { field: field.name, message: format!("{} {fault}.", field.label), missing })
    }
}

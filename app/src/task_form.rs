//! The form of a task: its fields, the command that they make, and the verdict on that command.
//! The browser's preflight and the server's form post run the same code.

mod field_problem;
mod field_spec;
mod fields;
mod input;
mod preflight;

pub use field_problem::FieldProblem;
pub use field_spec::{FieldKind, FieldSpec, TaskForm};
pub use fields::Fields;
pub use input::Input;
pub use preflight::Verdict;
pub(crate) use preflight::{preflight, wire_command};

//! The form of each task: its fields, the command that they make, and the effect of that command.
//! The browser's preflight and the server's form post run the same code.

mod effect;
mod field_problem;
mod fields;
mod parse;
mod preflight;
mod spec;

pub use field_problem::FieldProblem;
pub use fields::Fields;
pub use parse::parse;
pub use preflight::{Verdict, preflight};
pub use spec::{FieldKind, FieldSpec, lede, prompt, spec};

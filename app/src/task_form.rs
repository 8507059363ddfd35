//! The form of each task: which fields it asks for, what they mean as a command, and what that
//! command would do. Browser preflight and the server's form post run the same code.

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

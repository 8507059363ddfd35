//! The types that travel between browser, server and other programs: requests and answers of the
//! HTTP interface, problems, and the port through which screens reach the desk.

#[cfg(feature = "server")]
mod desk;
mod distinct_keys;
#[cfg(feature = "server-functions")]
mod json;
mod problem;
mod views;
pub mod wire;

#[cfg(feature = "server")]
pub use desk::{Desk, Reading, SharedDesk};
pub use distinct_keys::DistinctKeys;
#[cfg(feature = "server-functions")]
pub use json::{Json, Text};
pub use problem::{Code, Problem, SkuTaken};
pub use views::{Fault, ItemPage, SampleProgress};

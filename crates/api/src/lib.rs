//! The types that travel between browser, server and other programs: requests and answers of the
//! HTTP interface, problems, and the port through which screens reach the desk.

#[cfg(feature = "server")]
mod caller;
#[cfg(feature = "server")]
mod desk;
mod distinct_keys;
#[cfg(feature = "server-functions")]
mod json;
#[cfg(feature = "openapi")]
pub mod openapi;
mod problem;
mod state_json;
mod views;
pub mod wire;

#[cfg(feature = "server")]
pub use caller::Caller;
#[cfg(feature = "server")]
pub use desk::{Desk, Reading, SharedDesk};
pub use distinct_keys::DistinctKeys;
#[cfg(feature = "server-functions")]
pub use json::{Json, Text};
pub use problem::{Code, Problem, SkuTaken};
pub use state_json::StateJson;
pub use views::{Fault, ListPage, ListRow, SampleProgress};

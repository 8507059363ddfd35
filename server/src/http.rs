//! The layers around every request and response: strict extractors in, problem documents out.

mod caller;
mod compression;
pub mod form;
pub mod guard;
mod host;
pub mod ids;
pub mod json;
mod network;
pub(crate) mod parts;
pub mod problem;
pub mod query;
pub(crate) mod queue;
mod refusals;
pub mod request_id;
mod requests;
pub(crate) mod room;

pub use caller::{Callers, Proxy};
pub(crate) use host::PROBES;
pub use host::{HostName, Origin, Reach};
pub use network::Network;

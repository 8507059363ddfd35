//! What every request and every answer goes through: strict extractors in, problem documents out.

pub mod form;
pub mod guard;
pub mod ids;
pub mod json;
pub mod problem;
pub mod query;
pub mod request_id;

//! The read model: SQL projections of the events, and queries on them.
//!
//! A [`ReadModel`] holds a row and a checkpoint for each aggregate. The domain's own `evolve`
//! advances the row from change set to change set, and the checkpoint is written in the same
//! transaction. Change sets may therefore arrive twice, late or out of order, and a crash may come
//! at any time: duplicates are skipped, gaps are reported, and nothing is corrupted.
//!
//! All of it can be deleted and rebuilt from the store ([`ReadModel::recreate`]).
//!
//! | when | call |
//! |---|---|
//! | a process starts | [`ReadModel::open`], [`ReadModel::take_up`], [`Projector::start`] on the feed |
//! | a command is accepted | the feed's `commit`, which never waits |
//! | a query arrives | [`Projector::settle`], to see one's own commands, then [`ReadModel::list`] |
//! | a process stops | [`Projector::stop`] |
//! | a process with a store in a file stops | [`Projector::finish`], [`ReadModel::close_sealed`] |

mod advance;
mod apply;
mod checkpoints;
mod collation;
mod cursor;
mod database;
mod error;
mod fold;
mod lagging;
mod list;
mod model;
mod projection;
mod projections;
mod projector;
mod rows;
mod standing;

pub use apply::{ApplyReport, Gap, Unreadable};
pub use error::{Error, ListError, OpenError};
pub use list::{LIST_LIMIT, Listed};
pub use model::ReadModel;
pub use projection::ErasedRow;
pub use projector::{Applied, Behind, Projector};
pub use standing::LastStop;

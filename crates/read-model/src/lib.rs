//! What the business asks: SQL projections and queries over the events.
//!
//! A [`ReadModel`] holds a row for each aggregate, advanced by the domain's own `evolve` from change set
//! to change set, and a checkpoint for each, written in the same transaction. So change sets may come
//! twice, late or in any order, and a crash may come in between: what was applied is skipped, what
//! leaves a gap is named, and nothing is corrupted.
//!
//! Whatever is in here can be thrown away and built again from the store ([`ReadModel::recreate`]).
//!
//! | from | to |
//! |---|---|
//! | a process that starts | [`ReadModel::open`], [`ReadModel::take_up`], [`Projector::start`] on the feed |
//! | a command that was taken | the feed's `commit`, which never waits |
//! | a question | [`Projector::settle`], to see one's own commands, then [`ReadModel::list`] |
//! | a process that stops | [`Projector::stop`] |
//! | the same, beside a store in a file | [`Projector::finish`], [`ReadModel::close_sealed`] |

mod advance;
mod apply;
mod behind;
mod checkpoints;
mod collation;
mod cursor;
mod database;
mod error;
mod items;
mod list;
mod model;
mod projector;
mod standing;

pub use apply::{Gap, Outcome, Unreadable};
pub use error::{Error, ListError, OpenError};
pub use list::{LIST_LIMIT, Listed};
pub use model::ReadModel;
pub use projector::{Applied, Behind, Projector};
pub use standing::LastStop;

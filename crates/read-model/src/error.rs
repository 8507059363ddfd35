use std::path::PathBuf;

use domain::inventory_item::ItemSort;
use event_store::StoreError;
use event_store::feed::FeedError;

use crate::database::is_damage;
use crate::list::LIST_LIMIT;

/// A file that cannot serve as a read model. Nothing in it has been changed, and nothing is lost: all
/// that a read model says is in the change sets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be read or written, or its directory cannot.
    #[error("cannot open the read model {}: {reason}", path.display())]
    Inaccessible {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// It is something else.
    #[error("{} is not a read model of this program: {found}; {REMEDY}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        found: String,
    },
    /// It was one of ours, and part of it is gone.
    #[error("the read model {} is damaged: {found}; {REMEDY}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// Its tables are of a later program.
    #[error(
        "the read model {} is of a newer program: it has migration {migration}, which this one does \
         not know; start that program, or {REMEDY}", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The first migration that is not known here.
        migration: i64,
    },
}

const REMEDY: &str = "run `daybook rebuild`, which moves it aside and builds it again from the change \
                      sets (nothing is lost)";

/// What can go wrong with a read model at work. Nothing was changed, and the same may be tried again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database does not do what it is asked.
    #[error("the read model does not answer: {0}")]
    Database(sqlx::Error),
    /// The database is not what was written. Trying again does not help.
    #[error("the read model is damaged: {0}; stop, and {REMEDY}")]
    Damaged(sqlx::Error),
    /// The store that it is filled from does not.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The feed that it follows cannot be followed.
    #[error(transparent)]
    Feed(FeedError),
}

/// Why a list cannot be given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// No rows, or too many.
    #[error("limit is {0}; it must be 1 to {LIST_LIMIT}")]
    Limit(u32),
    /// `after` was not made here.
    #[error("`after` is no cursor: give `next` of the page before as it is")]
    Cursor,
    /// `after` belongs to a list in another order.
    #[error("`after` continues a list sorted by {after}, not one sorted by {sort}")]
    OtherSort {
        /// The order that it belongs to.
        after: ItemSort,
        /// The order that was asked for.
        sort: ItemSort,
    },
    /// The list was asked for rightly, and something else went wrong.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_damage(&error) { Self::Damaged(error) } else { Self::Database(error) }
    }
}

impl From<sqlx::Error> for ListError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

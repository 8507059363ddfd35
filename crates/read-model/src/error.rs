use std::path::PathBuf;

use domain::list::{Sort, UnknownSort};
use event_store::StoreError;
use event_store::feed::FeedError;

use crate::database::is_damage;
use crate::list::LIST_LIMIT;

/// A file that cannot serve as a read model.
///
/// The file is unchanged. Nothing is lost, because the change sets hold all data of a read model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file or its directory cannot be read or written.
    #[error("cannot open the read model {}: {reason}", path.display())]
    Inaccessible {
        /// The file.
        path: PathBuf,
        /// The error from the system.
        reason: String,
    },
    /// The file is something else.
    #[error("{} is not a read model of this program: {found}; {REMEDY}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The apparent content of the file.
        found: String,
    },
    /// The file was a read model, and part of it is gone.
    #[error("the read model {} is damaged: {found}; {REMEDY}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damage.
        found: String,
    },
    /// The tables belong to a newer program.
    #[error(
        "the read model {} belongs to a newer version of this program, which added migration {migration}; \
         start that version, or {REMEDY}", path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The first migration that this program does not know.
        migration: i64,
    },
}

const REMEDY: &str = "run `daybook rebuild`, which moves it aside and rebuilds it from the change sets \
                      (nothing is lost)";

/// An error of a read model in use. Nothing was changed, and the operation may be retried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database failed.
    #[error("the database of the read model failed: {0}")]
    Database(sqlx::Error),
    /// The database is not what was written. A retry does not help.
    #[error("the read model is damaged: {0}; stop, and {REMEDY}")]
    Damaged(sqlx::Error),
    /// The store that fills the read model failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The feed cannot be followed.
    #[error(transparent)]
    Feed(FeedError),
}

/// The reason why a list cannot be returned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The kind has no list.
    #[error("`{0}` has no list")]
    Kind(String),
    /// The order is none of the kind's.
    #[error(transparent)]
    Sort(#[from] UnknownSort),
    /// The limit is 0 or too large.
    #[error("limit is {0}; it must be 1 to {LIST_LIMIT}")]
    Limit(u32),
    /// `after` is not a cursor of this program.
    #[error("`after` is not a cursor: pass `next` of the previous page unchanged")]
    Cursor,
    /// `after` belongs to a list in another order.
    #[error("`after` continues a list sorted by {after}, not one sorted by {sort}")]
    OtherSort {
        /// The order of the list that `after` belongs to.
        after: Sort,
        /// The requested order.
        sort: Sort,
    },
    /// The request is valid, but something else failed.
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

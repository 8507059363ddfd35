use std::io;
use std::path::PathBuf;

use event_store::{AggregateId, StoreError};

use crate::{config, open, transfer};

/// The reason why the program cannot start or continue, in one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The settings contradict each other.
    #[error(transparent)]
    Settings(#[from] config::Contradiction),
    /// The store or the data directory cannot be used.
    #[error(transparent)]
    Open(#[from] open::OpenError),
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The sample company was not loaded, or not completely.
    #[error("the sample company is not loaded: {0}")]
    Sample(String),
    /// The read model is built, except for aggregates whose histories cannot be read to their end.
    #[error(
        "the read model is built, but some aggregates ({0}) show an older version; the log says which and why"
    )]
    Stuck(u64),
    /// The feed is incomplete, because some histories cannot be read to their end.
    #[error("some change sets cannot be put into the feed; the log says which and why")]
    Unsequenced,
    /// The feed is not as it was written. The details have been printed.
    #[error("the feed is not as it was written")]
    FeedAltered,
    /// Some aggregates are not as they were written. The details have been printed.
    #[error("{altered} of {aggregates} aggregates are not as they were written")]
    Altered {
        /// The number of altered aggregates.
        altered: u64,
        /// The number of all aggregates.
        aggregates: u64,
    },
    /// The doctor found this many problems, which have been printed.
    #[error("problems to fix: {0}")]
    Unwell(usize),
    /// A line of an export cannot be imported.
    #[error(transparent)]
    Line(#[from] transfer::LineError),
    /// A file to import is empty.
    #[error(
        "the file is empty, so nothing is imported: an export has a line for each change set; export again, unless \
         there was nothing to export"
    )]
    NothingToImport,
    /// An export cannot resume in the file of another store's export.
    #[error(
        "the file is not an export of this store: it ends with {0}, which the store does not have"
    )]
    OtherExport(AggregateId),
    /// A named file cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The store failed while its contents were read.
    #[error("{0}")]
    Store(String),
    /// The command was told to stop before it was done. Running it again resumes it.
    #[error("interrupted; run the same command again to resume")]
    Stopped,
    /// An export to a file was told to stop before it was done. It can resume in the file.
    #[error("interrupted; run the export to {} again with `--resume`", .0.display())]
    ExportStopped(PathBuf),
    /// A file could not be written to its end. The export can resume in it.
    #[error("cannot write {0}: {source}; fix that, then run the export again with `--resume`", path.display())]
    ExportCutShort {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// An export to standard output was told to stop before it was done. It cannot resume.
    #[error("interrupted; the export on standard output is incomplete")]
    OutputStopped,
    /// The system failed in a way that nothing here foresees.
    #[error("cannot continue: {0}")]
    System(#[from] io::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl Failure {
    /// Returns the exit code: 2 for contradictory settings, as for any wrong usage; otherwise 1.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) => 2,
            _ => 1,
        }
    }
}

//! The host of Daybook: it wires store, read model and screens into one process.

// The type of a page is as deep as its view.
#![recursion_limit = "512"]

mod ahead;
pub mod audit;
pub mod config;
pub mod connections;
pub mod desk;
pub mod doctor;
pub mod http;
pub mod kinds;
pub mod live;
pub mod open;
mod openapi;
pub mod pages;
mod patient;
mod problems;
mod progress;
pub mod rebuild;
pub mod reconcile;
pub mod routes;
pub mod sample;
pub mod serve;
pub mod site;
mod stop;
pub mod sweep;
pub mod telemetry;
pub mod transfer;

use std::io;
use std::path::{Path, PathBuf};

use config::Command;
use event_store::{AggregateId, StoreError};

pub use desk::FrontDesk;
pub use live::Live;
pub use routes::{Host, router};

/// Why the program cannot start, or cannot go on: one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The settings contradict each other.
    #[error(transparent)]
    Settings(#[from] config::Contradiction),
    /// Store or data directory cannot be used.
    #[error(transparent)]
    Open(#[from] open::OpenError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The sample company is not loaded, or not to its end.
    #[error("the sample company is not loaded: {0}")]
    Sample(String),
    /// The read model is built, but for aggregates whose histories cannot be read to their end.
    #[error(
        "the read model is built, but some aggregates ({0}) show an older version; the log says which and why"
    )]
    Stuck(u64),
    /// The feed is not complete, as some histories cannot be read to their end.
    #[error("some change sets cannot be put into the feed; the log says which and why")]
    Unsequenced,
    /// The feed is not what was written. What is wrong has been printed.
    #[error("the feed is not as it was written")]
    FeedAltered,
    /// Something is not as it was written. What it is has been printed.
    #[error("{altered} of {aggregates} aggregates are not as they were written")]
    Altered {
        /// How many.
        altered: u64,
        /// Of how many.
        aggregates: u64,
    },
    /// Something is wrong with what the settings name. What it is has been printed.
    #[error("{0} of these have to be put right")]
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
    /// An export cannot go on with a file that is another store's.
    #[error("the file is no part of an export of this store: it ends with {0}, which is not in it")]
    OtherExport(AggregateId),
    /// A file that was named cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The store fails while all of it is read.
    #[error("{0}")]
    Store(String),
    /// It was told to stop before it was done.
    #[error("stopped before the end; the same command goes on")]
    Stopped,
    /// An export to a file was told to stop before it was done. What is in the file is gone on with.
    #[error("stopped before the end; the export goes on with {} by `--resume`", .0.display())]
    ExportStopped(PathBuf),
    /// A file could not be written to its end. What is in it is gone on with.
    #[error("cannot write {0}: {source}; fix that, then run the export again with `--resume`", path.display())]
    ExportCutShort {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// An export to standard output was told to stop before it was done. Nothing goes on with that.
    #[error("stopped before the end; what went to standard output is not all of it")]
    OutputStopped,
    /// The system fails in a way that nothing here foresees.
    #[error("cannot go on: {0}")]
    System(#[from] io::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl Failure {
    /// The exit code: 2 for settings that make no sense, as for any wrong usage; otherwise 1.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) => 2,
            _ => 1,
        }
    }
}

/// Carries out the command until it is done or told to stop. `site` finds the files that the server serves to
/// browsers.
///
/// # Errors
/// Why it cannot.
pub fn run(cli: config::Cli, site: site::Site) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(carry_out(cli, site))
}

async fn carry_out(cli: config::Cli, site: site::Site) -> Result<(), Failure> {
    let config::Cli { command, settings } = cli;
    match command.unwrap_or_default() {
        Command::Serve => serve::serve(&settings, site).await,
        Command::Rebuild => rebuild::rebuild(&settings).await,
        Command::Reconcile => reconcile::reconcile(&settings).await,
        Command::Sample => sample::sample(&settings).await,
        Command::Doctor => doctor::doctor(&settings).await,
        Command::Verify { afresh, root } => audit::verify(&settings, afresh, root).await,
        Command::Export { file, resume } => {
            transfer::export(&settings, file.as_deref().filter(is_file), resume).await
        }
        Command::Sweep { grace, dry_run } => sweep::sweep(&settings, grace, dry_run).await,
        Command::Import { file, trust } => {
            transfer::import(&settings, Some(&*file).filter(is_file), trust).await
        }
    }
}

/// `-` is what standard input and output are called.
fn is_file(path: &&Path) -> bool {
    *path != Path::new("-")
}

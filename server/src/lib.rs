//! The host of Daybook: it wires store, read model and screens into one process.

// The type of a page is as deep as its view.
#![recursion_limit = "512"]

pub mod config;
pub mod desk;
pub mod http;
pub mod kinds;
pub mod open;
mod openapi;
pub mod pages;
mod problems;
pub mod rebuild;
pub mod routes;
pub mod sample;
pub mod serve;
mod site;
mod stop;
pub mod telemetry;

use std::io;

pub use desk::FrontDesk;
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
    /// The system fails in a way that nothing here foresees.
    #[error("cannot go on: {0}")]
    System(#[from] io::Error),
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

/// Does what the command line asks for, until it is done or told to stop.
///
/// # Errors
/// Why it cannot.
pub async fn run(cli: config::Cli) -> Result<(), Failure> {
    match cli.command.unwrap_or_default() {
        config::Command::Serve => serve::serve(&cli.settings).await,
        config::Command::Rebuild => rebuild::rebuild(&cli.settings).await,
        config::Command::Sample => sample::sample(&cli.settings).await,
    }
}

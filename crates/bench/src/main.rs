//! Measures Daybook. `make bench` builds the release binary and runs every part. Each part also
//! runs alone: `cargo run --release -p bench -- costs`. The output is Markdown, which
//! `docs/benchmarks.md` keeps.

mod ceiling;
mod commit;
mod connection;
mod costs;
mod daybook;
mod embedded;
mod follow;
mod heads;
mod hot;
mod large;
mod latency;
mod micro;
mod overflow;
#[cfg(feature = "peers")]
mod peers;
mod siege;
mod startup;
mod steady;
#[cfg(feature = "umadb")]
mod umadb;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use uuid::Uuid;

#[derive(Parser)]
#[command(about = "Measures Daybook; prints Markdown")]
struct Arguments {
    /// The release binary.
    #[arg(long, global = true, default_value = "target/release/daybook")]
    binary: PathBuf,
    /// The `UmaDB` server.
    #[cfg(feature = "umadb")]
    #[arg(long, global = true, default_value = "umadb")]
    umadb: PathBuf,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Subcommand)]
enum Part {
    /// Requests and capacity units per command.
    Costs,
    /// Commands at a fixed rate over HTTP.
    Steady {
        /// Commands a second.
        #[arg(long, default_value_t = 170)]
        rate: u32,
        /// The duration in seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// The highest rate at 16 connections, beside the engine's own.
    Ceiling {
        /// Rounds of each measurement.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// Seconds per measurement in a round.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// The highest rates at several numbers of writers, in process and over HTTP.
    Commit {
        /// Rounds of each measurement.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// Seconds per measurement in a round.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
    },
    /// Change sets that are too large for an item.
    Overflow,
    /// The time from start to ready.
    Startup {
        /// Change sets in the large database.
        #[arg(long, default_value_t = 100_000)]
        change_sets: u64,
    },
    /// The memory that a cached head takes.
    Heads,
    /// One aggregate with a long history, and one with 64 writers.
    Hot {
        /// Change sets in the long history.
        #[arg(long, default_value_t = 100_000)]
        change_sets: u64,
        /// Seconds for which the writers write.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// A large table: import, start, command rate beside that of an empty one, verify.
    Large {
        /// Change sets in the table.
        #[arg(long, default_value_t = 100_000)]
        change_sets: u64,
        /// Rounds of each measurement.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// Seconds per measurement in a round.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// The memory, the connections and the time that strangers can take from the server.
    Siege {
        /// Change sets in the history that they read.
        #[arg(long, default_value_t = 20_000)]
        change_sets: u64,
    },
    /// The processor time that one change set takes.
    Micro,
    /// Other event stores on DynamoDB, doing the same work.
    #[cfg(feature = "peers")]
    Peers {
        /// Rounds of each measurement.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// Milliseconds for each kind of work in a round.
        #[arg(long, default_value_t = 1_000)]
        millis: u64,
    },
}

/// The reason why a measurement ends early.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("daybook: {0}")]
    Daybook(String),
    #[error("the engine: {0}")]
    Engine(String),
    #[error("{item}: {accepted} commands were accepted, but there are {counted} change sets")]
    Count { item: Uuid, accepted: u64, counted: u64 },
    #[cfg(feature = "umadb")]
    #[error("umadb: {0}")]
    UmaDb(String),
    #[error(transparent)]
    Store(#[from] event_store::StoreError),
    #[error(transparent)]
    Table(#[from] event_store::dynamodb::TableError),
    #[error(transparent)]
    Decode(#[from] event_store::DecodeError),
    #[error(transparent)]
    Apply(#[from] event_store::ApplyError),
    #[error(transparent)]
    Rejection(#[from] domain::inventory_item::InventoryItemRejection),
    #[error(transparent)]
    Http(#[from] reqwest::Error),
    #[error("what was loaded is not what was appended")]
    Altered,
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Task(#[from] tokio::task::JoinError),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let binary = arguments.binary;
    let commit = async |rounds, seconds| {
        #[cfg(feature = "umadb")]
        return commit::run(&binary, &arguments.umadb, rounds, seconds).await;
        #[cfg(not(feature = "umadb"))]
        commit::run(&binary, rounds, seconds).await
    };
    match arguments.part {
        Some(Part::Costs) => costs::run().await,
        Some(Part::Steady { rate, seconds }) => steady::run(&binary, rate, seconds).await,
        Some(Part::Ceiling { rounds, seconds }) => ceiling::run(&binary, rounds, seconds).await,
        Some(Part::Commit { rounds, seconds }) => commit(rounds, seconds).await,
        Some(Part::Overflow) => overflow::run().await,
        Some(Part::Startup { change_sets }) => startup::run(&binary, change_sets).await,
        Some(Part::Heads) => heads::run(),
        Some(Part::Hot { change_sets, seconds }) => {
            hot::run(change_sets, Duration::from_secs(seconds)).await
        }
        Some(Part::Large { change_sets, rounds, seconds }) => {
            large::run(&binary, change_sets, rounds, seconds).await
        }
        Some(Part::Siege { change_sets }) => siege::run(&binary, change_sets).await,
        Some(Part::Micro) => micro::run(),
        #[cfg(feature = "peers")]
        Some(Part::Peers { rounds, millis }) => {
            peers::run(rounds, Duration::from_millis(millis)).await
        }
        None => {
            // First, because memory that others leave free would distort it.
            heads::run()?;
            costs::run().await?;
            steady::run(&binary, 170, 60).await?;
            ceiling::run(&binary, 3, 5).await?;
            commit(3, 3).await?;
            overflow::run().await?;
            startup::run(&binary, 100_000).await?;
            hot::run(100_000, Duration::from_secs(5)).await?;
            large::run(&binary, 100_000, 3, 5).await?;
            siege::run(&binary, 20_000).await?;
            micro::run()?;
            #[cfg(feature = "peers")]
            peers::run(3, Duration::from_secs(1)).await?;
            Ok(())
        }
    }
}

//! Measures Daybook. `make bench` builds the release binary and runs all of it; each part runs alone
//! too: `cargo run --release -p bench -- costs`. Prints Markdown, which `docs/benchmarks.md` keeps.

mod ceiling;
mod costs;
mod daybook;
mod embedded;
mod latency;
mod overflow;
mod startup;
mod steady;
mod work;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use uuid::Uuid;

#[derive(Parser)]
#[command(about = "Measures Daybook; prints Markdown")]
struct Arguments {
    /// The release binary.
    #[arg(long, global = true, default_value = "target/release/daybook")]
    binary: PathBuf,
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
        /// For how long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// The highest rate at 16 connections, beside the engine's own.
    Ceiling {
        /// Rounds of both.
        #[arg(long, default_value_t = 3)]
        rounds: u32,
        /// For how long each.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Change sets that are too large for an item.
    Overflow,
    /// From start to ready.
    Startup {
        /// How many change sets the large database has.
        #[arg(long, default_value_t = 100_000)]
        change_sets: u64,
    },
}

/// What ends a measurement.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("daybook: {0}")]
    Daybook(String),
    #[error("the engine: {0}")]
    Engine(String),
    #[error("{item}: {accepted} commands were accepted, but there are {counted} change sets")]
    Count { item: Uuid, accepted: u64, counted: u64 },
    #[error(transparent)]
    Store(#[from] event_store::StoreError),
    #[error(transparent)]
    Table(#[from] event_store::dynamodb::TableError),
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

async fn run(Arguments { binary, part }: Arguments) -> Result<(), Error> {
    match part {
        Some(Part::Costs) => costs::run().await,
        Some(Part::Steady { rate, seconds }) => steady::run(&binary, rate, seconds).await,
        Some(Part::Ceiling { rounds, seconds }) => ceiling::run(&binary, rounds, seconds).await,
        Some(Part::Overflow) => overflow::run().await,
        Some(Part::Startup { change_sets }) => startup::run(&binary, change_sets).await,
        None => {
            costs::run().await?;
            steady::run(&binary, 170, 60).await?;
            ceiling::run(&binary, 3, 5).await?;
            overflow::run().await?;
            startup::run(&binary, 100_000).await
        }
    }
}

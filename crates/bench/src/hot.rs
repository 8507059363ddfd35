//! One aggregate with a long history, and one with many concurrent writers.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use domain::InventoryItem;
use event_store::dynamodb::DynamoDbStore;
use event_store::handler::{CommandHandler, Outcome, SNAPSHOT_EVERY};
use event_store::{Head, Store};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::Error;
use crate::costs::Ledger;
use crate::embedded::{self, TABLE};
use crate::latency::{Latencies, Millis};
use crate::work::{self, History};

const SHORT: u64 = 100;
const LOADS: u32 = 500;
const WRITERS: usize = 64;

pub(crate) async fn run(length: u64, time: Duration) -> Result<(), Error> {
    loads(length).await?;
    writers(time).await
}

/// Loads a long history and a short one in turns.
async fn loads(length: u64) -> Result<(), Error> {
    let engine = embedded::in_memory()?;
    let store = engine.store(TABLE);
    store.ensure_table().await?;
    let ledger = Arc::new(Ledger::default());
    let observed = store.clone().observed_by(ledger.clone());
    let (short, long) = (fill(&store, SHORT).await?, fill(&store, length).await?);
    let mut took = [Latencies::default(), Latencies::default()];
    let mut bills = [String::new(), String::new()];
    for _ in 0..LOADS {
        for (place, item) in [short, long].into_iter().enumerate() {
            let sent = Instant::now();
            Head::<InventoryItem>::load(&observed, item, None).await?;
            took[place].push(sent.elapsed());
            bills[place] = ledger.settle().to_string();
        }
    }
    let [short, long] = took.map(|mut took| took.quantile(0.5));
    println!("| load | requests | read units | write units | p50 of {LOADS} |");
    println!("|---|---|---|---|---|");
    println!("| {SHORT} change sets | {} | {} |", bills[0], Millis(short));
    println!("| {length} change sets | {} | {} |", bills[1], Millis(long));
    println!("| ratio | | | | {:.2} |\n", long.as_secs_f64() / short.as_secs_f64());
    Ok(())
}

/// Writes a history as successive commands would leave it, but without a handler.
async fn fill(store: &DynamoDbStore, length: u64) -> Result<Uuid, Error> {
    let mut history = History::default();
    while history.version() < length {
        let change_set = history.grow()?;
        store.append(&change_set).await?;
        if history.version().is_multiple_of(SNAPSHOT_EVERY) {
            store.save_snapshot(&history.head.snapshot()?).await?;
        }
    }
    Ok(history.head.aggregate().id)
}

/// The commands of one writer, and its longest wait for an answer.
struct Share {
    commands: u64,
    longest: Duration,
}

/// Measures writers that each send the next command when the last is answered.
async fn writers(time: Duration) -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let engine = embedded::open(&directory.path().join("hot.db"))?;
    let store = engine.store(TABLE);
    store.ensure_table().await?;
    let handler = CommandHandler::<InventoryItem, _>::new(store, NonZeroUsize::MIN);
    let item = Uuid::now_v7();
    handler.execute(&work::envelope(item, work::create(0))).await?;
    let start = Arc::new(Barrier::new(WRITERS));
    let mut tasks = JoinSet::new();
    for _ in 0..WRITERS {
        let (handler, start) = (handler.clone(), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            let started = Instant::now();
            let mut share = Share { commands: 0, longest: Duration::ZERO };
            while started.elapsed() < time {
                let sent = Instant::now();
                let command = work::check_in(share.commands);
                match handler.execute(&work::envelope(item, command)).await? {
                    Outcome::Accepted(_) => share.commands += 1,
                    other => return Err(Error::Daybook(format!("{other:?}"))),
                }
                share.longest = share.longest.max(sent.elapsed());
            }
            Ok(share)
        });
    }
    let mut shares = Vec::new();
    while let Some(share) = tasks.join_next().await {
        shares.push(share??);
    }
    shares.sort_unstable_by_key(|share| share.commands);
    let all: u64 = shares.iter().map(|share| share.commands).sum();
    let longest = shares.iter().map(|share| share.longest).max().unwrap_or_default();
    println!("| {WRITERS} writers on one aggregate for {} s | |", time.as_secs());
    println!("|---|---|");
    println!("| commands | {all} |");
    println!("| least, median and most of one writer | {} |", thirds(&shares));
    println!("| longest wait for an answer | {} |\n", Millis(longest));
    Ok(())
}

fn thirds(shares: &[Share]) -> String {
    let of = |place: usize| shares.get(place).map_or(0, |share| share.commands);
    format!("{}, {}, {}", of(0), of(WRITERS / 2), of(WRITERS - 1))
}

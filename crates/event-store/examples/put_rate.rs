//! Measures how many change sets per second the embedded engine takes, on a file in a directory:
//!
//! ```sh
//! cargo run --release -p daybook-event-store --features embedded --example put_rate -- /var/tmp
//! ```
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use std::error::Error;
use std::time::{Duration, Instant};

use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::{AggregateId, Appended, ChangeSet, Hash, Kind, Store, Version};
use uuid::Uuid;

const FOR: Duration = Duration::from_secs(5);

type Measured<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Measured<()> {
    let directory = std::env::args_os().nth(1).unwrap_or_else(|| ".".into());
    let path =
        std::path::PathBuf::from(directory).join(format!("put_rate-{}.db", std::process::id()));
    let embedded = Embedded::open(&path)?;
    let store = embedded.store("put-rate");
    store.ensure_table().await?;
    for writers in [1, 8, 32] {
        report(&store, writers).await?;
    }
    embedded.close().await;
    Ok(std::fs::remove_file(&path)?)
}

async fn report(store: &DynamoDbStore, writers: u128) -> Measured<()> {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|writer| tokio::spawn(write(store.clone(), writers << 32 | writer, begun + FOR)))
        .collect();
    let mut durations = Vec::new();
    for task in tasks {
        durations.extend(task.await??);
    }
    let rate = durations.len() as f64 / begun.elapsed().as_secs_f64();
    durations.sort_unstable();
    let [p50, p99] = [50, 99].map(|p| durations[durations.len() * p / 100]);
    let longest = durations.last().copied().unwrap_or_default();
    println!(
        "{writers:>2} writers: {rate:.0} puts/s, p50 {p50:.1?}, p99 {p99:.1?}, max {longest:.1?}"
    );
    Ok(())
}

/// Appends to one aggregate's history until the time is up.
async fn write(store: DynamoDbStore, id: u128, until: Instant) -> Measured<Vec<Duration>> {
    let aggregate = AggregateId::new(Kind::from_static("tally"), Uuid::from_u128(id));
    let (mut version, mut prev): (Version, Hash) = (0, Hash::ZERO);
    let mut durations = Vec::new();
    while Instant::now() < until {
        version += 1;
        let body = body(version);
        let hash = Hash::of_change_set(prev, &aggregate, version, &body);
        let change_set = ChangeSet::from_parts(aggregate.clone(), version, prev, hash, body)?;
        let begun = Instant::now();
        if store.append(&change_set).await? != Appended::Written {
            return Err("another writer uses this table".into());
        }
        durations.push(begun.elapsed());
        prev = hash;
    }
    Ok(durations)
}

fn body(version: Version) -> String {
    let id = Uuid::from_u128(version.into());
    serde_json::json!({
        "command_id": id,
        "command": { "type": "CheckInItems", "data": { "quantity": 12, "reference": "PO 1182" } },
        "events": [{ "type": "ItemsCheckedIn", "data": { "quantity": 12, "reference": "PO 1182" } }],
        "actor": "ada@example.com",
        "reason": null,
        "recorded_at": "2026-01-01T12:00:00.000Z",
        "correlation_id": id,
        "causation_id": null,
        "rules": 1,
    })
    .to_string()
}

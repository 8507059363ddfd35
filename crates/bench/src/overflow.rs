//! Change sets whose bodies are too large for an item: the table in a file, the bodies in a
//! directory beside it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_store::objects::DirectoryObjects;
use event_store::{AggregateId, ChangeSet, Hash, Kind, Reach, Store};
use uuid::Uuid;

use crate::Error;
use crate::embedded::{self, TABLE};

/// The bytes to write for each size of body.
const TOGETHER: usize = 64 * 1024 * 1024;

pub(crate) async fn run() -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let engine = embedded::open(&directory.path().join("daybook.db"))?;
    let objects = DirectoryObjects::new(directory.path().join("objects"));
    let store = engine.store(TABLE).with_objects(Arc::new(objects));
    store.ensure_table().await?;
    println!("| body | appends | loads |");
    println!("|---|---|---|");
    for kilobytes in [1_000, 5_000, 15_000] {
        let change_sets = (0..TOGETHER / (kilobytes * 1_000)).map(|_| of_size(kilobytes * 1_000));
        let change_sets = change_sets.collect::<Result<Vec<_>, _>>()?;
        let begun = Instant::now();
        for change_set in &change_sets {
            store.append(change_set).await?;
        }
        let appends = Rate::of(&change_sets, begun.elapsed());
        let begun = Instant::now();
        for change_set in &change_sets {
            let loaded = store.load(&change_set.aggregate, Reach::Whole).await?;
            if loaded.change_sets != std::slice::from_ref(change_set) {
                return Err(Error::Altered);
            }
        }
        let loads = Rate::of(&change_sets, begun.elapsed());
        println!("| {kilobytes} KB | {appends} | {loads} |");
    }
    println!();
    engine.close().await;
    Ok(())
}

/// Makes the first change set of an aggregate, of about this many bytes and with new content each
/// time.
fn of_size(bytes: usize) -> Result<ChangeSet, Error> {
    let id = Uuid::now_v7();
    // The random part of each UUID: 16 hex digits.
    let reason: String =
        std::iter::repeat_with(|| Uuid::now_v7().simple().to_string().split_off(16))
            .take(bytes / 16)
            .collect();
    let body = serde_json::json!({
        "command_id": id,
        "command": { "type": "Note", "data": {} },
        "events": [{ "type": "Noted", "data": {} }],
        "actor": "bench",
        "reason": reason,
        "recorded_at": "2026-01-01T12:00:00.000Z",
        "correlation_id": id,
        "causation_id": null,
        "rules": 1,
    })
    .to_string();
    let aggregate = AggregateId::new(Kind::from_static("note"), id);
    let hash = Hash::of_change_set(Hash::ZERO, &aggregate, 1, &body);
    let change_set = ChangeSet::from_parts(aggregate, 1, Hash::ZERO, hash, body);
    change_set.map_err(|error| Error::Store(error.into()))
}

struct Rate {
    per_second: f64,
    megabytes: f64,
}

impl Rate {
    fn of(change_sets: &[ChangeSet], time: Duration) -> Self {
        let bytes: usize = change_sets.iter().map(|change_set| change_set.body().len()).sum();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let [count, bytes] = [change_sets.len(), bytes].map(|n| n as f64);
        let seconds = time.as_secs_f64();
        Self { per_second: count / seconds, megabytes: bytes / 1e6 / seconds }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}/s, {:.0} MB/s", self.per_second, self.megabytes)
    }
}

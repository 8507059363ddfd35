use std::time::Duration;

use super::harness::Harness;
use super::history::{
    START, accepted, add, envelope, folded, handler, id_of, minute, moment, snapshot_after, stored,
    tally,
};
use super::tally::Tally;
use super::verdict::{Failure, Verdict, ensure, equal};
use crate::{Aggregate, AggregateId, ChangeSet, Hash, Head, Reach, Snapshot, Store, Version};

const HEAD: Reach = Reach::Head { schema: Tally::STATE_SCHEMA };

/// Returns the version at which a load starts, after checking that it leads to the same state as
/// the whole history.
async fn start_of_load<S: Store>(
    store: &S,
    aggregate: &AggregateId,
    history: &[ChangeSet],
) -> Verdict<Version> {
    let loaded = store.load(aggregate, HEAD).await?;
    let start = loaded.snapshot.as_ref().map_or(0, |snapshot| snapshot.version);
    let expected = folded(aggregate.id, history)?;
    let head = Head::<Tally>::fold(aggregate.id, loaded)?;
    equal("version", head.version, expected.version)?;
    equal("hash", head.hash, expected.hash)?;
    equal("state", head.state, expected.state)?;
    equal("created at", head.created_at, expected.created_at)?;
    equal("updated at", head.updated_at, expected.updated_at)?;
    equal("command ids", head.commands, expected.commands)?;
    Ok(start)
}

pub(super) async fn a_load_starts_at_the_newest_snapshot<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 130).await?;
    for length in [100, 50, 120] {
        store.save_snapshot(&snapshot_after(tally.id, &history[..length])?).await?;
    }
    let loaded = store.load(&tally, HEAD).await?;
    equal("the tail", &loaded.change_sets[..], &history[120..])?;
    equal("start", start_of_load(&store, &tally, &history).await?, 120)
}

pub(super) async fn a_past_version_never_starts_at_a_later_snapshot<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 130).await?;
    for length in [50, 100] {
        store.save_snapshot(&snapshot_after(tally.id, &history[..length])?).await?;
    }
    for (version, start) in [(49, 0), (50, 50), (99, 50), (100, 100), (130, 100)] {
        let reach = Reach::AsOf { version, schema: Tally::STATE_SCHEMA };
        let loaded = store.load(&tally, reach).await?;
        equal("start", loaded.snapshot.map_or(0, |s| s.version), start)?;
        equal("end", loaded.change_sets.last().map_or(start, |c| c.version), version)?;
    }
    Ok(())
}

pub(super) async fn a_stale_snapshot_is_completed<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 200).await?;
    store.save_snapshot(&snapshot_after(tally.id, &history[..3])?).await?;
    equal("start", start_of_load(&store, &tally, &history).await?, 3)
}

pub(super) async fn a_snapshot_at_the_head_is_enough<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 50).await?;
    store.save_snapshot(&snapshot_after(tally.id, &history)?).await?;
    equal("start", start_of_load(&store, &tally, &history).await?, 50)
}

pub(super) async fn a_missing_snapshot_costs_nothing_but_time<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 200).await?;
    equal("start", start_of_load(&store, &tally, &history).await?, 0)
}

pub(super) async fn a_snapshot_of_another_schema_is_passed_over<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 120).await?;
    store.save_snapshot(&snapshot_after(tally.id, &history[..50])?).await?;
    for (length, schema) in [(100, Tally::STATE_SCHEMA - 1), (110, Tally::STATE_SCHEMA + 1)] {
        let state = serde_json::json!("of another shape");
        let snapshot = snapshot_after(tally.id, &history[..length])?;
        store.save_snapshot(&Snapshot { schema, state, ..snapshot }).await?;
    }
    equal("start", start_of_load(&store, &tally, &history).await?, 50)
}

pub(super) async fn a_damaged_snapshot_is_passed_over<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 120).await?;
    for length in [50, 100] {
        store.save_snapshot(&snapshot_after(tally.id, &history[..length])?).await?;
    }
    harness.damage_snapshot(&store, &tally, 100).await?;
    equal("start", start_of_load(&store, &tally, &history).await?, 50)?;
    harness.damage_snapshot(&store, &tally, 50).await?;
    equal("start", start_of_load(&store, &tally, &history).await?, 0)?;
    store.save_snapshot(&snapshot_after(tally.id, &history[..100])?).await?;
    equal("start once mended", start_of_load(&store, &tally, &history).await?, 100)
}

pub(super) async fn a_snapshot_of_another_history_is_passed_over<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 70).await?;
    let snapshot = snapshot_after(tally.id, &history[..60])?;
    let state = serde_json::json!({ "total": 999_999, "name": "", "notes": 0 });
    store.save_snapshot(&Snapshot { hash: Hash::ZERO, state, ..snapshot }).await?;
    equal("start", start_of_load(&store, &tally, &history).await?, 0)
}

pub(super) async fn a_snapshot_of_nothing_is_passed_over<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 70).await?;
    let snapshot = snapshot_after(tally.id, &history)?;
    store.save_snapshot(&Snapshot { version: 80, ..snapshot }).await?;
    equal("start", start_of_load(&store, &tally, &history).await?, 0)
}

pub(super) async fn a_snapshot_is_taken_in_passing<H: Harness>(harness: &H) -> Verdict {
    const TRIES: u32 = 500;
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let handler = handler(&store);
    stored(&store, &tally, 40).await?;
    for version in 41..=60 {
        accepted(&handler, &envelope(tally.id, minute(version), add(1))).await?;
    }
    // Snapshots are written in the background, so they may take a moment. The handler's first load
    // reads far back and leaves a snapshot of version 40. The one of what the handler wrote comes
    // later.
    for _ in 0..TRIES {
        let snapshot = store.load(&tally, HEAD).await?.snapshot;
        if let Some(snapshot) = snapshot.filter(|snapshot| snapshot.version > 40) {
            ensure(snapshot.version <= 60, "a snapshot of what the handler wrote")?;
            let history = super::history::whole(&store, &tally).await?;
            start_of_load(&store, &tally, &history).await?;
            return accepted(&super::history::handler(&store), &late(&tally)).await.map(drop);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Err(Failure::new("no snapshot was taken"))
}

fn late(tally: &AggregateId) -> crate::handler::Envelope<super::Task> {
    envelope(tally.id, moment(86_400_000), add(1))
}

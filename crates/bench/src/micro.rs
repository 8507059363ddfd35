//! The processor time of one change set: to encode and seal, to hash, to decode, to fold.

use std::hint::black_box;
use std::time::{Duration, Instant};

use domain::InventoryItem;
use event_store::{ChangeSet, Hash, Head};

use crate::Error;
use crate::work::History;

const ROUNDS: u32 = 9;
const ROUND: Duration = Duration::from_millis(100);

pub(crate) fn run() -> Result<(), Error> {
    let mut history = History::default();
    let change_sets = (0..100).map(|_| history.grow()).collect::<Result<Vec<ChangeSet>, _>>()?;
    let last = change_sets.last().ok_or(Error::Daybook("no change set".into()))?;
    let body = last.body();
    println!("| one change set of {} B | median of {ROUNDS} rounds |", body.len());
    println!("|---|---|");
    row("encode: body as JSON, and its hash", || history.next())?;
    row("hash", || {
        Ok(Hash::of_change_set(last.prev, &last.aggregate, last.version, black_box(body)))
    })?;
    row("decode: body, command and events", || {
        let (prev, hash) = (last.prev, last.hash);
        let parts = ChangeSet::from_parts(
            last.aggregate.clone(),
            last.version,
            prev,
            hash,
            body.to_owned(),
        );
        Ok(parts?.events::<InventoryItem>()?)
    })?;
    let mut heads = change_sets.iter().cycle();
    let mut head = Head::<InventoryItem>::empty(last.aggregate.id);
    row("fold: events into the state, the command into the index", || {
        let next = heads.next().filter(|next| next.version == head.version + 1);
        match next {
            Some(next) => head.apply(next)?,
            None => head = Head::empty(last.aggregate.id),
        }
        Ok(())
    })?;
    println!();
    Ok(())
}

/// Prints the median time of one call in nanoseconds. A round has as many calls as fit into
/// `ROUND`.
fn row<T>(name: &str, mut once: impl FnMut() -> Result<T, Error>) -> Result<(), Error> {
    let mut nanos = Vec::new();
    for _ in 0..ROUNDS {
        let (started, mut count) = (Instant::now(), 0_u32);
        while started.elapsed() < ROUND {
            for _ in 0..64 {
                black_box(once()?);
            }
            count += 64;
        }
        nanos.push((started.elapsed() / count).as_nanos());
    }
    nanos.sort_unstable();
    println!("| {name} | {} ns |", nanos[nanos.len() / 2]);
    Ok(())
}

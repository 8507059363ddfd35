//! The memory that a cached head takes, as Linux counts it (the resident set, proc(5)). This part
//! runs first: heads that fill memory freed by earlier work would not be counted.

use domain::InventoryItem;
use event_store::{ChangeSet, Head};

use crate::Error;
use crate::work::History;

const HEADS: usize = 20_000;

pub(crate) fn run() -> Result<(), Error> {
    println!("| a head in memory, mean of {HEADS} | |");
    println!("|---|---|");
    for length in [1, 10, 100, 400] {
        println!("| after {length} change sets | {} B |", bytes_after(length)?);
    }
    println!();
    Ok(())
}

fn bytes_after(length: u64) -> Result<u64, Error> {
    let mut history = History::default();
    let change_sets = (0..length).map(|_| history.grow()).collect::<Result<Vec<_>, _>>()?;
    let mut heads = Vec::with_capacity(HEADS);
    let before = resident();
    for _ in 0..HEADS {
        heads.push(head(&change_sets)?);
    }
    let bytes = resident().saturating_sub(before);
    // Otherwise the next measurement would reuse their memory.
    std::mem::forget(heads);
    Ok(bytes / HEADS as u64)
}

fn head(change_sets: &[ChangeSet]) -> Result<Head<InventoryItem>, Error> {
    let id = change_sets.first().map_or_else(uuid::Uuid::nil, |first| first.aggregate.id);
    let mut head = Head::empty(id);
    for change_set in change_sets {
        head.apply(change_set)?;
    }
    Ok(head)
}

/// The resident set in bytes, or 0 where there is no `/proc`.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

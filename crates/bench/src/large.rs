//! A table with many change sets: filled by `daybook import`, started, written to beside an empty
//! one, and verified.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::process::Command;
use uuid::Uuid;

use crate::ceiling::{CONNECTIONS, closed_loop};
use crate::daybook::Daybook;
use crate::work::{self, History};
use crate::{Error, startup};

const PER_ITEM: u64 = 100;

pub(crate) async fn run(
    binary: &Path,
    change_sets: u64,
    rounds: u32,
    seconds: u64,
) -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let export = directory.path().join("export.jsonl");
    let items = write_export(&export, change_sets)?;
    let data = directory.path().join("large");
    let imported = asked(binary, &["import".into(), export], &data).await?;
    println!("| a table of {change_sets} change sets | |");
    println!("|---|---|");
    println!("| import | {:.0} change sets/s |", rate(change_sets, imported));
    let first = startup::restart(binary, &data, true).await?;
    println!("| start to ready, after the import | {first} |");
    let again = startup::restart(binary, &data, true).await?;
    println!("| start to ready, after a clean stop | {again} |");
    startup::restart(binary, &data, false).await?;
    let after = startup::restart(binary, &data, true).await?;
    println!("| start to ready, after a kill -9 | {after} |");
    std::fs::remove_file(data.join("read-model.db"))?;
    let anew = startup::restart(binary, &data, true).await?;
    println!("| start to ready, the lists built anew | {anew} |");
    let (large, empty) =
        beside(binary, &data, &directory.path().join("empty"), items, rounds, seconds).await?;
    println!("| commands/s over HTTP, best of {rounds} rounds | {large:.0} |");
    println!("| the same on an empty table, in turns | {empty:.0} |");
    println!("| ratio | {:.0} % |", 100.0 * large / empty);
    let verified = asked(binary, &["verify".into()], &data).await?;
    println!("| verify | {:.0} change sets a minute |\n", 60.0 * rate(change_sets, verified));
    Ok(())
}

/// Writes what `daybook export` would write of items with a hundred change sets each. Returns the
/// items.
fn write_export(path: &Path, change_sets: u64) -> Result<Vec<Uuid>, Error> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut items = Vec::new();
    for _ in 0..change_sets / PER_ITEM {
        let mut history = History::default();
        for _ in 0..PER_ITEM {
            let change_set = history.grow()?;
            serde_json::to_writer(&mut file, &change_set)?;
            file.write_all(b"\n")?;
            if change_set.version == 1 {
                items.push(change_set.aggregate.id);
            }
        }
    }
    file.flush()?;
    Ok(items)
}

/// Runs the program and returns the time that it took.
async fn asked(binary: &Path, arguments: &[PathBuf], data: &Path) -> Result<Duration, Error> {
    let started = Instant::now();
    let status = Command::new(binary)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await?;
    if status.success() {
        return Ok(started.elapsed());
    }
    Err(Error::Daybook(format!("{arguments:?} ended with {status}")))
}

/// Measures the command rates of two servers that take turns. Half of the items written to on the
/// large table were imported, and most of their heads are not cached. All others are new.
async fn beside(
    binary: &Path,
    large: &Path,
    empty: &Path,
    imported: Vec<Uuid>,
    rounds: u32,
    seconds: u64,
) -> Result<(f64, f64), Error> {
    let servers = [
        Arc::new(Daybook::start(binary, large).await?),
        Arc::new(Daybook::start(binary, empty).await?),
    ];
    let there = [Arc::new(imported), Arc::default()];
    let mut best = [0.0_f64; 2];
    for _ in 0..rounds {
        for ((server, there), best) in servers.iter().zip(&there).zip(&mut best) {
            let (server, there) = (Arc::clone(server), Arc::clone(there));
            let round =
                closed_loop(CONNECTIONS, Duration::from_secs(seconds), move |item, number| {
                    let (server, there) = (Arc::clone(&server), Arc::clone(&there));
                    async move {
                        // A random number makes each item's SKU unique, and replaces half of the
                        // items by imported ones.
                        let (_, chance) = item.as_u64_pair();
                        let place = usize::try_from(chance / 2).unwrap_or_default();
                        let known = place.checked_rem(there.len()).filter(|_| chance % 2 == 0);
                        let (item, command) = match known {
                            Some(place) => (there[place], work::check_in(number)),
                            None if number == 0 => (item, work::create(chance)),
                            None => (item, work::check_in(number)),
                        };
                        server.command(item, &command).await.map(|_| ())
                    }
                })
                .await?;
            *best = best.max(round.rate);
        }
    }
    for server in servers {
        let server = Arc::into_inner(server);
        server.ok_or(Error::Daybook("is still in use".into()))?.stop().await?;
    }
    Ok((best[0], best[1]))
}

#[expect(clippy::cast_precision_loss, reason = "a count of change sets")]
fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

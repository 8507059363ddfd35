//! The `daybook sweep` command: finds and deletes the objects that no change set names.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use event_store::dynamodb::{Count, DynamoDbStore};

use crate::Failure;
use crate::config::{Contradiction, ObjectsChoice, Settings};
use crate::open::{DataDirectory, OpenStore};
use crate::progress::Progress;
use crate::stop::Stop;

/// A grace period that is safe while others write: far more than an append takes, even of many
/// change sets over a bad line.
const SAFE: Duration = Duration::from_secs(60 * 60);

/// Deletes the objects that are older than `grace` and that no change set names, or only lists
/// them. A sweep that is stopped has deleted some of them, and nothing else.
///
/// # Errors
/// The reason why it failed.
pub async fn sweep(settings: &Settings, grace: Duration, dry_run: bool) -> Result<(), Failure> {
    if settings.objects()? == ObjectsChoice::Nowhere {
        return Err(Contradiction::NothingToSweep.into());
    }
    let stop = Stop::listen()?;
    let directory = DataDirectory::of_existing(settings)?;
    let open = OpenStore::of_existing(settings, &directory).await?;
    if grace < SAFE && !open.is_ours_alone() {
        tracing::warn!("a grace period below an hour is safe only while no other process writes");
    }
    let swept = tokio::select! {
        swept = find_and_delete(&open.store, grace, dry_run) => swept,
        () = stop.requested() => Err(Failure::Stopped),
    };
    open.close().await;
    swept
}

async fn find_and_delete(
    store: &DynamoDbStore,
    grace: Duration,
    dry_run: bool,
) -> Result<(), Failure> {
    // A grace period that reaches back beyond the epoch makes every object too young.
    let before = SystemTime::now().checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH);
    let progress = Progress::counting("objects and items examined", 0);
    let swept = store.orphans(before, |more| progress.advance(more)).await?;
    drop(progress);
    let mut stdout = io::stdout();
    writeln!(stdout, "Named by change sets: {}", told(swept.named))?;
    writeln!(stdout, "Too young to tell: {}", told(swept.young))?;
    if dry_run {
        for orphan in &swept.orphans {
            writeln!(stdout, "{}", orphan.key)?;
        }
        let orphans = told(swept.orphans.iter().collect());
        writeln!(stdout, "Orphans that would be deleted: {orphans}")?;
        return Ok(());
    }
    let progress = Progress::counting("orphans deleted", 0);
    let gone = store.delete_orphans(&swept.orphans, before, |more| progress.advance(more)).await?;
    drop(progress);
    writeln!(stdout, "Orphans deleted: {}", told(gone))?;
    Ok(())
}

fn told(Count { objects, bytes }: Count) -> String {
    format!("{objects} ({bytes} bytes)")
}

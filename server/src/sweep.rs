//! `daybook sweep`: the objects that no change set names, found and deleted.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use event_store::dynamodb::{Count, DynamoDbStore};

use crate::Failure;
use crate::config::{Contradiction, ObjectsChoice, Settings};
use crate::open::{DataDirectory, OpenStore};
use crate::progress::Progress;
use crate::stop::Stop;

/// Far more than an append takes, even of many change sets over a bad line.
const SAFE: Duration = Duration::from_secs(60 * 60);

/// Deletes what was put longer ago than `grace` and has no change set to name it; or only says what that
/// would be. One that was stopped has deleted some of it, and nothing else.
///
/// # Errors
/// Why it cannot.
pub async fn sweep(settings: &Settings, grace: Duration, dry_run: bool) -> Result<(), Failure> {
    if settings.objects()? == ObjectsChoice::Nowhere {
        return Err(Contradiction::NothingToSweep.into());
    }
    let stop = Stop::listen()?;
    let directory = DataDirectory::of_existing(settings)?;
    let open = OpenStore::of_existing(settings, &directory).await?;
    if grace < SAFE && !open.is_ours_alone() {
        tracing::warn!("a grace period of less than an hour is safe while nobody else writes");
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
    // Where time began, everything is too young.
    let before = SystemTime::now().checked_sub(grace).unwrap_or(SystemTime::UNIX_EPOCH);
    let progress = Progress::counting("objects and items looked at", 0);
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

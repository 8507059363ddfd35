//! The `daybook reconcile` command: compares the feed with the store.

use std::io::{self, Write};

use event_store::feed::Reconciled;

use crate::Failure;
use crate::config::Settings;
use crate::open::{DataDirectory, OpenStore};
use crate::progress::Progress;
use crate::retrying_store;
use crate::stop::Stop;

/// Puts every change set that the feed lacks into it, and prints how many were missing. The work
/// done before a request to stop remains.
///
/// # Errors
/// The reason why it failed.
pub async fn reconcile(settings: &Settings) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let directory = DataDirectory::of_existing(settings)?;
    let open = OpenStore::of_existing(settings, &directory).await?;
    let feed = retrying_store::feed_of(&open);
    let progress = Progress::counting("change sets compared with the feed", 0);
    let mut scanned = 0;
    let reconciling = feed.reconcile(|found| {
        progress.advance(found.scanned - scanned);
        scanned = found.scanned;
    });
    let reconciled = tokio::select! {
        reconciled = reconciling => reconciled.map_err(Failure::from),
        // The feed's store has exhausted its retries already.
        error = feed.troubled() => Err(error.into()),
        () = stop.requested() => {
            feed.store().give_up();
            Err(Failure::Stopped)
        }
    };
    drop(progress);
    let in_order = feed.finish().await;
    open.close().await;
    let Reconciled { scanned, missing } = reconciled?;
    if !in_order {
        return Err(Failure::Unsequenced);
    }
    let mut stdout = io::stdout().lock();
    match missing {
        0 => writeln!(stdout, "All {scanned} change sets are in the feed.")?,
        _ => {
            writeln!(stdout, "All {scanned} change sets are in the feed; {missing} were missing.")?
        }
    }
    Ok(())
}

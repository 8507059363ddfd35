//! The embedded engine without the server.

use std::num::NonZeroUsize;
use std::path::Path;

use domain::InventoryItem;
use event_store::embedded::Embedded;
use event_store::handler::CommandHandler;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{Error, work};

/// The table that `daybook` uses by default.
pub(crate) const TABLE: &str = "daybook";

pub(crate) fn open(path: &Path) -> Result<Embedded, Error> {
    Embedded::open(path).map_err(|error| Error::Engine(error.to_string()))
}

pub(crate) fn in_memory() -> Result<Embedded, Error> {
    Embedded::in_memory().map_err(|error| Error::Engine(error.to_string()))
}

/// Writes a database of this many change sets, 100 to an item, with eight writers.
pub(crate) async fn fill(path: &Path, change_sets: u64) -> Result<(), Error> {
    const WRITERS: u64 = 8;
    const PER_ITEM: u64 = 100;
    let engine = open(path)?;
    let store = engine.store(TABLE);
    store.ensure_table().await?;
    let handler: CommandHandler<InventoryItem, _> =
        CommandHandler::new(store, NonZeroUsize::MIN.saturating_add(64));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let handler = handler.clone();
        writers.spawn(async move {
            for item in (writer..change_sets / PER_ITEM).step_by(8) {
                let aggregate = Uuid::now_v7();
                for number in 0..PER_ITEM {
                    let command =
                        if number == 0 { work::create(item) } else { work::check_in(number) };
                    handler.execute(&work::envelope(aggregate, command)).await?;
                }
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    Ok(())
}

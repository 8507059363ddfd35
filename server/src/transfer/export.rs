use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use event_store::dynamodb::DynamoDbStore;
use event_store::{AggregateId, Hash, Page, Store, StoreError, Version, verify_chain};

use super::lines;
use crate::Failure;
use crate::audit::{Found, Walk};
use crate::config::Settings;
use crate::open::{DataDirectory, OpenStore};
use crate::progress::Progress;
use crate::stop::Stop;

/// Change sets read at a time.
const PAGE: usize = 500;

/// Writes every change set of the store that the settings name to `file`, or to standard output. A file
/// that is there already is left alone, unless it is to be gone on with.
///
/// # Errors
/// Why it cannot. What is not as it was written is not exported: `daybook verify` says what it is.
pub async fn export(settings: &Settings, file: Option<&Path>, resume: bool) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let directory = DataDirectory::open(&settings.data)?;
    let target = Target::open(file, resume)?;
    let open = OpenStore::open(settings, &directory).await?;
    let exported = tokio::select! {
        exported = target.fill(&open.store) => exported,
        () = stop.requested() => Err(Failure::Stopped),
    };
    open.close().await;
    let count = exported?;
    // Standard output may be what is exported.
    tracing::info!(change_sets = count, "exported");
    Ok(())
}

/// Where lines go, and what stands there already.
struct Target {
    to: Box<dyn Write + Send>,
    file: Option<File>,
    last: Option<(AggregateId, Version, Hash)>,
}

impl Target {
    fn open(file: Option<&Path>, resume: bool) -> Result<Self, Failure> {
        let Some(path) = file else {
            return Ok(Self { to: Box::new(io::stdout()), file: None, last: None });
        };
        let failed = |source| Failure::File { path: path.to_owned(), source };
        let last = if resume { lines::last_whole(path)? } else { None };
        let mut options = OpenOptions::new();
        let options = if resume {
            options.append(true).create(true)
        } else {
            options.write(true).create_new(true)
        };
        let file = options.open(path).map_err(failed)?;
        let to = Box::new(file.try_clone().map_err(failed)?);
        Ok(Self { to, file: Some(file), last })
    }

    /// Writes what is not there yet, and says how much that was.
    async fn fill(self, store: &DynamoDbStore) -> Result<u64, Failure> {
        let Self { to, file, last } = self;
        let mut to = BufWriter::new(to);
        let progress = Progress::counting("change sets exported", 0);
        let mut walk = Walk::from(store.clone(), None);
        let mut count = 0;
        // Aggregates come in the same order every time, so that all before the last one are there.
        let mut from = last.as_ref().map(|(_, version, hash)| (*version, *hash));
        let mut reached = last.is_none();
        while let Some(Found { aggregate, .. }) = walk.next().await? {
            if !reached {
                if last.as_ref().is_none_or(|(there, ..)| *there != aggregate) {
                    continue;
                }
                reached = true;
            }
            let (version, hash) = from.take().unwrap_or((0, Hash::ZERO));
            let written = write(&mut to, store, &aggregate, version, hash).await?;
            progress.advance(written);
            count += written;
        }
        if let Some((aggregate, ..)) = last.filter(|_| !reached) {
            return Err(Failure::OtherExport(aggregate));
        }
        to.flush()?;
        if let Some(file) = file {
            file.sync_all()?;
        }
        Ok(count)
    }
}

/// Writes what an aggregate has beyond a version, as far as its chain holds.
async fn write(
    to: &mut impl Write,
    store: &DynamoDbStore,
    aggregate: &AggregateId,
    mut version: Version,
    mut hash: Hash,
) -> Result<u64, Failure> {
    let mut count = 0;
    loop {
        let page = store.change_sets(aggregate, Page::After { version, limit: PAGE }).await?;
        let Some(last) = page.last() else { return Ok(count) };
        hash = verify_chain(aggregate, version, hash, &page)
            .map_err(|broken| StoreError::broken(aggregate, broken))?;
        version = last.version;
        for change_set in &page {
            serde_json::to_writer(&mut *to, change_set).map_err(io::Error::from)?;
            to.write_all(b"\n")?;
        }
        count += page.len() as u64;
    }
}

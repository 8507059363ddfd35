use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use event_store::dynamodb::DynamoDbStore;
use event_store::{AggregateId, Hash, Page, Store, StoreError, Version, verify_chain};

use super::lines::Written;
use super::patient::Patient;
use crate::Failure;
use crate::audit::{Found, Walk};
use crate::config::Settings;
use crate::open::{DataDirectory, OpenStore};
use crate::progress::Progress;
use crate::stop::Stop;

/// Change sets read at a time.
const PAGE: usize = 500;

/// Writes every change set of the store that the settings name to `file`, or to standard output. A file
/// that is there already is left alone, unless it is to be gone on with: then it gets what it lacks. A
/// store that is away is waited for.
///
/// # Errors
/// Why it cannot. What is not as it was written is not exported: `daybook verify` says what it is.
pub async fn export(settings: &Settings, file: Option<&Path>, resume: bool) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let directory = DataDirectory::of_existing(settings)?;
    let written = match file {
        Some(path) if resume => Written::read(path)?,
        _ => Written::default(),
    };
    let open = OpenStore::open(settings, &directory).await?;
    let store = Patient::new(open.store.clone());
    let exported = tokio::select! {
        exported = fill(file, resume, written, &store) => exported,
        () = stop.requested() => Err(match file {
            Some(path) => Failure::ExportStopped(path.to_owned()),
            None => Failure::OutputStopped,
        }),
    };
    open.close().await;
    let count = exported?;
    // Standard output may be what is exported.
    tracing::info!(change_sets = count, "exported");
    Ok(())
}

/// Writes what is not there yet, and says how much that was.
async fn fill(
    file: Option<&Path>,
    resume: bool,
    mut written: Written,
    store: &Patient<DynamoDbStore>,
) -> Result<u64, Failure> {
    check(&written, store).await?;
    let file = file.map(|path| open(path, resume, &written)).transpose()?;
    let mut to: BufWriter<Box<dyn Write + Send>> = BufWriter::new(match &file {
        Some(file) => Box::new(file.try_clone()?),
        None => Box::new(io::stdout()),
    });
    if !written.ended {
        to.write_all(b"\n")?;
    }
    let progress = Progress::counting("change sets exported", 0);
    let mut walk = Walk::from(store.clone(), None);
    let mut count = 0;
    while let Some(Found { aggregate, .. }) = walk.next().await? {
        let (version, hash) = written.heads.remove(&aggregate).unwrap_or((0, Hash::ZERO));
        let more = write(&mut to, store, &aggregate, version, hash).await?;
        progress.advance(more);
        count += more;
    }
    to.flush()?;
    if let Some(file) = file {
        file.sync_all()?;
    }
    Ok(count)
}

/// That what the file holds is this store's, before anything is done to it.
async fn check(written: &Written, store: &Patient<DynamoDbStore>) -> Result<(), Failure> {
    for (aggregate, (version, hash)) in &written.heads {
        let page = Page::After { version: version.saturating_sub(1), limit: 1 };
        let there = store.change_sets(aggregate, page).await?.pop();
        if there.is_none_or(|there| there.version != *version || there.hash != *hash) {
            return Err(Failure::OtherExport(aggregate.clone()));
        }
    }
    Ok(())
}

fn open(path: &Path, resume: bool, written: &Written) -> Result<File, Failure> {
    let failed = |source| Failure::File { path: path.to_owned(), source };
    if !resume {
        return OpenOptions::new().write(true).create_new(true).open(path).map_err(failed);
    }
    let file = OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
    file.set_len(written.end).map_err(failed)?;
    Ok(file)
}

/// Writes what an aggregate has beyond a version, as far as its chain holds.
async fn write(
    to: &mut impl Write,
    store: &Patient<DynamoDbStore>,
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

//! `daybook export`: writes every change set, a line each.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::mem;
use std::path::Path;

use event_store::dynamodb::DynamoDbStore;
use event_store::{AggregateId, ChangeSet, Hash, Page, Store, StoreError, Version, verify_chain};
use tokio::sync::mpsc;

use crate::Failure;
use crate::config::Settings;
use crate::open::{DataDirectory, OpenStore};
use crate::progress::Progress;
use crate::retrying_store::RetryingStore;
use crate::stop::Stop;
use crate::transfer::{Written, on_own_thread};
use crate::walk::{Found, Walk};

/// Change sets read at a time.
const PAGE: usize = 500;
/// The size from which lines are handed over to be written, in bytes.
const CHUNK: usize = 256 * 1024;
/// The maximum number of chunks that wait to be written.
const CHUNKS: usize = 4;

/// Writes every change set of the store that the settings name to `file`, or to standard output. An
/// existing file is left alone, unless `resume` is set: then the missing change sets are appended.
/// An unavailable store is retried.
///
/// # Errors
/// The reason why it failed. A damaged change set is not exported: `daybook verify` says what is
/// wrong.
pub async fn export(settings: &Settings, file: Option<&Path>, resume: bool) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let directory = DataDirectory::to_read(settings)?;
    let open = OpenStore::of_existing(settings, &directory).await?;
    let exported = tokio::select! {
        exported = fill(file, resume, RetryingStore::new(open.store.clone())) => exported,
        () = stop.requested() => Err(match file {
            Some(path) => Failure::ExportStopped(path.to_owned()),
            None => Failure::OutputStopped,
        }),
    };
    open.close().await;
    let count = exported?;
    // Standard output may be the export itself.
    tracing::info!(change_sets = count, "exported");
    Ok(())
}

/// Writes what is not there yet, and returns the number of change sets.
async fn fill(
    file: Option<&Path>,
    resume: bool,
    store: RetryingStore<DynamoDbStore>,
) -> Result<u64, Failure> {
    let written = match file.map(Path::to_owned) {
        Some(path) if resume => on_own_thread(move || Written::read(&path)).await?,
        _ => Written::default(),
    };
    check(&written, &store).await?;
    let opened = file.map(|path| open(path, resume, &written)).transpose()?;
    let path = file.map(Path::to_owned);
    let (to, chunks) = mpsc::channel(CHUNKS);
    let writing = on_own_thread(move || {
        write(chunks, opened.as_ref()).map_err(|source| match path {
            Some(path) => Failure::ExportCutShort { path, source },
            None => Failure::System(source),
        })
    });
    let exported = all(Output { chunk: Vec::new(), to }, written, store).await;
    // A failed write has ended the export, so its error comes first.
    writing.await?;
    exported
}

/// Checks that the contents of the file are this store's, before anything is done to it.
async fn check(written: &Written, store: &RetryingStore<DynamoDbStore>) -> Result<(), Failure> {
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

fn write(mut chunks: mpsc::Receiver<Vec<u8>>, file: Option<&File>) -> io::Result<()> {
    let mut to: Box<dyn Write> = match file {
        Some(file) => Box::new(file),
        None => Box::new(io::stdout()),
    };
    while let Some(chunk) = chunks.blocking_recv() {
        to.write_all(&chunk)?;
    }
    to.flush()?;
    file.map_or(Ok(()), File::sync_all)
}

/// Exports what is not written yet of all aggregates, and returns the number of change sets.
async fn all(
    mut output: Output,
    mut written: Written,
    store: RetryingStore<DynamoDbStore>,
) -> Result<u64, Failure> {
    if !written.ended {
        output.chunk.push(b'\n');
    }
    let progress = Progress::counting("change sets exported", 0);
    let mut walk = Walk::from(store.clone(), None);
    let mut count = 0;
    while let Some(Found { aggregate, .. }) = walk.next().await? {
        let (version, hash) = written.heads.remove(&aggregate).unwrap_or((0, Hash::ZERO));
        let more = history(&mut output, &store, &aggregate, version, hash).await?;
        output.hand_over().await?;
        progress.advance(more);
        count += more;
    }
    output.hand_over().await?;
    Ok(count)
}

/// Exports the versions of an aggregate after this one, as far as its chain holds.
async fn history(
    output: &mut Output,
    store: &RetryingStore<DynamoDbStore>,
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
            output.line(change_set).await?;
        }
        count += page.len() as u64;
    }
}

/// The lines on their way to the thread that writes them.
struct Output {
    chunk: Vec<u8>,
    to: mpsc::Sender<Vec<u8>>,
}

impl Output {
    async fn line(&mut self, change_set: &ChangeSet) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.chunk, change_set).map_err(io::Error::from)?;
        self.chunk.push(b'\n');
        if self.chunk.len() >= CHUNK {
            self.hand_over().await?;
        }
        Ok(())
    }

    async fn hand_over(&mut self) -> Result<(), Failure> {
        let chunk = mem::take(&mut self.chunk);
        if !chunk.is_empty() {
            // The thread itself reports why it stopped.
            let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
            self.to.send(chunk).await.map_err(gone)?;
        }
        Ok(())
    }
}

//! `daybook import`: puts the change sets of an export into the store.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{mem, slice};

use event_store::dynamodb::DynamoDbStore;
use event_store::feed::{Feed, FeedStore};
use event_store::{
    AggregateId, AppendedAll, ChangeSet, Hash, Page, Store, StoreError, TOGETHER, Version,
    verify_chain,
};
use read_model::{LastStop, Projector, ReadModel};
use tokio::sync::mpsc;

use crate::Failure;
use crate::config::Settings;
use crate::open::{DataDirectory, OpenError, OpenStore};
use crate::progress::Progress;
use crate::retrying_store::{self, RetryingStore};
use crate::stop::Stop;
use crate::transfer::{Deciding, LineError, Lines, on_own_thread};

/// The number of lines that are read ahead; each may be as large as the largest body.
const AHEAD: usize = 8;
/// The size of bodies, in bytes, beyond which waiting lines are written: less than a transaction
/// may have.
const BYTES_TOGETHER: usize = 3 * 1024 * 1024;
/// The maximum number of change sets that wait for the feed: fewer than it has room for.
const UNSEQUENCED: usize = 5_000;
/// The size of their bodies, in bytes: half of the room that the feed has for them. A change set
/// without room there still reaches the feed, but not in the order of the lines.
const BYTES_UNSEQUENCED: usize = 32 * 1024 * 1024;
/// The time to wait for the feed and the lists before continuing without them.
const PATIENCE: Duration = Duration::from_secs(60);

/// Puts every change set of `file`, or of standard input, into the store that the settings name:
/// the same version, the same bytes, the same hash.
///
/// Change sets that exist already are skipped, so that an interrupted import resumes when it is
/// started again. All of them enter the store's feed, in the order of the lines. An embedded
/// store's lists are updated along with it, unless they have to be rebuilt. An unavailable store is
/// retried.
///
/// Each command is decided again on the state before it, unless `trust` is set: hashes prove that a
/// file is intact, and not that anybody ever performed what it says.
///
/// # Errors
/// The reason why it failed; [`Failure::Line`] names the line. The lines before one that cannot be
/// read, follows nothing, or does not fit, are in the store then.
pub async fn import(settings: &Settings, file: Option<&Path>, trust: bool) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let directory = DataDirectory::open(&settings.data)?;
    let file = file.map(Path::to_owned);
    let from = tokio::select! {
        from = on_own_thread(move || open(file)) => from?,
        () = stop.clone().requested() => return Err(Failure::Stopped),
    };
    let open = OpenStore::open(settings, &directory).await?;
    let feed = retrying_store::feed_of(&open);
    let lists = Lists::beside(&open, &directory, &feed).await?;
    let projector = lists.as_ref().map(|lists| lists.projector.clone());
    let deciding = (!trust).then(Deciding::default);
    let mut import = Import { deciding, ..Import::into(feed.clone(), projector) };
    let (to, lines) = mpsc::channel(AHEAD);
    let reading = on_own_thread(move || read(Lines::new(from), &to));
    let importing = async {
        import.all(lines).await?;
        reading.await
    };
    let imported = tokio::select! {
        imported = importing => imported,
        () = stop.requested() => {
            feed.store().give_up();
            Err(Failure::Stopped)
        }
    };
    import.doubt();
    let in_order = match &lists {
        Some(lists) => lists.projector.finish().await,
        None => feed.finish().await,
    };
    let seal = open.close().await;
    if let Some(lists) = lists {
        lists.model.close_sealed(&seal).await;
    }
    let count = imported?;
    if !in_order {
        return Err(Failure::Unsequenced);
    }
    writeln!(io::stdout(), "All {count} change sets are in the store.")?;
    Ok(())
}

fn open(file: Option<PathBuf>) -> Result<Box<dyn BufRead + Send>, Failure> {
    let Some(path) = file else { return Ok(Box::new(BufReader::new(io::stdin()))) };
    let opened = File::open(&path).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(io::Error::other(
            "it is a directory; expected a file that `daybook export` has written",
        )),
        false => Ok(file),
    });
    let file = opened.map_err(|source| Failure::File { path, source })?;
    Ok(Box::new(BufReader::new(file)))
}

/// Sends the change set of each line, with its number, while the receiver lives. Returns the number
/// of lines.
fn read(
    mut lines: Lines<impl BufRead>,
    to: &mpsc::Sender<(u64, ChangeSet)>,
) -> Result<u64, Failure> {
    while let Some(change_set) = lines.next()? {
        if to.blocking_send((lines.line, change_set)).is_err() {
            break;
        }
    }
    match lines.line {
        0 => Err(Failure::NothingToImport),
        count => Ok(count),
    }
}

/// The lists of a store that no other process writes to. They are updated while their change sets
/// are in memory, so that they need not be rebuilt from the store later.
struct Lists {
    model: ReadModel,
    projector: Projector<RetryingStore<DynamoDbStore>>,
}

impl Lists {
    /// Opens the lists beside this store, unless they have to be rebuilt anyway.
    async fn beside(
        open: &OpenStore,
        directory: &DataDirectory,
        feed: &Feed<RetryingStore<DynamoDbStore>>,
    ) -> Result<Option<Self>, Failure> {
        if !open.is_ours_alone() {
            return Ok(None);
        }
        let taken_up = async {
            let model = ReadModel::open(directory.read_model()).await?;
            let last_stop = model.take_up_sealed(&open.identity, &open.seal).await?;
            Ok::<_, OpenError>((model, last_stop))
        };
        let (model, last_stop) = match taken_up.await {
            Ok(taken_up) => taken_up,
            Err(error) => {
                tracing::warn!(%error, "this import does not update the lists");
                return Ok(None);
            }
        };
        if last_stop == LastStop::Never {
            let keys = feed.store().keys(None).await?;
            if !keys.keys.is_empty() || keys.next.is_some() {
                model.close().await;
                tracing::info!("this import does not update the lists; the next start builds them");
                return Ok(None);
            }
        }
        let projector = Projector::start(model.clone(), feed.clone());
        if last_stop == LastStop::Never {
            projector.mark_complete();
        }
        Ok(Some(Self { model, projector }))
    }
}

/// An import in progress.
struct Import<S: FeedStore> {
    store: S,
    /// Decides commands again, unless the file is trusted.
    deciding: Option<Deciding>,
    feed: Feed<S>,
    /// The projector of the lists, for as long as the import waits for it.
    projector: Option<Projector<S>>,
    /// The number of change sets reported to the feed since the last wait for it.
    told: usize,
    /// The bytes of their bodies.
    told_bytes: usize,
    /// The change sets that are not written yet, with their lines.
    waiting: Vec<(u64, ChangeSet)>,
    bytes: usize,
    /// The aggregates that were sent to the store, and that the feed was not told of. Their outcome
    /// is unknown if the import stops there.
    sent: Vec<AggregateId>,
    /// The head of the aggregate of the last line.
    head: Option<(AggregateId, Version, Hash)>,
}

impl<S: FeedStore + Debug> Import<S> {
    fn into(feed: Feed<S>, projector: Option<Projector<S>>) -> Self {
        let store = feed.store().clone();
        Self {
            store,
            deciding: None,
            feed,
            projector,
            told: 0,
            told_bytes: 0,
            waiting: Vec::new(),
            bytes: 0,
            sent: Vec::new(),
            head: None,
        }
    }

    async fn all(&mut self, mut lines: mpsc::Receiver<(u64, ChangeSet)>) -> Result<(), Failure> {
        let progress = Progress::counting("change sets imported", 0);
        while let Some((line, change_set)) = lines.recv().await {
            let found = match self.follows(&change_set).await? {
                Ok(()) => self.decided(&change_set).await?,
                broken => broken,
            };
            if let Err(problem) = found {
                self.write().await?;
                return Err(LineError { line, problem }.into());
            }
            let ChangeSet { aggregate, version, hash, .. } = &change_set;
            self.head = Some((aggregate.clone(), *version, *hash));
            self.bytes += change_set.body().len();
            self.waiting.push((line, change_set));
            if self.waiting.len() == TOGETHER || self.bytes > BYTES_TOGETHER {
                progress.advance(self.waiting.len() as u64);
                self.write().await?;
            }
        }
        // The lines have ended, or one is no change set: the lines before it are sound.
        self.write().await
    }

    /// Checks that the change set follows the line before or what the store has; the inner error
    /// says why it does not.
    async fn follows(&mut self, change_set: &ChangeSet) -> Result<Result<(), String>, Failure> {
        let ChangeSet { aggregate, version, .. } = change_set;
        let before = match &self.head {
            Some((same, version, hash)) if same == aggregate => Some((*version, *hash)),
            // A transaction may name an aggregate only once; the file may come to it twice.
            _ if *version == 1 => {
                if self.waiting.iter().any(|(_, waiting)| waiting.aggregate == *aggregate) {
                    self.write().await?;
                }
                Some((0, Hash::ZERO))
            }
            _ => {
                self.write().await?;
                let page = Page::After { version: version.saturating_sub(2), limit: 1 };
                let there = self.store.change_sets(aggregate, page).await?.pop();
                there.filter(|there| there.version + 1 == *version).map(|t| (t.version, t.hash))
            }
        };
        let Some((after, hash)) = before else {
            return Ok(Err(format!(
                "version {version} of {aggregate} follows one that is neither before it in the file nor in \
                 the store: lines are missing or out of order"
            )));
        };
        let followed = verify_chain(aggregate, after, hash, [change_set]);
        Ok(followed.map(|_| ()).map_err(|broken| format!("{aggregate}: {broken}")))
    }

    /// Decides the command again and compares the events; the inner error says how they differ.
    async fn decided(&mut self, change_set: &ChangeSet) -> Result<Result<(), String>, Failure> {
        let Some(mut deciding) = self.deciding.take() else { return Ok(Ok(())) };
        if deciding.needs_store(change_set) {
            self.write().await?;
        }
        let found = deciding.check(change_set, &self.store).await?;
        self.deciding = Some(deciding);
        let ChangeSet { aggregate, version, .. } = change_set;
        Ok(found.map_err(|problem| {
            format!("version {version} of {aggregate}: {problem}; `--trust` imports it as it is")
        }))
    }

    /// Writes the waiting lines together or, if one cannot be written, those before it.
    async fn write(&mut self) -> Result<(), Failure> {
        self.bytes = 0;
        let waiting = mem::take(&mut self.waiting);
        if self.append(&waiting).await?.is_ok() {
            self.tell(&waiting).await;
            return Ok(());
        }
        for one in waiting {
            let appended = self.append(slice::from_ref(&one)).await?;
            appended.map_err(|problem| LineError { line: one.0, problem })?;
            self.tell(slice::from_ref(&one)).await;
        }
        Ok(())
    }

    /// Appends the change sets that are not in the store already, all or none; the inner error says
    /// what is wrong with one of them.
    async fn append(&mut self, lines: &[(u64, ChangeSet)]) -> Result<Result<(), String>, Failure> {
        let mut missing: Vec<_> = lines.iter().map(|(_, change_set)| change_set.clone()).collect();
        self.sent = missing.iter().map(|change_set| change_set.aggregate.clone()).collect();
        while let Some(first) = missing.first() {
            let standing = match self.store.append_all(&missing).await {
                Ok(AppendedAll::Written | AppendedAll::Again) => break,
                Ok(AppendedAll::Taken(standing)) => standing,
                // Of several, the one at fault is unknown; `write` then tries each by itself.
                Err(too_large @ StoreError::TooLarge { .. }) => {
                    let ChangeSet { aggregate, version, .. } = first;
                    return Ok(Err(format!("version {version} of {aggregate}: {too_large}")));
                }
                Err(error) => return Err(error.into()),
            };
            for there in standing {
                let place = missing.iter().position(|ours| {
                    (&ours.aggregate, ours.version) == (&there.aggregate, there.version)
                });
                let Some(place) = place else { continue };
                let ChangeSet { aggregate, version, hash, .. } = missing.remove(place);
                if hash != there.hash {
                    let problem = format!("the store has another version {version} of {aggregate}");
                    return Ok(Err(problem));
                }
            }
        }
        Ok(Ok(()))
    }

    /// Makes the feed look for what may have been written after all.
    fn doubt(&self) {
        self.sent.iter().for_each(|aggregate| self.feed.doubt(aggregate));
    }

    /// Tells the feed of what is written. Waits for the feed and its projector before they have
    /// been told more than they have room for.
    async fn tell(&mut self, lines: &[(u64, ChangeSet)]) {
        self.sent.clear();
        for (_, change_set) in lines {
            self.feed.commit(change_set);
            self.told_bytes += change_set.body().len();
        }
        self.told += lines.len();
        if self.told >= UNSEQUENCED || self.told_bytes > BYTES_UNSEQUENCED {
            (self.told, self.told_bytes) = (0, 0);
            let feed = self.feed.clone();
            tokio::select! {
                () = self.settle() => {}
                error = feed.troubled() => tracing::warn!(%error, "the feed lags; the import continues"),
            }
        }
    }

    async fn settle(&mut self) {
        if let Some(projector) = &self.projector
            && let Err(behind) = projector.settle(PATIENCE).await
        {
            // The log names the reason for the lag, which may last forever.
            tracing::warn!(%behind, "the import no longer waits for the lists");
            self.projector = None;
        }
        if let Err(behind) = self.feed.settle(PATIENCE).await {
            tracing::warn!(%behind, "the import continues");
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use event_store::feed::Pace;
    use event_store::{Kind, MemoryStore};
    use tokio::time::timeout;
    use uuid::Uuid;

    use super::*;

    /// Returns a change set with a body of this many bytes and some hundred.
    fn of_bytes(bytes: usize) -> ChangeSet {
        let id = Uuid::from_u128(1);
        let actor = "x".repeat(bytes);
        let body = format!(
            r#"{{"command_id":"{id}","command":{{"type":"Note","data":{{}}}},"events":[{{"type":"Noted","data":{{}}}}],"actor":"{actor}","reason":null,"recorded_at":"2026-01-01T12:00:00.000Z","correlation_id":"{id}","causation_id":null,"rules":1}}"#
        );
        ChangeSet::from_parts(
            AggregateId::new(Kind::from_static("tally"), id),
            1,
            Hash::ZERO,
            Hash::ZERO,
            body,
        )
        .unwrap()
    }

    #[tokio::test]
    async fn the_import_waits_for_the_feed_before_its_room_runs_out() {
        let small = (1, of_bytes(0));
        let large = (1, of_bytes(BYTES_UNSEQUENCED / 4 - 1000));
        for (lines, waits) in [
            (vec![small.clone(); UNSEQUENCED - 1], false),
            (vec![small.clone(); UNSEQUENCED], true),
            (vec![large.clone(); 4], false),
            (vec![large.clone(); 5], true),
        ] {
            // After the first batch, the next one is an hour away.
            let pace = Pace { between: Duration::from_secs(3600), look: None };
            let feed = Feed::start(MemoryStore::default(), pace);
            feed.commit(&small.1);
            feed.settle(PATIENCE).await.unwrap();
            let mut import = Import::into(feed, None);
            let told = timeout(Duration::from_millis(200), import.tell(&lines)).await;
            assert_eq!(told.is_err(), waits, "{} lines", lines.len());
        }
    }
}

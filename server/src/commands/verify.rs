//! `daybook verify`: checks that everything in the store is as it was written.

mod feed;
mod notes;
mod report;
mod root;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use api::Code;
use event_store::dynamodb::DynamoDbStore;
use event_store::{AggregateId, Hash, Page, Store, StoreError, Timestamp, verify_chain};

use self::feed::Followed;
use self::notes::{Finding, Notes};
use self::report::{Report, say_too_old};
use crate::Failure;
use crate::aggregates::Registry;
use crate::config::Settings;
use crate::open::{DataDirectory, OpenStore};
use crate::progress::Progress;
use crate::retrying_store::RetryingStore;
use crate::stop::Stop;
use crate::walk::Walk;

pub use root::Root;

/// The interval at which the notes are saved.
const KEEP_EVERY: Duration = Duration::from_secs(2);
/// Change sets read at a time, for a kind that this program does not know.
const PAGE: usize = 500;

/// Checks every history and the feed in the store that the settings name.
///
/// A history holds if its chain does and each command, decided again, gives the events that were
/// recorded. The feed holds if its chain does, every reference resolves, and it still has the
/// `root` that was kept. Prints each fault, or the feed's newest root.
///
/// Change sets that are not in the feed yet are no fault: a killed process leaves them behind. An
/// interrupted verification resumes within a day, unless `afresh` is set.
///
/// # Errors
/// [`Failure::Altered`] or [`Failure::FeedAltered`] when something does not hold; otherwise the
/// reason why the check is impossible.
pub async fn verify(settings: &Settings, afresh: bool, root: Option<Root>) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let directory = DataDirectory::to_read(settings)?;
    let open = OpenStore::of_existing(settings, &directory).await?;
    let file = directory.verification();
    if afresh {
        notes::forget(&file)?;
    }
    let mut notes = take_up(&file, &open.identity)?;
    let before = notes.change_sets;
    let verification = async {
        let mut kept = Instant::now();
        let progress = Progress::counting("change sets verified", notes.change_sets);
        let store = RetryingStore::new(open.store.clone());
        let mut walk = Walk::from(store.clone(), notes.page.clone());
        let kinds = Registry::new(&open.store);
        let mut feed = Followed::to_its_end(&store, root).await?;
        while let Some(found) = walk.next().await? {
            if !notes.has_done(&found) {
                let finding = check(&kinds, &store, &found.aggregate).await?;
                if let Some(waiting) = feed.lacks(&found).await? {
                    notes.add_waiting(waiting);
                }
                progress.advance(found.change_sets);
                notes.add(found, finding);
            }
            if kept.elapsed() > KEEP_EVERY {
                notes.keep(&file)?;
                kept = Instant::now();
            }
        }
        drop(progress);
        let progress = Progress::counting("places of the feed verified", 0);
        while let Some(named) = feed.resolve(&mut notes).await? {
            progress.advance(named);
            if kept.elapsed() > KEEP_EVERY {
                notes.keep(&file)?;
                kept = Instant::now();
            }
        }
        Ok::<_, Failure>(feed)
    };
    let verified = tokio::select! {
        verified = verification => verified,
        () = stop.requested() => Err(Failure::Stopped),
    };
    open.close().await;
    let feed = match verified {
        Ok(feed) => feed,
        Err(failure) => {
            notes.keep(&file)?;
            return Err(failure);
        }
    };
    notes::forget(&file)?;
    Report { notes: &notes, before, feed: &feed, root }.print()
}

/// Returns the notes to resume from; new ones when an earlier verification left none or left them
/// too long ago.
fn take_up(file: &Path, store: &str) -> Result<Notes, Failure> {
    let now = now();
    match Notes::left(file, store) {
        Some(left) if left.are_recent(now) => return Ok(left),
        Some(left) => say_too_old(&left)?,
        None => {}
    }
    Ok(Notes::begin(store, now))
}

/// Reads the clock for the notes alone: no change set records this time.
fn now() -> Timestamp {
    SystemTime::now().into()
}

/// Returns the first fault in an aggregate's history, if any.
async fn check(
    kinds: &Registry,
    store: &RetryingStore<DynamoDbStore>,
    aggregate: &AggregateId,
) -> Result<Option<Finding>, Failure> {
    let finding =
        |version, problem| Some(Finding { aggregate: aggregate.clone(), version, problem });
    if let Ok(kind) = kinds.named(&aggregate.kind) {
        return match store.patiently(|| kind.verify(aggregate.id)).await {
            Ok(verification) => Ok(verification
                .failed_at
                .and_then(|version| finding(version, verification.problem.unwrap_or_default()))),
            // It vanished since its keys were read, which resolving the feed reveals.
            Err(problem) if problem.is(Code::UnknownAggregate) => Ok(None),
            Err(problem) => Err(Failure::Store(problem.detail)),
        };
    }
    let (mut version, mut hash) = (0, Hash::ZERO);
    loop {
        let page = Page::After { version, limit: PAGE };
        let newer = match store.change_sets(aggregate, page).await {
            Ok(newer) => newer,
            Err(StoreError::Corrupt { version, problem, .. }) => {
                return Ok(finding(version, problem));
            }
            Err(error) => return Err(error.into()),
        };
        let Some(last) = newer.last() else { return Ok(None) };
        match verify_chain(aggregate, version, hash, &newer) {
            Ok(newest) => (version, hash) = (last.version, newest),
            Err(broken) => return Ok(finding(broken.version(), broken.to_string())),
        }
    }
}

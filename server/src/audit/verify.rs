use std::io::{self, Write};
use std::time::{Duration, Instant};

use app::problem::Code;
use event_store::dynamodb::DynamoDbStore;
use event_store::{AggregateId, FeedBreak, Hash, Page, Store, StoreError, verify_chain};

use super::Walk;
use super::feed::Followed;
use super::notes::{self, Finding, Notes};
use crate::Failure;
use crate::config::Settings;
use crate::kinds::Kinds;
use crate::open::{DataDirectory, OpenStore};
use crate::progress::Progress;
use crate::stop::Stop;

/// How often what has been found is kept.
const KEEP_EVERY: Duration = Duration::from_secs(2);
/// Change sets read at a time, of a kind that this program does not know.
const PAGE: usize = 500;

/// Checks every history in the store that the settings name: that its chain holds and that each command,
/// decided again, gives the events that were recorded; and the feed: that its chain holds, that it names what
/// is there, and what is there and not in it. Prints what does not hold. What is not in the feed yet is no
/// fault: a process that is killed leaves that behind. One that was stopped goes on where it was, unless
/// it is to begin `afresh`.
///
/// # Errors
/// [`Failure::Altered`] or [`Failure::FeedAltered`] when something does not hold, or why it cannot be
/// checked.
pub async fn verify(settings: &Settings, afresh: bool) -> Result<(), Failure> {
    let stop = Stop::listen()?;
    let directory = DataDirectory::of_existing(settings)?;
    let open = OpenStore::open(settings, &directory).await?;
    let file = directory.verification();
    if afresh {
        notes::forget(&file)?;
    }
    let mut notes = Notes::take_up(&file, &open.identity);
    let before = notes.change_sets;
    let verification = async {
        let mut kept = Instant::now();
        let progress = Progress::counting("change sets verified", notes.change_sets);
        let mut walk = Walk::from(open.store.clone(), notes.page.clone());
        let kinds = Kinds::new(&open.store);
        let mut feed = Followed::to_its_end(&open.store).await?;
        while let Some(found) = walk.next().await? {
            if !notes.has_done(&found) {
                let finding = check(&kinds, &open.store, &found.aggregate).await?;
                notes.unsequenced += feed.lacks(&found).await?;
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
        Ok::<_, Failure>(feed.broken)
    };
    let verified = tokio::select! {
        verified = verification => verified,
        () = stop.requested() => Err(Failure::Stopped),
    };
    open.close().await;
    let broken = match verified {
        Ok(broken) => broken,
        Err(failure) => {
            notes.keep(&file)?;
            return Err(failure);
        }
    };
    notes::forget(&file)?;
    report(&notes, broken.as_ref(), before)
}

/// What does not hold of an aggregate's history, if anything.
async fn check(
    kinds: &Kinds,
    store: &DynamoDbStore,
    aggregate: &AggregateId,
) -> Result<Option<Finding>, Failure> {
    let finding =
        |version, problem| Some(Finding { aggregate: aggregate.clone(), version, problem });
    if let Ok(kind) = kinds.named(&aggregate.kind) {
        return match kind.verify(aggregate.id).await {
            Ok(verification) => Ok(verification
                .failed_at
                .and_then(|version| finding(version, verification.problem.unwrap_or_default()))),
            // All of it is gone since its keys were read, or it cannot be read at all.
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

/// Says what was found, and how much of it was `before`, by a verification that was stopped.
fn report(notes: &Notes, broken: Option<&FeedBreak>, before: u64) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    if before > 0 {
        writeln!(
            stdout,
            "{before} change sets were checked before; `--afresh` checks them again."
        )?;
    }
    for Finding { aggregate, version, problem } in &notes.findings {
        writeln!(stdout, "{} {}, version {version}: {problem}", aggregate.kind, aggregate.id)?;
    }
    if let Some(broken) = broken {
        writeln!(stdout, "{broken}")?;
    }
    let Notes { aggregates, change_sets, unsequenced, findings, .. } = notes;
    if *unsequenced > 0 {
        writeln!(
            stdout,
            "{unsequenced} change sets are not in the feed yet; `daybook reconcile` puts them there."
        )?;
    }
    if findings.is_empty() && broken.is_some() {
        return Err(Failure::FeedAltered);
    }
    if findings.is_empty() {
        writeln!(
            stdout,
            "All {change_sets} change sets of {aggregates} aggregates are as they were written."
        )?;
        return Ok(());
    }
    Err(Failure::Altered { altered: findings.len() as u64, aggregates: *aggregates })
}

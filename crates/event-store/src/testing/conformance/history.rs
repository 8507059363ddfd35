//! Ids, moments and histories to test with. All of it is made up in the order of asking: no clock, no
//! randomness.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Uuid};

use super::tally::{Event, Tally, Task};
use super::verdict::{Verdict, unexpected};
use crate::handler::{Accepted, CommandHandler, Envelope, Outcome};
use crate::{
    Aggregate, AggregateId, Appended, ChangeSet, Context, Hash, Head, Loaded, Snapshot, Store,
    Timestamp, Version,
};

/// When all tests begin: 1 January 2026, noon.
pub(super) const START: Timestamp = Timestamp::from_millis(1_767_268_800_000);

pub(super) fn moment(millis_after_start: i64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + millis_after_start)
}

/// An id as a client would have made it at that moment.
pub(super) fn id_of(moment: Timestamp) -> Uuid {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let mut rest = [0; 10];
    rest[2..].copy_from_slice(&MADE.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let millis = u64::try_from(moment.as_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

/// An id that does not say when it was made.
pub(super) fn id_without_time() -> Uuid {
    Builder::from_random_bytes(id_of(START).into_bytes()).into_uuid()
}

pub(super) fn tally(id: Uuid) -> AggregateId {
    AggregateId::of::<Tally>(id)
}

pub(super) fn add(amount: i64) -> Task {
    Task::Add { amount }
}

pub(super) fn rename(name: &str) -> Task {
    Task::Rename { name: name.to_owned() }
}

/// A command with an id of `at`, taken up at that moment.
pub(super) fn envelope(aggregate: Uuid, at: Timestamp, command: Task) -> Envelope<Task> {
    Envelope::new(id_of(at), aggregate, command, "tester", at)
}

pub(super) fn handler<S: Store>(store: &S) -> CommandHandler<Tally, S> {
    CommandHandler::new(store.clone(), NonZeroUsize::MIN.saturating_add(15))
}

/// Sends a command that has to be accepted.
pub(super) async fn accepted<S: Store>(
    handler: &CommandHandler<Tally, S>,
    envelope: &Envelope<Task>,
) -> Verdict<Accepted> {
    match handler.execute(envelope).await? {
        Outcome::Accepted(accepted) => Ok(accepted),
        other => unexpected(other, "the command to be accepted"),
    }
}

/// A change set that follows this head.
pub(super) fn next(
    aggregate: &AggregateId,
    (version, hash): (Version, Hash),
    command_id: Uuid,
    recorded_at: Timestamp,
    command: &Task,
) -> Verdict<ChangeSet> {
    let context = Context {
        command_id,
        actor: "tester".to_owned(),
        recorded_at,
        rules: Tally::RULES,
        correlation_id: command_id,
        causation_id: None,
    };
    let plenty = Tally { total: i64::MAX, ..Tally::default() };
    let events: Vec<Event> = plenty.decide(command, &context)?;
    let aggregate = aggregate.clone();
    Ok(ChangeSet::seal::<Tally>(aggregate, version + 1, hash, command, &events, &context)?)
}

/// A history to come: version k adds k, with an id and at a moment that `when` says.
pub(super) fn history_of(
    aggregate: &AggregateId,
    length: Version,
    when: impl Fn(Version) -> (Uuid, Timestamp),
) -> Verdict<Vec<ChangeSet>> {
    let mut history: Vec<ChangeSet> = Vec::new();
    for version in 1..=length {
        let head = history.last().map_or((0, Hash::ZERO), |last| (last.version, last.hash));
        let (id, recorded_at) = when(version);
        let amount = i64::try_from(version).unwrap_or_default();
        history.push(next(aggregate, head, id, recorded_at, &add(amount))?);
    }
    Ok(history)
}

/// Such a history at a change set a minute, in the store.
pub(super) async fn stored<S: Store>(
    store: &S,
    aggregate: &AggregateId,
    length: Version,
) -> Verdict<Vec<ChangeSet>> {
    let history = history_of(aggregate, length, |version| {
        let at = minute(version);
        (id_of(at), at)
    })?;
    write(store, &history).await?;
    Ok(history)
}

pub(super) fn minute(version: Version) -> Timestamp {
    moment(i64::try_from(version).unwrap_or_default() * 60_000)
}

/// Appends all of them.
pub(super) async fn write<S: Store>(store: &S, history: &[ChangeSet]) -> Verdict {
    for change_set in history {
        match store.append(change_set).await? {
            Appended::Written => {}
            taken => unexpected(taken, format_args!("version {} to be free", change_set.version))?,
        }
    }
    Ok(())
}

/// The snapshot after these change sets, which are a history from its start.
pub(super) fn snapshot_after(id: Uuid, history: &[ChangeSet]) -> Verdict<Snapshot> {
    Ok(folded(id, history)?.snapshot()?)
}

pub(super) fn folded(id: Uuid, history: &[ChangeSet]) -> Verdict<Head<Tally>> {
    Ok(Head::fold(id, Loaded { snapshot: None, change_sets: history.to_vec() })?)
}

/// Everything the store has of it, checked.
pub(super) async fn whole<S: Store>(store: &S, aggregate: &AggregateId) -> Verdict<Vec<ChangeSet>> {
    Ok(store.load(aggregate, crate::Reach::Whole).await?.change_sets)
}

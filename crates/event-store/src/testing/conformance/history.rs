//! Ids, moments and histories for the checks, generated in order, without a clock or randomness.

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

/// The start of all checks: 1 January 2026, noon UTC.
pub(super) const START: Timestamp = Timestamp::from_millis(1_767_268_800_000);

pub(super) fn moment(millis_after_start: i64) -> Timestamp {
    Timestamp::from_millis(START.as_millis() + millis_after_start)
}

/// Returns an id as a client would have made it at that moment.
pub(super) fn id_of(moment: Timestamp) -> Uuid {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let mut rest = [0; 10];
    rest[2..].copy_from_slice(&MADE.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    let millis = u64::try_from(moment.as_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

/// Returns an id that does not tell when it was made.
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

/// Returns a command whose id was made at the moment `at` and that arrives at the same moment.
pub(super) fn envelope(aggregate: Uuid, at: Timestamp, command: Task) -> Envelope<Task> {
    Envelope::new(id_of(at), aggregate, command, "tester", at)
}

pub(super) fn handler<S: Store>(store: &S) -> CommandHandler<Tally, S> {
    CommandHandler::new(store.clone(), NonZeroUsize::MIN.saturating_add(15))
}

/// Sends a command and expects that it is accepted.
pub(super) async fn accepted<S: Store>(
    handler: &CommandHandler<Tally, S>,
    envelope: &Envelope<Task>,
) -> Verdict<Accepted> {
    match handler.execute(envelope).await? {
        Outcome::Accepted(accepted) => Ok(accepted),
        other => unexpected(other, "the command to be accepted"),
    }
}

/// Returns a change set that follows this head.
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

/// Returns a history that is not stored yet. Version k adds k, with the id and the moment that
/// `when` returns.
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

/// Stores such a history, with one change set a minute.
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

pub(super) async fn write<S: Store>(store: &S, history: &[ChangeSet]) -> Verdict {
    for change_set in history {
        match store.append(change_set).await? {
            Appended::Written => {}
            taken => unexpected(taken, format_args!("version {} to be free", change_set.version))?,
        }
    }
    Ok(())
}

/// Returns the snapshot after these change sets, which are a history from its start.
pub(super) fn snapshot_after(id: Uuid, history: &[ChangeSet]) -> Verdict<Snapshot> {
    Ok(folded(id, history)?.snapshot()?)
}

pub(super) fn folded(id: Uuid, history: &[ChangeSet]) -> Verdict<Head<Tally>> {
    Ok(Head::fold(id, Loaded { snapshot: None, change_sets: history.to_vec() })?)
}

/// Loads the aggregate's whole history, checked.
pub(super) async fn whole<S: Store>(store: &S, aggregate: &AggregateId) -> Verdict<Vec<ChangeSet>> {
    Ok(store.load(aggregate, crate::Reach::Whole).await?.change_sets)
}

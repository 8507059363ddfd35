use uuid::Uuid;

use super::harness::Harness;
use super::history::{
    START, accepted, add, envelope, handler, history_of, id_of, id_without_time, minute, moment,
    rename, snapshot_after, stored, tally, whole, write,
};
use super::tally::{Tally, Task};
use super::verdict::{Verdict, ensure, equal};
use crate::handler::{CommandHandler, Envelope};
use crate::{AggregateId, ChangeSet, SKEW_ALLOWANCE_MS, Store, Version};

/// A length beyond the window of recent ids, several snapshots, and a page of the search for older
/// ids.
pub(super) const LONG: Version = 180;
pub(super) const DAY: i64 = 86_400_000;

/// Sends a command again, and checks that it returns the first outcome and writes nothing.
pub(super) async fn duplicated<S: Store>(
    handler: &CommandHandler<Tally, S>,
    again: &Envelope<Task>,
    first: &ChangeSet,
) -> Verdict {
    let tally = tally(again.aggregate);
    let before = whole(handler.store(), &tally).await?.len();
    let repeat = accepted(handler, again).await?;
    ensure(repeat.duplicate, "a repeat to be known as one")?;
    equal("the first outcome", &repeat.change_set, first)?;
    equal("change sets", whole(handler.store(), &tally).await?.len(), before)
}

/// Returns the command of this change set as its client would send it again at that moment.
pub(super) fn again(change_set: &ChangeSet, now: crate::Timestamp) -> Verdict<Envelope<Task>> {
    let content = change_set.content();
    let command = change_set.command::<Tally>()?;
    let command_id = content.command_id;
    Ok(Envelope { command_id, ..envelope(change_set.aggregate.id, now, command) })
}

/// Stores a long history, with snapshots like those that a handler writes.
pub(super) async fn long<S: Store>(
    store: &S,
    tally: &AggregateId,
    when: impl Fn(Version) -> (Uuid, crate::Timestamp),
) -> Verdict<Vec<ChangeSet>> {
    let history = history_of(tally, LONG, when)?;
    write(store, &history).await?;
    for length in [50, 100, 150] {
        store.save_snapshot(&snapshot_after(tally.id, &history[..length])?).await?;
    }
    Ok(history)
}

/// Repeats commands from all over such a history, through cold handlers.
async fn repeated_all_over<S: Store>(store: &S, history: &[ChangeSet]) -> Verdict {
    for version in [1, 2, 15, 16, 17, 90, 117, 150, 151, 180] {
        let first = &history[version - 1];
        duplicated(&handler(store), &again(first, moment(DAY))?, first).await?;
    }
    Ok(())
}

pub(super) async fn a_repeat_at_once_is_a_duplicate<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let handler = handler(&store);
    let create = envelope(id_of(START), START, add(1));
    let first = accepted(&handler, &create).await?;
    ensure(!first.duplicate, "the first sending to be no duplicate")?;
    duplicated(&handler, &create, &first.change_set).await
}

pub(super) async fn a_repeat_through_a_cold_handler_is_a_duplicate<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let create = envelope(id_of(START), START, add(1));
    let first = accepted(&handler(&store), &create).await?;
    duplicated(&handler(&store), &create, &first.change_set).await
}

pub(super) async fn a_repeat_at_a_later_version_is_a_duplicate<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let (one, other) = (handler(&store), handler(&store));
    let create = envelope(id_of(START), START, add(1));
    let first = accepted(&one, &create).await?.change_set;
    for version in 2..=10 {
        accepted(&other, &envelope(create.aggregate, minute(version), add(1))).await?;
    }
    // The first handler has not seen any of that yet.
    duplicated(&one, &create, &first).await?;
    duplicated(&other, &create, &first).await
}

pub(super) async fn a_repeat_long_after_is_a_duplicate<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let history = long(&store, &tally(id_of(START)), |v| (id_of(minute(v)), minute(v))).await?;
    repeated_all_over(&store, &history).await
}

pub(super) async fn a_repeat_long_after_on_a_warm_handler_is_a_duplicate<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let history = long(&store, &tally(id_of(START)), |v| (id_of(minute(v)), minute(v))).await?;
    let handler = handler(&store);
    let id = history[0].aggregate.id;
    accepted(&handler, &envelope(id, moment(DAY), add(1))).await?;
    for version in [1, 100, 179] {
        let first = &history[version - 1];
        duplicated(&handler, &again(first, moment(DAY))?, first).await?;
    }
    accepted(&handler, &envelope(id, moment(DAY), add(1))).await.map(drop)
}

/// All commands fall into one millisecond, so no time in an id tells one version from another. The
/// clients' clocks are right, or ahead by exactly as much as is allowed.
pub(super) async fn a_repeat_of_a_busy_moment_long_after_is_a_duplicate<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    for lead in [0, SKEW_ALLOWANCE_MS] {
        let tally = tally(id_of(START));
        let history = long(&store, &tally, |_| (id_of(moment(lead)), START)).await?;
        repeated_all_over(&store, &history).await?;
    }
    Ok(())
}

pub(super) async fn a_repeat_of_an_id_without_a_time_is_a_duplicate<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let history = long(&store, &tally(id_of(START)), |version| {
        let id = if version % 20 == 1 { id_without_time() } else { id_of(minute(version)) };
        (id, minute(version))
    })
    .await?;
    for version in [1, 21, 141, 161] {
        let first = &history[version - 1];
        duplicated(&handler(&store), &again(first, moment(DAY))?, first).await?;
    }
    Ok(())
}

pub(super) async fn a_repeat_of_an_id_ahead_of_the_clock_is_a_duplicate<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    // By much more than is allowed, by just more, by exactly as much, and by just less.
    let ahead = [DAY, SKEW_ALLOWANCE_MS + 1, SKEW_ALLOWANCE_MS, SKEW_ALLOWANCE_MS - 1];
    let history = long(&store, &tally(id_of(START)), |version| {
        let at = minute(version).as_millis() - START.as_millis();
        let lead = if version % 7 == 1 { ahead[version as usize % 4] } else { 0 };
        (id_of(moment(at + lead)), moment(at))
    })
    .await?;
    for version in (1..=LONG as usize).step_by(7) {
        let first = &history[version - 1];
        duplicated(&handler(&store), &again(first, moment(DAY))?, first).await?;
    }
    Ok(())
}

pub(super) async fn a_repeat_among_many_untimely_ids_is_a_duplicate<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let history = long(&store, &tally(id_of(START)), |version| {
        let id = if version % 2 == 0 { id_without_time() } else { id_of(minute(version)) };
        (id, minute(version))
    })
    .await?;
    repeated_all_over(&store, &history).await
}

pub(super) async fn a_repeat_of_what_would_now_be_refused_is_a_duplicate<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let (one, other) = (handler(&store), handler(&store));
    let id = id_of(START);
    accepted(&one, &envelope(id, minute(1), add(5))).await?;
    let take = envelope(id, minute(2), Task::Take { amount: 5 });
    let first = accepted(&one, &take).await?.change_set;
    duplicated(&one, &take, &first).await?;
    duplicated(&other, &take, &first).await
}

pub(super) async fn a_repeat_under_another_expectation_is_a_duplicate<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let handler = handler(&store);
    let id = id_of(START);
    let first = Envelope { expected_version: Some(0), ..envelope(id, minute(1), rename("a")) };
    let written = accepted(&handler, &first).await?.change_set;
    accepted(&handler, &envelope(id, minute(2), rename("b"))).await?;
    for expected_version in [None, Some(0), Some(1), Some(99)] {
        let again = Envelope { expected_version, ..first.clone() };
        duplicated(&handler, &again, &written).await?;
    }
    Ok(())
}

pub(super) async fn a_new_id_is_never_taken_for_a_repeat<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    long(&store, &tally, |v| (id_of(minute(v)), minute(v))).await?;
    let now = moment(DAY);
    // Two ids as old as the history, one without a time, and one from tomorrow.
    let ids = [id_of(minute(1)), id_of(minute(130)), id_without_time(), id_of(moment(2 * DAY))];
    for (version, command_id) in (LONG + 1..).zip(ids) {
        let new = Envelope { command_id, ..envelope(tally.id, now, add(1)) };
        let added = accepted(&handler(&store), &new).await?;
        ensure(!added.duplicate, "a new id to be new")?;
        equal("version", added.change_set.version, version)?;
    }
    Ok(())
}

pub(super) async fn a_command_sent_twice_at_once_is_written_once<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    stored(&store, &tally, 3).await?;
    for round in 4..=13 {
        let command = envelope(tally.id, minute(round), add(1));
        // Three machines, each with a clock of its own.
        let sendings = [0, 1, 2].map(|lag| {
            let now = moment(minute(round).as_millis() - START.as_millis() + lag);
            let (handler, command) = (handler(&store), Envelope { now, ..command.clone() });
            tokio::spawn(async move { accepted(&handler, &command).await })
        });
        let mut outcomes = Vec::new();
        for sending in sendings {
            outcomes.push(sending.await??);
        }
        let first = outcomes[0].change_set.clone();
        ensure(outcomes.iter().all(|o| o.change_set == first), "one outcome for all of them")?;
        equal("first sendings", outcomes.iter().filter(|o| !o.duplicate).count(), 1)?;
        equal("change sets", whole(&store, &tally).await?.len() as Version, round)?;
    }
    Ok(())
}

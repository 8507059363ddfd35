use super::harness::Harness;
use super::history::{
    START, accepted, add, envelope, folded, handler, id_of, minute, rename, stored, tally, whole,
};
use super::tally::{Tally, Task};
use super::verdict::{Verdict, equal, unexpected};
use crate::handler::{CommandHandler, Envelope, Outcome, Refusal};
use crate::{ChangeSet, Store, Version};

/// Appends four versions: rename, add, rename, add.
async fn four<S: Store>(handler: &CommandHandler<Tally, S>) -> Verdict<Vec<ChangeSet>> {
    let id = id_of(START);
    let mut history = Vec::new();
    for (version, task) in (1..).zip([rename("a"), add(10), rename("b"), add(20)]) {
        history.push(accepted(handler, &envelope(id, minute(version), task)).await?.change_set);
    }
    Ok(history)
}

fn expecting(history: &[ChangeSet], version: Version, task: Task) -> Envelope<Task> {
    let id = history[0].aggregate.id;
    Envelope { expected_version: Some(version), ..envelope(id, minute(9), task) }
}

pub(super) async fn what_commutes_is_decided_on_the_newest_state<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let warm = handler(&store);
    let history = four(&warm).await?;
    let tally = &history[0].aggregate;
    // The total is 30 now; it was 10 at version 2.
    let take = expecting(&history, 2, Task::Take { amount: 25 });
    equal("version", accepted(&warm, &take).await?.change_set.version, 5)?;
    let cold = accepted(&handler(&store), &expecting(&history, 0, add(1))).await?;
    equal("version", cold.change_set.version, 6)?;
    // Nobody has renamed since version 3.
    let renamed = accepted(&warm, &expecting(&history, 3, rename("c"))).await?;
    equal("version", renamed.change_set.version, 7)?;
    let state = folded(tally.id, &whole(&store, tally).await?)?.state;
    equal("state", state, Tally { total: 6, name: "c".to_owned(), notes: 0 })
}

pub(super) async fn what_does_not_commute_is_a_conflict<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let warm = handler(&store);
    let history = four(&warm).await?;
    for handler in [warm, handler(&store)] {
        for expected in [0, 1, 2] {
            match handler.execute(&expecting(&history, expected, rename("c"))).await? {
                Outcome::Refused(Refusal::Conflict { current_version: 4, .. }) => {}
                other => unexpected(other, "a conflict with version 3")?,
            }
        }
    }
    equal("what is there", whole(&store, &history[0].aggregate).await?, history)
}

pub(super) async fn a_conflict_tells_what_happened_in_between<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let warm = handler(&store);
    let history = four(&warm).await?;
    for handler in [warm, handler(&store)] {
        match handler.execute(&expecting(&history, 1, rename("c"))).await? {
            Outcome::Refused(Refusal::Conflict { since, .. }) => {
                equal("since", &since[..], &history[1..])?
            }
            other => unexpected(other, "a conflict")?,
        }
    }
    Ok(())
}

pub(super) async fn an_author_far_behind_has_to_look_again<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 1_002).await?;
    let warm = handler(&store);
    let late = |expected| Envelope {
        expected_version: Some(expected),
        ..envelope(tally.id, minute(1_003), add(1))
    };
    // No event conflicts with an addition, but so many versions are not even checked.
    for handler in [&warm, &handler(&store)] {
        match handler.execute(&late(0)).await? {
            Outcome::Refused(Refusal::Conflict { current_version: 1_002, since }) => {
                equal("since", &since[..], &history[..1_000])?;
            }
            other => unexpected(other, "a conflict over a thousand versions")?,
        }
    }
    let near = accepted(&warm, &late(3)).await?;
    equal("version", near.change_set.version, 1_003)
}

pub(super) async fn a_version_in_the_future_is_a_conflict<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let warm = handler(&store);
    let history = four(&warm).await?;
    for handler in [warm, handler(&store)] {
        for expected in [5, Version::MAX] {
            // Even a command that commutes with everything conflicts with a version that does not
            // exist.
            match handler.execute(&expecting(&history, expected, add(1))).await? {
                Outcome::Refused(Refusal::Conflict { current_version: 4, since }) => {
                    equal("since", since, Vec::new())?;
                }
                other => unexpected(other, "a conflict with nothing")?,
            }
        }
    }
    let nowhere = envelope(id_of(START), START, add(1));
    match handler(&store).execute(&Envelope { expected_version: Some(1), ..nowhere }).await? {
        Outcome::Refused(Refusal::Conflict { current_version: 0, .. }) => {}
        other => unexpected(other, "a conflict over what does not exist")?,
    }
    equal("what is there", whole(&store, &history[0].aggregate).await?, history)
}

pub(super) async fn nothing_expected_never_conflicts<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let (one, other) = (handler(&store), handler(&store));
    let history = four(&one).await?;
    let id = history[0].aggregate.id;
    for (version, handler) in (5..).zip([&other, &one, &other]) {
        let renamed = accepted(handler, &envelope(id, minute(version), rename("c"))).await?;
        equal("version", renamed.change_set.version, version)?;
    }
    Ok(())
}

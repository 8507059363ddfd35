use super::harness::Harness;
use super::history::{START, accepted, add, envelope, handler, id_of, minute, rename, whole};
use super::tally::{Refused, Task};
use super::verdict::{Verdict, equal, unexpected};
use crate::handler::{Envelope, Outcome, Refusal};

fn take(amount: i64) -> Task {
    Task::Take { amount }
}

pub(super) async fn no_rejection_rests_on_a_stale_head<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let (one, other) = (handler(&store), handler(&store));
    let id = id_of(START);
    accepted(&one, &envelope(id, minute(1), add(1))).await?;
    accepted(&other, &envelope(id, minute(2), add(9))).await?;
    // As far as the first handler knows, the total is 1.
    let taken = accepted(&one, &envelope(id, minute(3), take(10))).await?;
    equal("version", taken.change_set.version, 3)?;
    // As far as the second one knows, the total is 10.
    match other.execute(&envelope(id, minute(4), take(1))).await? {
        Outcome::Refused(Refusal::Rejected { rejection, version }) => {
            equal("rejection", rejection, Refused(0))?;
            equal("decided on", version, 3)
        }
        other => unexpected(other, "a rejection"),
    }
}

pub(super) async fn no_conflict_rests_on_a_stale_head<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let (one, other) = (handler(&store), handler(&store));
    let id = id_of(START);
    accepted(&one, &envelope(id, minute(1), rename("a"))).await?;
    accepted(&other, &envelope(id, minute(2), rename("b"))).await?;
    let third = accepted(&other, &envelope(id, minute(3), add(1))).await?;
    // Version 2 is in the future only for a stale head.
    let seen = Envelope { expected_version: Some(2), ..envelope(id, minute(4), rename("c")) };
    equal("version", accepted(&one, &seen).await?.change_set.version, 4)?;
    // A conflict lists everything up to now, not only up to a stale head.
    let unseen = Envelope { expected_version: Some(2), ..envelope(id, minute(5), rename("d")) };
    match other.execute(&unseen).await? {
        Outcome::Refused(Refusal::Conflict { current_version, since }) => {
            equal("current version", current_version, 4)?;
            equal("since", since.first(), Some(&third.change_set))?;
            equal("since", since.len(), 2)
        }
        other => unexpected(other, "a conflict"),
    }
}

pub(super) async fn an_acceptance_on_a_stale_head_is_decided_again<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let (one, other) = (handler(&store), handler(&store));
    let id = id_of(START);
    accepted(&one, &envelope(id, minute(1), add(10))).await?;
    accepted(&other, &envelope(id, minute(2), take(8))).await?;
    match one.execute(&envelope(id, minute(3), take(8))).await? {
        Outcome::Refused(Refusal::Rejected { rejection, version: 2 }) => {
            equal("rejection", rejection, Refused(2))
        }
        other => unexpected(other, "a rejection on version 2"),
    }
}

pub(super) async fn a_loser_folds_in_the_winner<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let (one, other) = (handler(&store), handler(&store));
    let id = id_of(START);
    accepted(&one, &envelope(id, minute(1), add(1))).await?;
    accepted(&other, &envelope(id, minute(2), add(1))).await?;
    accepted(&other, &envelope(id, minute(5), add(1))).await?;
    let third = accepted(&one, &envelope(id, minute(3), add(1))).await?;
    equal("retries", third.retries, 2)?;
    equal("version", third.change_set.version, 4)?;
    let history = whole(&store, &third.change_set.aggregate).await?;
    // Clocks differ between machines; histories do not go back in time.
    let moments: Vec<_> = history.iter().map(|c| c.content().recorded_at).collect();
    equal("recorded at", moments, [1, 2, 5, 5].map(minute).to_vec())
}

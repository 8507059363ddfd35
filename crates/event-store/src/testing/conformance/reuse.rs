use super::harness::Harness;
use super::history::{
    START, accepted, add, envelope, handler, id_of, minute, moment, rename, tally, whole,
};
use super::repeats::{DAY, LONG, again, duplicated, long};
use super::tally::Tally;
use super::verdict::{Verdict, equal, unexpected};
use crate::handler::{CommandHandler, Envelope, Outcome, Refusal};
use crate::{ChangeSet, Store, Timestamp};

/// Sends another command under the same id, and expects that it is refused.
async fn refused<S: Store>(
    handler: &CommandHandler<Tally, S>,
    first: &ChangeSet,
    now: Timestamp,
) -> Verdict {
    let other = Envelope { command: rename("something else"), ..again(first, now)? };
    let before = whole(handler.store(), &first.aggregate).await?.len();
    match handler.execute(&other).await? {
        Outcome::Refused(Refusal::CommandIdReused { version }) => {
            equal("taken as", version, first.version)?
        }
        other => unexpected(other, "the id to be refused")?,
    }
    equal("change sets", whole(handler.store(), &first.aggregate).await?.len(), before)
}

pub(super) async fn an_id_with_another_command_is_refused<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let handler = handler(&store);
    let create = envelope(id_of(START), START, add(1));
    let first = accepted(&handler, &create).await?.change_set;
    refused(&handler, &first, START).await?;
    refused(&super::history::handler(&store), &first, START).await?;
    duplicated(&handler, &create, &first).await
}

pub(super) async fn an_id_with_another_command_is_refused_long_after<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let history = long(&store, &tally(id_of(START)), |v| (id_of(minute(v)), minute(v))).await?;
    for version in [1, 90, LONG as usize] {
        refused(&handler(&store), &history[version - 1], moment(DAY)).await?;
    }
    Ok(())
}

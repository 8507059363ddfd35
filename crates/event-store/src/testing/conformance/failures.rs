use std::time::Duration;

use super::harness::Harness;
use super::history::{
    START, accepted, add, envelope, folded, handler, id_of, minute, tally, whole,
};
use super::interrupted::{Interrupted, Interruption};
use super::tally::{Tally, Task};
use super::verdict::{Verdict, ensure, equal, unexpected};
use crate::handler::{CommandHandler, Envelope};
use crate::{Store, StoreError};

/// Returns a handler on such a store that has taken one command, and the next command, which is
/// about to fail.
async fn about_to_fail<H: Harness>(
    harness: &H,
    interruption: Interruption,
) -> Verdict<(CommandHandler<Tally, Interrupted<H::Store>>, Envelope<Task>)> {
    let store = Interrupted::new(harness.empty().await?, interruption);
    let handler = handler(&store);
    let id = id_of(START);
    accepted(&handler, &envelope(id, minute(1), add(1))).await?;
    store.arm();
    Ok((handler, envelope(id, minute(2), add(10))))
}

async fn fails<S: Store>(handler: &CommandHandler<Tally, S>, command: &Envelope<Task>) -> Verdict {
    match handler.execute(command).await {
        Err(StoreError::Unavailable { .. }) => Ok(()),
        other => unexpected(other, "the store to be unavailable"),
    }
}

async fn total<S: Store>(
    handler: &CommandHandler<Tally, Interrupted<S>>,
    id: uuid::Uuid,
) -> Verdict<(usize, i64)> {
    let history = whole(&handler.store().sound, &tally(id)).await?;
    Ok((history.len(), folded(id, &history)?.state.total))
}

pub(super) async fn a_lost_answer_leaves_one_change_set<H: Harness>(harness: &H) -> Verdict {
    let (handler, command) = about_to_fail(harness, Interruption::AnswerLost).await?;
    fails(&handler, &command).await?;
    let repeat = accepted(&handler, &command).await?;
    ensure(repeat.duplicate, "the repeat to find what the first sending had done")?;
    equal("change sets and total", total(&handler, command.aggregate).await?, (2, 11))
}

pub(super) async fn a_lost_request_leaves_none<H: Harness>(harness: &H) -> Verdict {
    let (handler, command) = about_to_fail(harness, Interruption::RequestLost).await?;
    fails(&handler, &command).await?;
    equal("change sets and total", total(&handler, command.aggregate).await?, (1, 1))?;
    let repeat = accepted(&handler, &command).await?;
    ensure(!repeat.duplicate, "the repeat to be the first that is written")?;
    equal("change sets and total", total(&handler, command.aggregate).await?, (2, 11))
}

pub(super) async fn a_dropped_command_leaves_no_guess<H: Harness>(harness: &H) -> Verdict {
    let (handler, command) = about_to_fail(harness, Interruption::Dropped).await?;
    let store = handler.store().clone();
    let dropped = tokio::spawn({
        let (handler, command) = (handler.clone(), command.clone());
        async move { handler.execute(&command).await }
    });
    while whole(&store.sound, &tally(command.aggregate)).await?.len() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    dropped.abort();
    ensure(dropped.await.is_err(), "the command to be dropped in the middle")?;
    // The handler's head must not have the dropped command twice.
    let third = accepted(&handler, &envelope(command.aggregate, minute(3), add(100))).await?;
    equal("version", third.change_set.version, 3)?;
    let repeat = accepted(&handler, &command).await?;
    ensure(repeat.duplicate, "the repeat of the dropped command to find what it did")?;
    equal("change sets and total", total(&handler, command.aggregate).await?, (3, 111))
}

pub(super) async fn a_failed_load_leaves_no_guess<H: Harness>(harness: &H) -> Verdict {
    let (handler, _) = about_to_fail(harness, Interruption::LoadFailed).await?;
    let other = envelope(id_of(START), minute(2), add(5));
    fails(&handler, &other).await?;
    let repeat = accepted(&handler, &other).await?;
    ensure(!repeat.duplicate, "nothing to have been written")?;
    equal("version", repeat.change_set.version, 1)
}

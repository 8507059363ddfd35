use super::harness::Harness;
use super::history::{
    START, add, envelope, handler, id_of, minute, moment, snapshot_after, stored, tally,
};
use super::tally::Tally;
use super::verdict::{Verdict, equal, unexpected};
use crate::{Aggregate, AggregateId, ChangeSet, Page, Reach, Store, StoreError, Version, verify};

const HEAD: Reach = Reach::Head { schema: Tally::STATE_SCHEMA };

/// Returns the same change set with another amount in its body, and everything else unchanged.
fn altered(change_set: &ChangeSet) -> Verdict<ChangeSet> {
    let amount = format!("\"amount\":{}", change_set.version);
    let body = change_set.body().replace(&amount, "\"amount\":1000000");
    let ChangeSet { aggregate, version, prev, hash, .. } = change_set.clone();
    Ok(ChangeSet::from_parts(aggregate, version, prev, hash, body)?)
}

/// Checks that loads find this version to be the first corrupt one, and that a separate
/// verification of the history agrees.
async fn detected<S: Store>(store: &S, tally: &AggregateId, at: Version) -> Verdict {
    for reach in [HEAD, Reach::Whole] {
        match store.load(tally, reach).await {
            Err(StoreError::Corrupt { version, .. }) => equal("detected at", version, at)?,
            other => unexpected(other, format_args!("{reach:?} to be corrupt at {at}"))?,
        }
    }
    let page = Page::After { version: 0, limit: 1_000 };
    let history = store.change_sets(tally, page).await?;
    let verification = verify::<Tally>(tally, &history);
    equal("verification", (verification.ok, verification.failed_at), (false, Some(at)))
}

pub(super) async fn an_altered_body_is_detected<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 9).await?;
    for place in [8, 4, 0] {
        harness.overwrite(&store, &altered(&history[place])?).await?;
        detected(&store, &tally, history[place].version).await?;
    }
    Ok(())
}

pub(super) async fn an_altered_body_behind_a_snapshot_is_detected<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 60).await?;
    store.save_snapshot(&snapshot_after(tally.id, &history[..50])?).await?;
    // The snapshot still has its change set's hash, but the body no longer matches that hash.
    harness.overwrite(&store, &altered(&history[49])?).await?;
    detected(&store, &tally, 50).await
}

pub(super) async fn a_removed_change_set_is_detected<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    for removed in [1, 5, 8] {
        let tally = tally(id_of(START));
        stored(&store, &tally, 9).await?;
        harness.remove(&store, &tally, removed).await?;
        detected(&store, &tally, removed).await?;
    }
    Ok(())
}

pub(super) async fn a_swapped_pair_is_detected<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 9).await?;
    let (mut fifth, mut sixth) = (history[4].clone(), history[5].clone());
    std::mem::swap(&mut fifth.version, &mut sixth.version);
    harness.overwrite(&store, &fifth).await?;
    harness.overwrite(&store, &sixth).await?;
    detected(&store, &tally, 5).await
}

pub(super) async fn no_command_is_decided_on_a_broken_history<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 9).await?;
    harness.overwrite(&store, &altered(&history[6])?).await?;
    match handler(&store).execute(&envelope(tally.id, minute(10), add(1))).await {
        Err(StoreError::Corrupt { version: 7, .. }) => {}
        other => unexpected(other, "the command to fail")?,
    }
    let after = store.change_sets(&tally, Page::After { version: 9, limit: 1 }).await?;
    equal("what was written", after, Vec::new())
}

pub(super) async fn a_search_for_a_repeat_notices_a_hole<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 200).await?;
    store.save_snapshot(&snapshot_after(tally.id, &history[..150])?).await?;
    for removed in [1, 2, 30] {
        harness.remove(&store, &tally, removed).await?;
    }
    // The id is so old that the whole history is searched for it. It may be in the hole, so it
    // cannot be taken for new.
    let ancient = envelope(tally.id, moment(0), add(1));
    match handler(&store).execute(&ancient).await {
        Err(StoreError::Corrupt { version: 30, .. }) => Ok(()),
        other => unexpected(other, "the search to notice that version 30 is missing"),
    }
}

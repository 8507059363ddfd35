use futures::future::join_all;
use uuid::Uuid;

use super::harness::Harness;
use super::history::{
    START, accepted, add, envelope, folded, handler, id_of, minute, next, stored, tally, whole,
};
use super::interrupted::{Interrupted, Interruption};
use super::tally::{Refused, Tally, Task};
use super::verdict::{Verdict, ensure, equal, unexpected};
use crate::handler::{
    Accepted, CommandHandler, Envelope, Refusal, TransactError, Transacted, transact,
};
use crate::{AppendedAll, ChangeSet, Hash, Store, StoreError, TOGETHER};

/// Returns the first change sets of `count` tallies.
fn firsts(count: usize) -> Verdict<Vec<ChangeSet>> {
    let first = |_| next(&tally(id_of(START)), (0, Hash::ZERO), id_of(START), START, &add(1));
    (0..count).map(first).collect()
}

pub(super) async fn a_hundred_are_written_together<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let change_sets = firsts(TOGETHER)?;
    equal("append", store.append_all(&change_sets).await?, AppendedAll::Written)?;
    for change_set in &change_sets {
        let there = whole(&store, &change_set.aggregate).await?;
        equal("what is there", there, vec![change_set.clone()])?;
    }
    equal("nothing", store.append_all(&[]).await?, AppendedAll::Written)
}

pub(super) async fn more_than_a_hundred_are_refused<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    match store.append_all(&firsts(TOGETHER + 1)?).await {
        Err(StoreError::TooMany { count: 101 }) => {}
        other => unexpected(other, "a refusal of 101")?,
    }
    equal("keys", store.keys(None).await?.keys, Vec::new())
}

pub(super) async fn where_one_is_taken_none_is_written<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let there = stored(&store, &tally(id_of(START)), 2).await?;
    let mut change_sets = firsts(3)?;
    let head = (1, there[0].hash);
    change_sets.insert(1, next(&there[0].aggregate, head, id_of(START), minute(9), &add(9))?);
    match store.append_all(&change_sets).await? {
        AppendedAll::Taken(winners) => equal("winners", &winners[..], &there[1..])?,
        other => unexpected(other, "version 2 to be taken")?,
    }
    for new in [0, 2, 3] {
        equal("what is there", whole(&store, &change_sets[new].aggregate).await?, Vec::new())?;
    }
    equal("what is there", whole(&store, &there[0].aggregate).await?, there)
}

pub(super) async fn the_same_ones_twice_are_written_once<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let change_sets = firsts(5)?;
    equal("append", store.append_all(&change_sets).await?, AppendedAll::Written)?;
    equal("again", store.append_all(&change_sets).await?, AppendedAll::Again)?;
    // If some change sets already exist and some do not, none is written.
    let mut more = firsts(2)?;
    more.extend(change_sets[..2].iter().cloned());
    let standing = AppendedAll::Taken(change_sets[..2].to_vec());
    equal("append", store.append_all(&more).await?, standing)?;
    equal("what is there", whole(&store, &more[0].aggregate).await?, Vec::new())
}

/// Takes an amount from one tally and adds it to another, in one transaction with two ids.
fn moving(amount: i64, from: Uuid, to: Uuid) -> [Envelope<Task>; 2] {
    [envelope(from, minute(9), Task::Take { amount }), envelope(to, minute(9), add(amount))]
}

async fn carry_out<S: Store>(
    handler: &CommandHandler<Tally, S>,
    envelopes: &[Envelope<Task>],
) -> Result<Transacted<Refusal<Refused>>, TransactError> {
    let parts = envelopes.iter().map(|envelope| handler.part(envelope, |refused| refused));
    transact(parts.collect()).await
}

async fn taken<S: Store>(
    handler: &CommandHandler<Tally, S>,
    envelopes: &[Envelope<Task>],
) -> Verdict<Vec<Accepted>> {
    match carry_out(handler, envelopes).await? {
        Transacted::Accepted(accepted) => Ok(accepted),
        other => unexpected(other, "the transaction to be accepted"),
    }
}

async fn total<S: Store>(store: &S, id: Uuid) -> Verdict<i64> {
    Ok(folded(id, &whole(store, &tally(id)).await?)?.state.total)
}

pub(super) async fn a_transaction_is_taken_whole_or_not_at_all<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let handler = handler(&store);
    let (from, to) = (id_of(START), id_of(START));
    accepted(&handler, &envelope(from, minute(1), add(10))).await?;
    let moved = taken(&handler, &moving(7, from, to)).await?;
    let places = moved.iter().map(|a| (a.change_set.aggregate.id, a.change_set.version));
    equal("places", places.collect(), vec![(from, 2), (to, 1)])?;
    let mut backwards = moving(7, from, to);
    backwards.reverse();
    match carry_out(&handler, &backwards).await? {
        Transacted::Refused { index: 1, refusal: Refusal::Rejected { rejection, version: 2 } } => {
            equal("rejection", rejection, Refused(3))?;
        }
        other => unexpected(other, "the second part to be refused")?,
    }
    equal("totals", (total(&store, from).await?, total(&store, to).await?), (3, 7))?;
    // The transactions hold neither tally any longer.
    accepted(&handler, &envelope(to, minute(10), add(1))).await?;
    accepted(&handler, &envelope(from, minute(10), add(1))).await?;
    Ok(())
}

pub(super) async fn a_transaction_repeated_is_a_duplicate<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let warm = handler(&store);
    let (from, to) = (id_of(START), id_of(START));
    accepted(&warm, &envelope(from, minute(1), add(10))).await?;
    let envelopes = moving(7, from, to);
    let first = taken(&warm, &envelopes).await?;
    for handler in [warm, handler(&store)] {
        let again = taken(&handler, &envelopes).await?;
        ensure(again.iter().all(|part| part.duplicate), "every part to be a duplicate")?;
        let sets = |parts: &[Accepted]| parts.iter().map(|p| p.change_set.clone()).collect();
        equal::<Vec<_>>("change sets", sets(&again), sets(&first))?;
    }
    equal("totals", (total(&store, from).await?, total(&store, to).await?), (3, 7))
}

pub(super) async fn a_transaction_on_stale_heads_is_decided_again<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let (one, other) = (handler(&store), handler(&store));
    let (from, to) = (id_of(START), id_of(START));
    accepted(&one, &envelope(from, minute(1), add(10))).await?;
    accepted(&one, &envelope(to, minute(1), add(1))).await?;
    for id in [from, to] {
        accepted(&other, &envelope(id, minute(2), add(1))).await?;
    }
    // As far as the first handler knows, the totals are 10 and 1.
    let moved = taken(&one, &moving(11, from, to)).await?;
    let versions: Vec<_> = moved.iter().map(|part| part.change_set.version).collect();
    equal("versions", versions, vec![3, 3])?;
    equal("totals", (total(&store, from).await?, total(&store, to).await?), (0, 13))?;
    // As far as the second one knows, they are 11 and 2.
    match carry_out(&other, &moving(1, from, to)).await? {
        Transacted::Refused { index: 0, .. } => Ok(()),
        other => unexpected(other, "nothing to be left to take"),
    }
}

pub(super) async fn transactions_that_cross_all_land<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let handlers = [handler(&store), handler(&store)];
    let ids = [id_of(START), id_of(START), id_of(START)];
    for id in ids {
        accepted(&handlers[0], &envelope(id, minute(1), add(100))).await?;
    }
    let transactions = (0..24).map(|number| {
        let handler = handlers[number % 2].clone();
        let envelopes = moving(1, ids[number % 3], ids[(number + 1 + number % 2) % 3]);
        tokio::spawn(async move { taken(&handler, &envelopes).await })
    });
    for landed in join_all(transactions).await {
        ensure(!landed??.iter().any(|part| part.duplicate), "each to be one of its own")?;
    }
    let mut sum = 0;
    let mut count = 0;
    for id in ids {
        sum += total(&store, id).await?;
        count += whole(&store, &tally(id)).await?.len();
    }
    equal("sum and change sets", (sum, count), (300, 3 + 48))
}

pub(super) async fn of_many_who_want_the_last_one_gets_it<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let handlers = [handler(&store), handler(&store)];
    let shared = id_of(START);
    accepted(&handlers[0], &envelope(shared, minute(1), add(1))).await?;
    let wanting: Vec<Uuid> = (0..16).map(|_| id_of(START)).collect();
    let transactions = wanting.iter().enumerate().map(|(number, id)| {
        let handler = handlers[number % 2].clone();
        let envelopes = moving(1, shared, *id);
        tokio::spawn(async move { carry_out(&handler, &envelopes).await })
    });
    let mut winners = Vec::new();
    for (id, transacted) in wanting.iter().zip(join_all(transactions).await) {
        match transacted?? {
            Transacted::Accepted(_) => winners.push(*id),
            Transacted::Refused { index: 0, .. } => {
                equal("what is there", whole(&store, &tally(*id)).await?, Vec::new())?;
            }
            other => unexpected(other, "the shared tally to refuse")?,
        }
    }
    equal("winners", winners.len(), 1)?;
    equal("totals", (total(&store, shared).await?, total(&store, winners[0]).await?), (0, 1))
}

pub(super) async fn an_aggregate_twice_in_a_transaction_is_refused<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let (id, other) = (id_of(START), id_of(START));
    let envelopes = [id, other, id].map(|id| envelope(id, minute(1), add(1)));
    match carry_out(&handler(&store), &envelopes).await {
        Err(TransactError::SameAggregate { aggregate, first: 0, second: 2 }) => {
            equal("aggregate", aggregate, tally(id))?;
        }
        other => unexpected(other, "the first and the third part to be named")?,
    }
    equal("keys", store.keys(None).await?.keys, Vec::new())
}

pub(super) async fn parts_of_two_stores_are_refused<H: Harness>(harness: &H) -> Verdict {
    let (store, other) = (harness.empty().await?, harness.empty().await?);
    ensure(store.is_same(&store.clone()), "a clone to be the same store")?;
    let parts = [&store, &other].map(|store| {
        let envelope = envelope(id_of(START), minute(1), add(1));
        handler(store).part(&envelope, |refused| refused)
    });
    match transact(parts.into()).await {
        Err(TransactError::DifferentStores { first: 0, second: 1 }) => {}
        other => unexpected(other, "both parts to be named")?,
    }
    for store in [store, other] {
        equal("keys", store.keys(None).await?.keys, Vec::new())?;
    }
    Ok(())
}

pub(super) async fn a_lost_answer_leaves_one_transaction<H: Harness>(harness: &H) -> Verdict {
    for interruption in [Interruption::AnswerLost, Interruption::RequestLost] {
        let store = Interrupted::new(harness.empty().await?, interruption);
        let handler = handler(&store);
        let (from, to) = (id_of(START), id_of(START));
        accepted(&handler, &envelope(from, minute(1), add(10))).await?;
        store.arm();
        let envelopes = moving(7, from, to);
        match carry_out(&handler, &envelopes).await {
            Err(TransactError::Store(StoreError::Unavailable { .. })) => {}
            other => unexpected(other, "the store to be unavailable")?,
        }
        let repeat = taken(&handler, &envelopes).await?;
        let done_before = interruption == Interruption::AnswerLost;
        ensure(repeat.iter().all(|part| part.duplicate == done_before), "all parts to be alike")?;
        let totals = (total(&store.sound, from).await?, total(&store.sound, to).await?);
        equal("totals", totals, (3, 7))?;
    }
    Ok(())
}

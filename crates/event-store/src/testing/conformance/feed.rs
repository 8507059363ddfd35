use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use futures::{StreamExt, TryStreamExt};

use super::harness::Harness;
use super::history::{START, id_of, next, stored, tally, write};
use super::tally::Task;
use super::verdict::{Verdict, ensure, equal, unexpected};
use crate::feed::{
    AppendedBatch, BATCH, Batch, Entry, Feed, FeedError, FeedStore, Pace, Position, Reference,
    Sequence,
};
use crate::{AggregateId, ChangeSet, Hash, PAGE_BYTES, StoreError, Version};

/// The time that a check waits for something that has to happen.
const LONG: Duration = Duration::from_secs(60);
/// A pace without pauses between batches.
const AT_ONCE: Pace = Pace { between: Duration::ZERO, look: Some(Duration::from_millis(20)) };

/// Stores the histories of `count` tallies, each of this length.
async fn histories<S: FeedStore>(
    store: &S,
    count: usize,
    length: Version,
) -> Verdict<Vec<Vec<ChangeSet>>> {
    let mut all = Vec::new();
    for _ in 0..count {
        all.push(stored(store, &tally(id_of(START)), length).await?);
    }
    Ok(all)
}

/// Stores more change sets than a page holds.
async fn large_ones<S: FeedStore>(store: &S) -> Verdict<Vec<ChangeSet>> {
    let (mut all, mut bytes) = (Vec::new(), 0);
    while bytes < PAGE_BYTES * 9 / 8 {
        let text = "x".repeat(200_000);
        let note =
            next(&tally(id_of(START)), (0, Hash::ZERO), id_of(START), START, &Task::Note { text })?;
        bytes += note.body().len();
        all.push(note);
    }
    for note in &all {
        write(store, std::slice::from_ref(note)).await?;
    }
    Ok(all)
}

fn references(change_sets: &[ChangeSet]) -> Vec<Reference> {
    change_sets.iter().map(Reference::from).collect()
}

/// Reads the whole feed, checks it batch by batch, and returns its references in order.
async fn feed_of<S: FeedStore>(store: &S) -> Verdict<(Sequence, Vec<Reference>)> {
    let (mut sequence, mut all) = (Sequence::default(), Vec::new());
    loop {
        let batches = store.batches(sequence.head().batch, 7).await?;
        if batches.is_empty() {
            return Ok((sequence, all));
        }
        for batch in batches {
            sequence.follow(&batch)?;
            all.extend_from_slice(batch.references());
        }
    }
}

/// Checks that the feed holds exactly these change sets: each once, each aggregate's in order.
async fn holds<S: FeedStore>(store: &S, histories: &[Vec<ChangeSet>]) -> Verdict {
    let (_, all) = feed_of(store).await?;
    let mut by_aggregate: BTreeMap<AggregateId, Vec<Reference>> = BTreeMap::new();
    for reference in all {
        by_aggregate.entry(reference.aggregate.clone()).or_default().push(reference);
    }
    let expected: BTreeMap<_, _> = histories
        .iter()
        .map(|history| (history[0].aggregate.clone(), references(history)))
        .collect();
    equal("the feed", by_aggregate, expected)
}

async fn followed<S: FeedStore>(
    feed: &Feed<S>,
    after: Position,
    count: usize,
) -> Verdict<Vec<Entry>> {
    let entries = feed.subscribe(after).take(count).try_collect();
    tokio::time::timeout(LONG, entries)
        .await
        .map_err(|_| super::verdict::Failure::new("the subscription stalls"))?
        .map_err(Into::into)
}

pub(super) async fn a_batch_is_kept_to_the_byte<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    equal("batches", store.batches(0, 10).await?, Vec::new())?;
    let history = stored(&store, &tally(id_of(START)), 3).await?;
    let mut sequence = Sequence::default();
    let mut batches = Vec::new();
    for some in [&history[..2], &history[2..]] {
        let batch = sequence.propose(&references(some))?;
        equal("append", store.append_batch(&batch).await?, AppendedBatch::Written)?;
        sequence.follow(&batch)?;
        batches.push(batch);
    }
    equal("batches", &store.batches(0, 10).await?, &batches)?;
    equal("the first", &store.batches(0, 1).await?[..], &batches[..1])?;
    equal("those after it", &store.batches(1, 10).await?[..], &batches[1..])?;
    equal("bodies", store.batches(0, 1).await?[0].body(), batches[0].body())
}

pub(super) async fn a_taken_number_gives_the_winner<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let history = stored(&store, &tally(id_of(START)), 2).await?;
    let sequence = Sequence::default();
    let [winner, loser] =
        [&history[..2], &history[..1]].map(|some| sequence.propose(&references(some)));
    let (winner, loser) = (winner?, loser?);
    equal("append", store.append_batch(&winner).await?, AppendedBatch::Written)?;
    equal("again", store.append_batch(&winner).await?, AppendedBatch::Written)?;
    equal("other", store.append_batch(&loser).await?, AppendedBatch::Taken(winner.clone()))?;
    equal("batches", store.batches(0, 10).await?, vec![winner])
}

pub(super) async fn a_feed_goes_on_in_the_next_partition<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let last = Batch::next_partition(1) - 1;
    let mut written = Vec::new();
    for number in last - 1..last + 3 {
        let batch =
            Batch::from_parts(number, Hash::ZERO, Hash::ZERO, r#"{"first":1,"references":[]}"#)?;
        equal("append", store.append_batch(&batch).await?, AppendedBatch::Written)?;
        written.push(batch);
    }
    ensure(Batch::partition(last) != Batch::partition(last + 1), "two partitions")?;
    equal("batches", &store.batches(last - 2, 10).await?, &written)?;
    equal("three", &store.batches(last - 2, 3).await?[..], &written[..3])?;
    equal("beyond", &store.batches(last, 10).await?[..], &written[2..])
}

pub(super) async fn what_the_feed_names_is_found_or_missed<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let histories = histories(&store, 4, 25).await?;
    let mut all: Vec<_> = histories.concat();
    all.reverse();
    equal("referenced", store.referenced(&references(&all)).await?, all.clone())?;
    equal("nothing", store.referenced(&[]).await?, Vec::new())?;
    let large = large_ones(&store).await?;
    let some = store.referenced(&references(&large)).await?;
    equal("the first of them", &some[..], &large[..some.len()])?;
    ensure(!some.is_empty() && some.len() < large.len(), "as many as fit into a page")?;
    let gone = &histories[1][6];
    harness.remove(&store, &gone.aggregate, gone.version).await?;
    match store.referenced(&references(&all)).await {
        Err(StoreError::Corrupt { aggregate, version, .. }) => {
            equal("corrupt", (aggregate, version), (gone.aggregate.clone(), gone.version))?;
        }
        other => unexpected(other, "the removed one to be missed")?,
    }
    // One forgery has another body under the same hash, the other has another hash, too.
    let (place, other) = (&histories[2][3], &histories[3][4]);
    for hash in [place.hash, other.hash] {
        let forged = ChangeSet::from_parts(
            place.aggregate.clone(),
            place.version,
            place.prev,
            hash,
            other.body(),
        )?;
        harness.overwrite(&store, &forged).await?;
        match store.referenced(&references(std::slice::from_ref(place))).await {
            Err(StoreError::Corrupt { version, .. }) => equal("corrupt", version, place.version)?,
            other => unexpected(other, "the altered one to be detected")?,
        }
    }
    Ok(())
}

pub(super) async fn what_is_committed_is_in_the_feed<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let histories = histories(&store, 3, 90).await?;
    let feed = Feed::start(store.clone(), AT_ONCE);
    // Some commits are late, some early, and some arrive twice.
    let mut all = histories.concat();
    all.rotate_left(100);
    all[40..60].reverse();
    all.extend_from_within(10..30);
    all.iter().for_each(|change_set| feed.commit(change_set));
    equal("position", feed.settle(LONG).await?, 270)?;
    holds(&store, &histories).await?;
    ensure(feed.finish().await, "nothing to be left")?;
    holds(&store, &histories).await
}

pub(super) async fn of_two_sequencers_at_once_each_batch_is_one_s<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let histories = histories(&store, 8, 20).await?;
    let feeds = [0, 1].map(|_| Feed::start(store.clone(), AT_ONCE));
    let committing = histories.iter().enumerate().map(|(number, history)| {
        let feeds = feeds.clone();
        async move {
            for (place, change_set) in history.iter().enumerate() {
                feeds[(number + place) % 2].commit(change_set);
                // Some commits are reported to both feeds.
                if place % 3 == 0 {
                    feeds[(number + place + 1) % 2].commit(change_set);
                }
                tokio::task::yield_now().await;
            }
        }
    });
    join_all(committing).await;
    for feed in &feeds {
        feed.settle(LONG).await?;
    }
    holds(&store, &histories).await?;
    // Each feed also knows the batches of the other.
    for feed in &feeds {
        let entries = followed(feed, 0, 160).await?;
        let positions: Vec<_> = entries.iter().map(|entry| entry.position).collect();
        equal("positions", positions, (1..=160).collect())?;
    }
    Ok(())
}

pub(super) async fn what_nobody_told_of_is_found<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let histories = histories(&store, 3, 120).await?;
    let feed = Feed::start(store.clone(), AT_ONCE);
    // A commit beyond a gap makes the feed read the whole history from the store.
    feed.commit(&histories[0][60]);
    equal("position", feed.settle(LONG).await?, 120)?;
    feed.doubt(&histories[1][0].aggregate);
    followed(&feed, 0, 240).await?;
    let found = feed.reconcile(|_| {}).await?;
    equal("reconciled", (found.scanned, found.missing), (360, 120))?;
    holds(&store, &histories).await?;
    let found = feed.reconcile(|_| {}).await?;
    equal("reconciled again", (found.scanned, found.missing), (360, 0))
}

pub(super) async fn a_subscription_goes_on_from_anywhere<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let histories = histories(&store, 2, 150).await?;
    let first = Feed::start(store.clone(), AT_ONCE);
    histories[0].iter().for_each(|change_set| first.commit(change_set));
    let whole = followed(&first, 0, 150).await?;
    let change_sets: Vec<_> = whole.iter().map(|entry| entry.change_set.clone()).collect();
    equal("change sets", &change_sets, &histories[0])?;
    ensure(first.finish().await, "nothing to be left")?;
    // The second feed has to read all of the first one's batches, and then hears of more.
    let next = Feed::start(store.clone(), AT_ONCE);
    for after in [0, 1, 99, 100, 149] {
        let rest = followed(&next, after as Position, 150 - after).await?;
        equal("the rest", &rest[..], &whole[after..])?;
    }
    let to_come = next.clone();
    let following = tokio::spawn(async move { followed(&to_come, 150, 150).await });
    histories[1].iter().for_each(|change_set| next.commit(change_set));
    let positions: Vec<_> = following.await??.iter().map(|entry| entry.position).collect();
    equal("positions", positions, (151..=300).collect())?;
    let mut open = Box::pin(next.subscribe(299));
    equal("the last", open.try_next().await?.map(|entry| entry.position), Some(300))?;
    equal("at the end", next.entries(300, 10).await?, Vec::new())?;
    equal("some", next.entries(20, 10).await?.len(), 10)?;
    match next.entries(301, 10).await {
        Err(FeedError::Beyond { after: 301, newest: 300 }) => {}
        other => unexpected(other, "a refusal to read beyond the feed")?,
    }
    ensure(next.finish().await, "nothing to be left")?;
    let ended = tokio::time::timeout(LONG, open.try_next()).await;
    match ended.map_err(|_| super::verdict::Failure::new("the subscription does not end"))?? {
        None => Ok(()),
        more => unexpected(more, "the subscription to end with the feed"),
    }
}

pub(super) async fn what_is_unreadable_is_named_by_its_position<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let history = stored(&store, &tally(id_of(START)), 12).await?;
    let first = Feed::start(store.clone(), AT_ONCE);
    history.iter().for_each(|change_set| first.commit(change_set));
    first.settle(LONG).await?;
    first.finish().await;
    harness.remove(&store, &history[4].aggregate, 5).await?;
    let feed = Feed::start(store, AT_ONCE);
    let before = followed(&feed, 0, 4).await?;
    equal("before", before.last().map(|entry| entry.position), Some(4))?;
    match feed.entries(4, 10).await {
        Err(FeedError::Unreadable { position: 5, .. }) => {}
        other => unexpected(other, "position 5 to be named")?,
    }
    equal("past it", followed(&feed, 5, 7).await?.len(), 7)
}

pub(super) async fn an_altered_feed_is_detected<H: Harness<Store: FeedStore>>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let history = stored(&store, &tally(id_of(START)), 3).await?;
    let mut sequence = Sequence::default();
    let sound = sequence.propose(&references(&history[..2]))?;
    let place = Batch::from_parts(1, sound.prev, Hash::ZERO, sound.body())?;
    let body = sound.body().replace(":1,", ":2,");
    let moved = Batch::from_parts(1, sound.prev, sound.hash, body)?;
    for (altered, expected) in [(place, "altered"), (moved, "altered")] {
        match sequence.follow(&altered) {
            Err(broken) => ensure(broken.to_string().contains(expected), expected)?,
            Ok(()) => unexpected("the batch accepted", expected)?,
        }
    }
    let twice = sequence.propose(&references(&[history[0].clone(), history[0].clone()]))?;
    let late = sequence.propose(&references(&history[1..]))?;
    for wrong in [twice, late] {
        ensure(sequence.follow(&wrong).is_err(), "versions in order")?;
    }
    store.append_batch(&Batch::from_parts(1, sound.prev, Hash::ZERO, sound.body())?).await?;
    match Feed::start(store, AT_ONCE).reconcile(|_| {}).await {
        Err(StoreError::Feed(broken)) => equal("batch", broken.batch, 1)?,
        other => unexpected(other, "the altered batch to be named")?,
    }
    sequence.follow(&sound)?;
    equal("version", sequence.version_of(&history[0].aggregate), 2)?;
    equal("head", sequence.head().position, 2)?;
    ensure(BATCH == 100, "a hundred to a batch")
}

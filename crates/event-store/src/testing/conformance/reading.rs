use std::collections::HashSet;

use super::harness::Harness;
use super::history::{
    START, folded, history_of, id_of, minute, next, snapshot_after, stored, tally, whole, write,
};
use super::tally::{Tally, Task};
use super::verdict::{Verdict, ensure, equal};
use crate::testing::noise;
use crate::{
    Aggregate, AggregateId, ChangeSet, Hash, Head, Loaded, PAGE_BYTES, Page, Reach, Store, Version,
};

const SCHEMA: u32 = Tally::STATE_SCHEMA;

pub(super) async fn what_does_not_exist_is_empty<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    for reach in [
        Reach::Head { schema: SCHEMA },
        Reach::Eventual { schema: SCHEMA },
        Reach::AsOf { version: 7, schema: SCHEMA },
        Reach::Since { version: 7, hash: Hash::ZERO },
        Reach::Whole,
    ] {
        equal("a load of nothing", store.load(&tally, reach).await?, Loaded::default())?;
    }
    for page in
        [Page::After { version: 0, limit: 9 }, Page::Before { version: Version::MAX, limit: 9 }]
    {
        equal("a page of nothing", store.change_sets(&tally, page).await?, Vec::new())?;
    }
    equal("keys", store.keys(None).await?.keys, Vec::new())
}

/// Stores more than DynamoDB returns in one page, even compressed, in change sets of up to 900 KB.
async fn large<S: Store>(store: &S, tally: &AggregateId) -> Verdict<Vec<ChangeSet>> {
    let mut history: Vec<ChangeSet> = Vec::new();
    for version in 1..=12 {
        let head = history.last().map_or((0, Hash::ZERO), |last| (last.version, last.hash));
        let text = noise(if version % 4 == 0 { 150_000 } else { 60_000 });
        let at = minute(version);
        history.push(next(tally, head, id_of(at), at, &Task::Note { text })?);
    }
    let bytes: usize = history.iter().map(|c| c.body().len()).sum();
    // A body holds its text twice, and one copy compresses to 60 %.
    ensure(bytes * 3 / 10 > 1_500_000, "a history that does not fit into a page")?;
    write(store, &history).await?;
    Ok(history)
}

pub(super) async fn over_a_megabyte_is_loaded_whole<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = large(&store, &tally).await?;
    equal("all of it", &whole(&store, &tally).await?, &history)?;
    let head = store.load(&tally, Reach::Head { schema: SCHEMA }).await?;
    equal("to the head", &head.change_sets, &history)?;
    let since = Reach::Since { version: 1, hash: history[0].hash };
    let newer = store.load(&tally, since).await?;
    equal("since version 1", &newer.change_sets[..], &history[1..])
}

pub(super) async fn over_a_megabyte_is_paged_whole<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let mut history = large(&store, &tally).await?;
    equal("forwards", &forwards(&store, &tally, 100).await?, &history)?;
    history.reverse();
    equal("backwards", &backwards(&store, &tally, 100).await?, &history)
}

/// A page ends with the body that reaches its size limit, and the next page continues from there.
pub(super) async fn a_page_ends_where_its_bodies_are_large<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let mut history: Vec<ChangeSet> = Vec::new();
    while sizes(&history) < PAGE_BYTES * 9 / 8 {
        let head = history.last().map_or((0, Hash::ZERO), |last| (last.version, last.hash));
        // The text is small in the store and large once it is read.
        let (at, text) = (minute(head.0), "x".repeat(200_000));
        history.push(next(&tally, head, id_of(at), at, &Task::Note { text })?);
    }
    write(&store, &history).await?;
    let page = store.change_sets(&tally, Page::After { version: 0, limit: 1_000 }).await?;
    equal("a page", &page[..], &history[..page.len()])?;
    ensure(page.len() < history.len(), "a page that ends early")?;
    ensure(sizes(&page) >= PAGE_BYTES, "a page that is full")?;
    ensure(sizes(&page[1..]) < PAGE_BYTES, "a page that ends with what fills it")?;
    equal("forwards", &forwards(&store, &tally, 1_000).await?, &history)?;
    equal("a load", &whole(&store, &tally).await?, &history)?;
    history.reverse();
    equal("backwards", &backwards(&store, &tally, 1_000).await?, &history)
}

fn sizes(change_sets: &[ChangeSet]) -> usize {
    change_sets.iter().map(|change_set| change_set.body().len()).sum()
}

pub(super) async fn pages_hold_what_was_asked_for<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let mut history = stored(&store, &tally, 300).await?;
    // Snapshots lie among the change sets and must not be returned.
    for version in [1, 2, 50, 100, 150, 299, 300] {
        store.save_snapshot(&snapshot_after(tally.id, &history[..version])?).await?;
    }
    for limit in [1, 7, 50, 300, 1_000] {
        let page = store.change_sets(&tally, Page::After { version: 49, limit }).await?;
        equal("a page forwards", &page[..], &history[49..(49 + limit).min(300)])?;
    }
    for limit in [7, 100] {
        equal("all pages forwards", &forwards(&store, &tally, limit).await?, &history)?;
    }
    history.reverse();
    for limit in [1, 7, 50, 300, 1_000] {
        let page = store.change_sets(&tally, Page::Before { version: 101, limit }).await?;
        equal("a page backwards", &page[..], &history[200..(200 + limit).min(300)])?;
    }
    for limit in [7, 100] {
        equal("all pages backwards", &backwards(&store, &tally, limit).await?, &history)?;
    }
    let beyond = store.change_sets(&tally, Page::After { version: 300, limit: 9 }).await?;
    equal("after the end", beyond, Vec::new())?;
    let before = store.change_sets(&tally, Page::Before { version: 1, limit: 9 }).await?;
    equal("before the start", before, Vec::new())
}

async fn forwards<S: Store>(
    store: &S,
    tally: &AggregateId,
    limit: usize,
) -> Verdict<Vec<ChangeSet>> {
    let (mut all, mut version) = (Vec::new(), 0);
    loop {
        let page = store.change_sets(tally, Page::After { version, limit }).await?;
        let Some(last) = page.last() else { return Ok(all) };
        version = last.version;
        ensure(page.len() <= limit, "a page within its limit")?;
        all.extend(page);
    }
}

async fn backwards<S: Store>(
    store: &S,
    tally: &AggregateId,
    limit: usize,
) -> Verdict<Vec<ChangeSet>> {
    let (mut all, mut version) = (Vec::new(), Version::MAX);
    loop {
        let page = store.change_sets(tally, Page::Before { version, limit }).await?;
        let Some(last) = page.last() else { return Ok(all) };
        version = last.version;
        ensure(page.len() <= limit, "a page within its limit")?;
        all.extend(page);
    }
}

pub(super) async fn a_past_version_is_loaded_as_it_was<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 130).await?;
    for length in [50, 100] {
        store.save_snapshot(&snapshot_after(tally.id, &history[..length])?).await?;
    }
    for version in [1, 49, 50, 51, 99, 100, 129, 130, 9_999] {
        let head = Head::<Tally>::load(&store, tally.id, Some(version)).await?;
        let there = &history[..130.min(usize::try_from(version)?)];
        let then = folded(tally.id, there)?;
        equal("version", head.version, then.version)?;
        equal("state", head.state, then.state)?;
        equal("hash", head.hash, then.hash)?;
    }
    let before_all = Head::<Tally>::load(&store, tally.id, Some(0)).await?;
    equal("version 0", before_all.state, Tally::default())
}

pub(super) async fn what_is_newer_than_a_head_is_loaded<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 120).await?;
    for length in [50, 100] {
        store.save_snapshot(&snapshot_after(tally.id, &history[..length])?).await?;
    }
    for after in [1, 49, 50, 100, 119, 120] {
        let hash = history[after - 1].hash;
        let version = Version::try_from(after)?;
        let newer = store.load(&tally, Reach::Since { version, hash }).await?;
        equal("snapshot", newer.snapshot, None)?;
        equal("newer change sets", &newer.change_sets[..], &history[after..])?;
    }
    let foreign = Reach::Since { version: 10, hash: Hash::ZERO };
    ensure(store.load(&tally, foreign).await.is_err(), "a head of another history to be refused")
}

pub(super) async fn keys_name_every_change_set_once<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let mut expected = HashSet::new();
    for length in [1, 2, 120, 300, 7] {
        let tally = tally(id_of(START));
        let history = history_of(&tally, length, |version| (id_of(START), minute(version)))?;
        write(&store, &history).await?;
        store.save_snapshot(&snapshot_after(tally.id, &history)?).await?;
        expected.extend((1..=length).map(|version| (tally.clone(), version)));
    }
    let (mut found, mut cursor): (Vec<(AggregateId, Version)>, _) = (Vec::new(), None);
    loop {
        let page = store.keys(cursor).await?;
        found.extend(page.keys);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    equal("keys", found.len(), expected.len())?;
    let mut finished = HashSet::new();
    for (place, (aggregate, version)) in found.iter().enumerate() {
        let follows = place > 0 && found[place - 1] == (aggregate.clone(), version - 1);
        ensure(follows || *version == 1, "each aggregate's keys together and ascending")?;
        ensure(*version > 1 || finished.insert(aggregate), "each aggregate once")?;
    }
    equal("the keys' set", found.into_iter().collect::<HashSet<_>>(), expected)
}

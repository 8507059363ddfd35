use futures::future::join_all;

use super::harness::Harness;
use super::history::{START, id_of, minute, next, tally, whole};
use super::tally::Task;
use super::verdict::{Verdict, ensure, equal, unexpected};
use crate::testing::noise;
use crate::{AggregateId, Appended, AppendedAll, ChangeSet, Hash, Page, Store, Version};

/// The sizes of texts in bytes. A body holds its text twice, so the bodies have a few bytes, about
/// 300 and 400 KiB, and 1.5 and 5 MB.
const SIZES: [usize; 11] = [
    0,
    1,
    1024,
    150 * 1024 - 1,
    150 * 1024,
    150 * 1024 + 1,
    200 * 1024 - 1,
    200 * 1024,
    200 * 1024 + 1,
    750_000,
    2_500_000,
];
/// The size of a text whose body is too large for an item, if the store has room for such bodies.
const LARGE: usize = 800_000;

/// Returns a text of this many bytes that compresses little.
fn text(bytes: usize) -> String {
    noise(bytes / 3) + &"x".repeat(bytes % 3)
}

/// Returns a change set whose body has the text twice, and little else.
fn noting(
    aggregate: &AggregateId,
    head: (Version, Hash),
    text: impl Into<String>,
) -> Verdict<ChangeSet> {
    next(aggregate, head, id_of(START), minute(head.0), &Task::Note { text: text.into() })
}

pub(super) async fn bodies_of_any_size_are_loaded_to_the_byte<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let mut history: Vec<ChangeSet> = Vec::new();
    for size in SIZES.into_iter().filter(|size| size * 2 < harness.room()) {
        let head = history.last().map_or((0, Hash::ZERO), |last| (last.version, last.hash));
        let change_set = noting(&tally, head, text(size))?;
        equal("append", store.append(&change_set).await?, Appended::Written)?;
        history.push(change_set);
    }
    equal("change sets", &whole(&store, &tally).await?, &history)?;
    let page = Page::Before { version: Version::MAX, limit: 2 };
    history.reverse();
    equal("the newest two", &store.change_sets(&tally, page).await?[..], &history[..2])
}

/// Several writers compete for one version, each with a large body of its own.
pub(super) async fn a_loser_with_a_large_body_leaves_the_winners<H: Harness>(
    harness: &H,
) -> Verdict {
    const WRITERS: usize = 4;
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let text = text(LARGE.min(harness.room() / 2 - 500));
    let contenders: Vec<_> = (0..WRITERS)
        .map(|writer| noting(&tally, (0, Hash::ZERO), format!("{writer}{text}")))
        .collect::<Verdict<_>>()?;
    let appends = contenders.iter().map(|contender| {
        let (store, contender) = (store.clone(), contender.clone());
        tokio::spawn(async move { store.append(&contender).await })
    });
    let mut winners = Vec::new();
    let mut taken = Vec::new();
    for (contender, appended) in contenders.iter().zip(join_all(appends).await) {
        match appended?? {
            Appended::Written => winners.push(contender.clone()),
            Appended::Taken(winner) => taken.push(*winner),
            Appended::Again => {
                unexpected(contender, "every contender to be a different change set")?
            }
        }
    }
    equal("winners", winners.len(), 1)?;
    ensure(taken.iter().all(|winner| *winner == winners[0]), "every loser to be given the winner")?;
    equal("what is there", &whole(&store, &tally).await?, &winners)?;
    equal("again", store.append(&winners[0]).await?, Appended::Again)
}

pub(super) async fn large_bodies_are_written_together<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let text = text(LARGE.min(harness.room() / 2 - 500));
    let first = |text: &str| noting(&tally(id_of(START)), (0, Hash::ZERO), text);
    let change_sets = [first(&text)?, first("small")?, first(&text)?];
    for expected in [AppendedAll::Written, AppendedAll::Again] {
        equal("append", store.append_all(&change_sets).await?, expected)?;
    }
    for change_set in &change_sets {
        let there = whole(&store, &change_set.aggregate).await?;
        equal("what is there", there, vec![change_set.clone()])?;
    }
    // If a version is taken, its winner is returned with the whole body.
    let rival = noting(&change_sets[2].aggregate, (0, Hash::ZERO), "another")?;
    let more = [first(&text)?, rival];
    let standing = AppendedAll::Taken(change_sets[2..].to_vec());
    equal("append", store.append_all(&more).await?, standing)?;
    equal("what is there", whole(&store, &more[0].aggregate).await?, Vec::new())
}

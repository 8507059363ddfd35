use futures::future::join_all;

use super::harness::Harness;
use super::history::{
    START, accepted, add, envelope, folded, handler, history_of, id_of, minute, next, stored,
    tally, whole,
};
use super::verdict::{Verdict, ensure, equal, unexpected};
use crate::{AggregateId, Appended, ChangeSet, Hash, Kind, Store, verify_chain};

const WRITERS: usize = 32;

pub(super) async fn what_is_appended_is_loaded_to_the_byte<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    // Characters that JSON escapes, that have four bytes in UTF-8, or that a database may choke on.
    let text = "\"quoted\" \\ / \n\r\t \u{0} \u{7f} \u{2028} é ü 漢字 🧾 \u{202e}".to_owned();
    let note = super::Task::Note { text };
    let first = next(&tally, (0, Hash::ZERO), id_of(START), START, &note)?;
    let second = next(&tally, (1, first.hash), id_of(START), START, &add(1))?;
    for change_set in [&first, &second] {
        equal("append", store.append(change_set).await?, Appended::Written)?;
    }
    let loaded = whole(&store, &tally).await?;
    let bodies: Vec<_> = loaded.iter().map(ChangeSet::body).collect();
    equal("bodies", bodies, vec![first.body(), second.body()])?;
    equal("change sets", loaded, vec![first, second])
}

pub(super) async fn a_history_is_contiguous_and_chained<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let handler = handler(&store);
    for version in 1..=20 {
        let added = accepted(&handler, &envelope(tally.id, minute(version), add(1))).await?;
        equal("version", added.change_set.version, version)?;
    }
    let loaded = whole(&store, &tally).await?;
    equal("versions", loaded.iter().map(|c| c.version).collect(), (1..=20).collect::<Vec<_>>())?;
    let end = verify_chain(&tally, 0, Hash::ZERO, &loaded)?;
    equal("the chain's end", Some(end), loaded.last().map(|c| c.hash))
}

pub(super) async fn one_of_32_writers_of_a_version_wins<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 3).await?;
    let head = history.last().map_or((0, Hash::ZERO), |last| (last.version, last.hash));
    let contenders: Vec<ChangeSet> = (0..WRITERS)
        .map(|_| next(&tally, head, id_of(START), minute(4), &add(1)))
        .collect::<Verdict<_>>()?;
    let appends = contenders.iter().map(|contender| {
        let (store, contender) = (store.clone(), contender.clone());
        tokio::spawn(async move { store.append(&contender).await })
    });
    let (mut written, mut taken) = (Vec::new(), Vec::new());
    for (contender, appended) in contenders.iter().zip(join_all(appends).await) {
        match appended?? {
            Appended::Written => written.push(contender.clone()),
            Appended::Taken(winner) => taken.push(*winner),
            Appended::Again => {
                unexpected(contender, "every contender to be a different change set")?
            }
        }
    }
    equal("winners", written.len(), 1)?;
    equal("losers", taken.len(), WRITERS - 1)?;
    ensure(taken.iter().all(|winner| *winner == written[0]), "every loser to be given the winner")?;
    equal("what is there", whole(&store, &tally).await?.split_off(3), written)
}

pub(super) async fn a_taken_version_gives_the_winner<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 5).await?;
    let late = next(&tally, (1, history[0].hash), id_of(START), minute(6), &add(9))?;
    match store.append(&late).await? {
        Appended::Taken(winner) => equal("winner", &*winner, &history[1])?,
        other => unexpected(other, "version 2 to be taken")?,
    }
    equal("what is there", whole(&store, &tally).await?, history)
}

pub(super) async fn the_same_change_set_twice_is_written_once<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    let history = stored(&store, &tally, 3).await?;
    equal("a second append", store.append(&history[1]).await?, Appended::Again)?;
    equal("what is there", whole(&store, &tally).await?, history)
}

pub(super) async fn aggregates_of_one_id_and_two_kinds_are_strangers<H: Harness>(
    harness: &H,
) -> Verdict {
    let store = harness.empty().await?;
    let id = id_of(START);
    // One name is a prefix of the other, so the keys begin alike.
    let kinds = [const { Kind::from_static("tally") }, const { Kind::from_static("tally-sheet") }];
    for kind in kinds.clone() {
        stored(&store, &AggregateId::new(kind, id), 2).await?;
    }
    for kind in kinds {
        let found = whole(&store, &AggregateId::new(kind.clone(), id)).await?;
        equal("change sets", found.len(), 2)?;
        ensure(found.iter().all(|c| c.aggregate.kind == kind), "each its own history")?;
    }
    Ok(())
}

pub(super) async fn commands_of_32_writers_all_land<H: Harness>(harness: &H) -> Verdict {
    let store = harness.empty().await?;
    let tally = tally(id_of(START));
    // The handlers share a store but not their heads, like two processes.
    let handlers = [handler(&store), handler(&store)];
    let commands = (0..WRITERS).map(|writer| {
        let handler = handlers[writer % 2].clone();
        let envelope = envelope(tally.id, START, add(1));
        tokio::spawn(async move { accepted(&handler, &envelope).await })
    });
    for landed in join_all(commands).await {
        ensure(!landed??.duplicate, "no command to be taken for another")?;
    }
    let history = whole(&store, &tally).await?;
    equal("change sets", history.len(), WRITERS)?;
    equal("total", folded(tally.id, &history)?.state.total, WRITERS as i64)?;
    // The suite's own histories are sound, too.
    let own = history_of(&tally, 3, |version| (id_of(minute(version)), minute(version)))?;
    equal("a history in memory", verify_chain(&tally, 0, Hash::ZERO, &own).is_ok(), true)
}

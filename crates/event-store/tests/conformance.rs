//! The conformance suite: sound stores pass it, and stores broken on purpose fail it.

use std::collections::BTreeSet;
use std::sync::Arc;

use event_store::embedded::Embedded;
use event_store::feed::FeedStore;
use event_store::objects::{DirectoryObjects, Objects};
use event_store::testing::broken::Defect;
use event_store::testing::conformance::{self, Harness, InMemory, OnDynamoDb};

use crate::faults::{Fault, Faulty};

async fn passes(harness: &impl Harness<Store: FeedStore>) {
    let report = conformance::run(harness).await;
    assert!(report.passed(), "{report}");
    let report = conformance::run_feed(harness).await;
    assert!(report.passed(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_store_passes() {
    passes(&InMemory).await;
}

/// No outcome depends on a stale read. Here every eventually consistent query misses the newest
/// item or the one before it. Any other eventually consistent read is refused.
#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_in_memory_passes_with_every_eventual_read_stale() {
    for fault in [Fault::Behind(1), Fault::Hole] {
        let embedded = Embedded::in_memory().unwrap();
        let (client, _) = Faulty::at_random(&embedded.client(), 1, &[(1000, fault)]);
        passes(&OnDynamoDb::new(client)).await;
        embedded.close().await;
    }
}

/// Puts bypass the SDK and go straight to the engine, as they do in `daybook`.
#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_on_a_file_with_objects_beside_it_passes() {
    let directory = tempfile::tempdir().unwrap();
    let embedded = Arc::new(Embedded::open(directory.path().join("daybook.db")).unwrap());
    let opened = Arc::clone(&embedded);
    let beside = directory.path().join("objects");
    let objects = move |table: &str| -> Arc<dyn Objects> {
        Arc::new(DirectoryObjects::new(beside.join(table)))
    };
    let harness = OnDynamoDb::made_by(move |table| opened.store(table)).with_objects(objects);
    passes(&harness).await;
    drop(harness);
    Arc::into_inner(embedded).unwrap().close().await;
}

/// The checks that each broken store has to fail at least. It may fail more.
const CAUGHT: [(Defect, &[&str]); 11] = [
    (
        Defect::NoCondition,
        &[
            "one_of_32_writers_of_a_version_wins",
            "a_taken_version_gives_the_winner",
            "an_acceptance_on_a_stale_head_is_decided_again",
        ],
    ),
    (
        Defect::LostTail,
        &[
            "a_load_starts_at_the_newest_snapshot",
            "a_stale_snapshot_is_completed",
            "a_past_version_is_loaded_as_it_was",
        ],
    ),
    (
        Defect::NoPaging,
        &[
            "over_a_megabyte_is_loaded_whole",
            "pages_hold_what_was_asked_for",
            "a_missing_snapshot_costs_nothing_but_time",
            "keys_name_every_change_set_once",
        ],
    ),
    (
        Defect::DedupeIgnored,
        &["a_repeat_long_after_is_a_duplicate", "an_id_with_another_command_is_refused_long_after"],
    ),
    (
        Defect::Unchecked,
        &[
            "an_altered_body_is_detected",
            "a_removed_change_set_is_detected",
            "a_swapped_pair_is_detected",
            "no_command_is_decided_on_a_broken_history",
        ],
    ),
    (
        Defect::Credulous,
        &[
            "a_snapshot_of_another_history_is_passed_over",
            "a_snapshot_of_nothing_is_passed_over",
            "an_altered_body_behind_a_snapshot_is_detected",
        ],
    ),
    (Defect::Estranged, &["the_same_change_set_twice_is_written_once"]),
    (Defect::OneByOne, &["where_one_is_taken_none_is_written"]),
    (Defect::Mislaid, &["a_loser_with_a_large_body_leaves_the_winners"]),
    (Defect::CutOff, &["bodies_of_any_size_are_loaded_to_the_byte"]),
    (Defect::Indiscriminate, &["parts_of_two_stores_are_refused"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn stores_broken_on_purpose_fail() {
    assert!(Defect::ALL.iter().all(|defect| CAUGHT.iter().any(|(caught, _)| caught == defect)));
    for (defect, expected) in CAUGHT {
        let report = conformance::run(&defect).await;
        let failed: BTreeSet<_> = report.failed().map(|(name, _)| name).collect();
        let missed: Vec<_> = expected.iter().filter(|name| !failed.contains(*name)).collect();
        if !missed.is_empty() {
            panic!("{defect:?} went unnoticed by {missed:?}: {report}");
        }
    }
}

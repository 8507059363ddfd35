//! The contract of a [`Store`](crate::Store), as checks for any implementation.
//!
//! ```
//! # async fn example() {
//! use event_store::testing::conformance::{self, InMemory};
//!
//! let report = conformance::run(&InMemory).await;
//! assert!(report.passed(), "{report}");
//! # }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
//! # runtime.unwrap().block_on(example());
//! ```
//!
//! Every check starts from an empty store of its own. All checks run, one after the other. No check
//! can be left out, and a check that is written but not listed does not compile without a warning.
//! [`crate::testing::broken`] holds stores that each fail some checks.

mod appending;
mod expectations;
mod failures;
mod feed;
mod harness;
mod history;
mod interrupted;
mod large;
mod reading;
mod repeats;
mod report;
mod reuse;
mod snapshots;
mod staleness;
mod tally;
mod tampering;
mod transaction;
mod verdict;

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Duration;

use futures::FutureExt;

#[cfg(feature = "dynamodb")]
pub use harness::OnDynamoDb;
pub use harness::{Harness, InMemory};
pub use report::Report;
pub use tally::{Event, Refused, Tally, Task};
pub use verdict::Failure;
use verdict::Verdict;

use crate::feed::FeedStore;

/// The time after which a check counts as hanging.
const PATIENCE: Duration = Duration::from_secs(120);

macro_rules! checks {
    ($(#[$doc:meta])* $run:ident<$harness:path> $($module:ident: $($check:ident)*;)*) => {
        $(#[$doc])*
        pub async fn $run<H: $harness>(harness: &H) -> Report {
            let mut report = Report::default();
            // Each check is boxed, in a frame of its own. Otherwise all of them would share one
            // stack frame.
            $($(
                let begin = || -> Check<'_> { Box::pin($module::$check(harness)) };
                report.add(stringify!($check), judge(begin()).await);
            )*)*
            report
        }
    };
}

checks! {
    /// Runs every check and reports which passed.
    run<Harness>
    appending:
        what_is_appended_is_loaded_to_the_byte
        a_history_is_contiguous_and_chained
        one_of_32_writers_of_a_version_wins
        a_taken_version_gives_the_winner
        the_same_change_set_twice_is_written_once
        aggregates_of_one_id_and_two_kinds_are_strangers
        commands_of_32_writers_all_land;
    reading:
        what_does_not_exist_is_empty
        over_a_megabyte_is_loaded_whole
        over_a_megabyte_is_paged_whole
        a_page_ends_where_its_bodies_are_large
        pages_hold_what_was_asked_for
        a_past_version_is_loaded_as_it_was
        what_is_newer_than_a_head_is_loaded
        keys_name_every_change_set_once;
    large:
        bodies_of_any_size_are_loaded_to_the_byte
        a_loser_with_a_large_body_leaves_the_winners
        large_bodies_are_written_together;
    snapshots:
        a_load_starts_at_the_newest_snapshot
        a_past_version_never_starts_at_a_later_snapshot
        a_stale_snapshot_is_completed
        a_snapshot_at_the_head_is_enough
        a_missing_snapshot_costs_nothing_but_time
        a_snapshot_of_another_schema_is_passed_over
        a_damaged_snapshot_is_passed_over
        a_snapshot_of_another_history_is_passed_over
        a_snapshot_of_nothing_is_passed_over
        a_snapshot_is_taken_in_passing;
    tampering:
        an_altered_body_is_detected
        an_altered_body_behind_a_snapshot_is_detected
        a_removed_change_set_is_detected
        a_swapped_pair_is_detected
        no_command_is_decided_on_a_broken_history
        a_search_for_a_repeat_notices_a_hole;
    repeats:
        a_repeat_at_once_is_a_duplicate
        a_repeat_through_a_cold_handler_is_a_duplicate
        a_repeat_at_a_later_version_is_a_duplicate
        a_repeat_long_after_is_a_duplicate
        a_repeat_long_after_on_a_warm_handler_is_a_duplicate
        a_repeat_of_a_busy_moment_long_after_is_a_duplicate
        a_repeat_of_an_id_without_a_time_is_a_duplicate
        a_repeat_of_an_id_ahead_of_the_clock_is_a_duplicate
        a_repeat_among_many_untimely_ids_is_a_duplicate
        a_repeat_of_what_would_now_be_refused_is_a_duplicate
        a_repeat_under_another_expectation_is_a_duplicate
        a_new_id_is_never_taken_for_a_repeat
        a_command_sent_twice_at_once_is_written_once;
    reuse:
        an_id_with_another_command_is_refused
        an_id_with_another_command_is_refused_long_after;
    expectations:
        what_commutes_is_decided_on_the_newest_state
        what_does_not_commute_is_a_conflict
        a_conflict_tells_what_happened_in_between
        an_author_far_behind_has_to_look_again
        a_version_in_the_future_is_a_conflict
        nothing_expected_never_conflicts;
    staleness:
        no_rejection_rests_on_a_stale_head
        no_conflict_rests_on_a_stale_head
        an_acceptance_on_a_stale_head_is_decided_again
        a_loser_folds_in_the_winner;
    transaction:
        a_hundred_are_written_together
        more_than_a_hundred_are_refused
        where_one_is_taken_none_is_written
        the_same_ones_twice_are_written_once
        a_transaction_is_taken_whole_or_not_at_all
        a_transaction_repeated_is_a_duplicate
        a_transaction_on_stale_heads_is_decided_again
        transactions_that_cross_all_land
        of_many_who_want_the_last_one_gets_it
        an_aggregate_twice_in_a_transaction_is_refused
        parts_of_two_stores_are_refused
        a_lost_answer_leaves_one_transaction;
    failures:
        a_lost_answer_leaves_one_change_set
        a_lost_request_leaves_none
        a_dropped_command_leaves_no_guess
        a_failed_load_leaves_no_guess;
}

checks! {
    /// Runs every check of a store that also keeps a feed, and reports which passed.
    run_feed<Harness<Store: FeedStore>>
    feed:
        a_batch_is_kept_to_the_byte
        a_taken_number_gives_the_winner
        a_feed_goes_on_in_the_next_partition
        what_the_feed_names_is_found_or_missed
        what_is_committed_is_in_the_feed
        of_two_sequencers_at_once_each_batch_is_one_s
        what_nobody_told_of_is_found
        a_subscription_goes_on_from_anywhere
        what_is_unreadable_is_named_by_its_position
        an_altered_feed_is_detected;
}

type Check<'a> = Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

async fn judge(check: Check<'_>) -> Verdict {
    match tokio::time::timeout(PATIENCE, AssertUnwindSafe(check).catch_unwind()).await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(_)) => Err(Failure::new("it panicked")),
        Err(_) => Err(Failure::new("it did not finish within two minutes")),
    }
}

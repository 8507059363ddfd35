//! The metrics that `/metrics` shows, with each name in one place.

use std::sync::OnceLock;
use std::time::Duration;

use event_store::dynamodb::{Observer, Purpose, Request};
use event_store::feed::Position;
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::ahead::Ahead;

const COMMANDS: &str = "daybook_commands_total";
const COMMAND_SECONDS: &str = "daybook_command_duration_seconds";
const COMMAND_RETRIES: &str = "daybook_command_retries_total";
const STORE_SECONDS: &str = "daybook_store_request_duration_seconds";
const STORE_READ_UNITS: &str = "daybook_store_read_capacity_units_total";
const STORE_WRITE_UNITS: &str = "daybook_store_write_capacity_units_total";
const FEED_LAG_SECONDS: &str = "daybook_feed_lag_seconds";
const FEED_POSITION: &str = "daybook_feed_position";
const FEED_STUCK: &str = "daybook_feed_stuck_aggregates";
const FEED_WAITING_SECONDS: &str = "daybook_feed_oldest_waiting_seconds";
const FEED_CONSUMERS: &str = "daybook_feed_live_consumers";
const AHEAD_SECONDS: &str = "daybook_recorded_ahead_of_clock_seconds";
const READ_MODEL_LAG: &str = "daybook_read_model_lag_change_sets";

/// The bounds of the buckets, from a conditional put in memory to a request that is given up.
const SECONDS: [f64; 14] =
    [0.000_25, 0.000_5, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 3.0, 10.0];

/// The interval at which measurements are aggregated.
const UPKEEP: Duration = Duration::from_secs(5);

/// Collects metrics from here on, for the whole process.
pub fn collect() -> PrometheusHandle {
    static COLLECTED: OnceLock<PrometheusHandle> = OnceLock::new();
    COLLECTED.get_or_init(install).clone()
}

fn install() -> PrometheusHandle {
    let builder = PrometheusBuilder::new();
    // Fails only without buckets.
    let recorder = builder.set_buckets(&SECONDS).unwrap_or_default().build_recorder();
    let handle = recorder.handle();
    // Fails when a recorder is set already, and nothing else sets one.
    let _ = metrics::set_global_recorder(recorder);
    describe_counter!(COMMANDS, "Commands by kind, type and outcome");
    describe_histogram!(COMMAND_SECONDS, "How long commands took, by kind, type and outcome");
    describe_counter!(COMMAND_RETRIES, "Retries of commands that lost a race for their version");
    describe_histogram!(STORE_SECONDS, "How long store requests took, by operation and outcome");
    describe_counter!(STORE_READ_UNITS, "Read capacity units consumed, by operation");
    describe_counter!(STORE_WRITE_UNITS, "Write capacity units consumed, by operation");
    describe_histogram!(
        FEED_LAG_SECONDS,
        "How long change sets took from their commit to the feed"
    );
    describe_gauge!(FEED_POSITION, "The newest position of the feed");
    describe_gauge!(
        FEED_STUCK,
        "Aggregates that are stuck in the feed because their histories are damaged"
    );
    describe_gauge!(
        FEED_WAITING_SECONDS,
        "How long the oldest change set that this process committed has been waiting for the feed"
    );
    describe_gauge!(FEED_CONSUMERS, "Live consumers of the feed");
    describe_gauge!(
        AHEAD_SECONDS,
        "How far the latest recorded time is ahead of this machine's clock"
    );
    describe_gauge!(READ_MODEL_LAG, "Change sets that are committed and not in the lists yet");
    handle
}

/// Keeps the collected data small for as long as it is polled. Each measurement is kept by itself
/// until somebody asks for the metrics or this aggregates it.
pub(crate) async fn keep_up(metrics: PrometheusHandle) {
    let mut due = tokio::time::interval(UPKEEP);
    loop {
        due.tick().await;
        metrics.run_upkeep();
    }
}

pub(crate) fn command(kind: &str, command: &str, outcome: &str, retries: u32, duration: Duration) {
    // A name that a client made up must not become a label: labels would be unbounded.
    let known = !matches!(outcome, "malformed" | "unknown-kind");
    let (kind, command) = if known { (kind, command) } else { ("unknown", "unknown") };
    let labels =
        [("kind", kind.to_owned()), ("type", command.to_owned()), ("outcome", outcome.to_owned())];
    counter!(COMMANDS, &labels).increment(1);
    histogram!(COMMAND_SECONDS, &labels).record(duration);
    if retries > 0 {
        counter!(COMMAND_RETRIES, &labels[..2]).increment(retries.into());
    }
}

/// Records the time that a change set took from its commit to the feed.
pub(crate) fn feed_lag(lag: Duration) {
    histogram!(FEED_LAG_SECONDS).record(lag);
}

/// Sets the end of the feed, the number of stuck aggregates, and the longest wait for the feed.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn feed(newest: Position, stuck: u64, oldest_waiting: Duration) {
    gauge!(FEED_POSITION).set(newest as f64);
    gauge!(FEED_STUCK).set(stuck as f64);
    gauge!(FEED_WAITING_SECONDS).set(oldest_waiting);
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn feed_consumers(consumers: usize) {
    gauge!(FEED_CONSUMERS).set(consumers as f64);
}

/// Sets the time by which the latest change is ahead of the clock, if that is known.
pub(crate) fn ahead_of_clock(ahead: Option<Ahead>) {
    gauge!(AHEAD_SECONDS).set(ahead.map_or(f64::NAN, |ahead| ahead.duration().as_secs_f64()));
}

pub(crate) fn read_model_lag(change_sets: u64) {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    gauge!(READ_MODEL_LAG).set(change_sets as f64);
}

/// Turns the store's requests into metrics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreMetrics;

impl Observer for StoreMetrics {
    fn request(&self, request: &Request) {
        let Request { operation, purpose, duration, outcome, read_units, write_units } = *request;
        let mut labels = vec![("operation", operation), ("outcome", outcome.as_str())];
        // Requests for the feed are labelled, so that the cost of commands can be read off.
        labels.extend((purpose == Purpose::Feed).then_some(("purpose", "feed")));
        histogram!(STORE_SECONDS, &labels).record(duration);
        labels.retain(|(label, _)| *label != "outcome");
        for (name, units) in [(STORE_READ_UNITS, read_units), (STORE_WRITE_UNITS, write_units)] {
            if units > 0.0 {
                counter!(name, &labels).increment(whole(units));
            }
        }
    }
}

/// Rounds up: counters count in whole numbers, DynamoDB in halves of a unit.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number of units, far below 2^52"
)]
fn whole(units: f64) -> u64 {
    units.ceil() as u64
}

//! The highest sustained command rate over HTTP at 16 connections, beside the rate of the same
//! engine when it gets nothing but conditional puts of the same size. The rounds alternate, so that
//! noise on the machine affects both alike.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use event_store::dynamodb::DynamoDbStore;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::daybook::Daybook;
use crate::embedded::{self, TABLE};
use crate::latency::{Latencies, Millis};
use crate::{Error, work};

pub(crate) const CONNECTIONS: usize = 16;
/// The size of a typical body in bytes: see the table of costs.
const BODY_BYTES: usize = 450;

pub(crate) struct Round {
    pub(crate) rate: f64,
    pub(crate) latencies: Latencies,
}

impl Round {
    pub(crate) fn of(latencies: Latencies, elapsed: Duration) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a count of requests")]
        let rate = latencies.len() as f64 / elapsed.as_secs_f64();
        Self { rate, latencies }
    }
}

pub(crate) async fn run(binary: &Path, rounds: u32, seconds: u64) -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let daybook = Arc::new(Daybook::start(binary, &directory.path().join("daybook")).await?);
    let raw_engine = embedded::open(&directory.path().join("raw.db"))?;
    let client = raw_engine.client();
    DynamoDbStore::new(client.clone(), TABLE).ensure_table().await?;

    let time = Duration::from_secs(seconds);
    let mut best = (0.0_f64, 0.0_f64);
    println!(
        "| round | commands/s over HTTP | p50 | p99 | raw conditional puts/s | p50 | p99 | ratio |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for round in 1..=rounds {
        let served = Arc::clone(&daybook);
        let mut http = closed_loop(CONNECTIONS, time, move |item, number| {
            let daybook = Arc::clone(&served);
            async move {
                // A random number makes each item's SKU unique.
                let (_, chance) = item.as_u64_pair();
                let command =
                    if number == 0 { work::create(chance) } else { work::check_in(number) };
                daybook.command(item, &command).await.map(|_| ())
            }
        })
        .await?;
        let engine = client.clone();
        let mut raw =
            closed_loop(CONNECTIONS, time, move |item, number| put(engine.clone(), item, number))
                .await?;
        best = (best.0.max(http.rate), best.1.max(raw.rate));
        println!(
            "| {round} | {:.0} | {} | {} | {:.0} | {} | {} | {:.0} % |",
            http.rate,
            Millis(http.latencies.quantile(0.5)),
            Millis(http.latencies.quantile(0.99)),
            raw.rate,
            Millis(raw.latencies.quantile(0.5)),
            Millis(raw.latencies.quantile(0.99)),
            100.0 * http.rate / raw.rate,
        );
    }
    println!(
        "| best | {:.0} | | | {:.0} | | | {:.0} % |\n",
        best.0,
        best.1,
        100.0 * best.0 / best.1
    );
    Arc::into_inner(daybook).ok_or(Error::Daybook("is still in use".into()))?.stop().await
}

/// Measures connections that each send the next request when the last is answered, 50 to an item.
pub(crate) async fn closed_loop<F, W>(
    connections: usize,
    time: Duration,
    work: W,
) -> Result<Round, Error>
where
    F: Future<Output = Result<(), Error>> + Send,
    W: Fn(Uuid, u64) -> F + Clone + Send + 'static,
{
    let started = Instant::now();
    let mut writers = JoinSet::new();
    for _ in 0..connections {
        let work = work.clone();
        writers.spawn(async move {
            let mut latencies = Latencies::default();
            loop {
                let item = Uuid::now_v7();
                for number in 0..50 {
                    if started.elapsed() > time {
                        return Ok::<_, Error>(latencies);
                    }
                    let sent = Instant::now();
                    work(item, number).await?;
                    latencies.push(sent.elapsed());
                }
            }
        });
    }
    let mut latencies = Latencies::default();
    while let Some(of_one) = writers.join_next().await {
        latencies.extend(of_one??);
    }
    Ok(Round::of(latencies, started.elapsed()))
}

async fn put(client: Client, item: Uuid, number: u64) -> Result<(), Error> {
    client
        .put_item()
        .table_name(TABLE)
        .item("pk", AttributeValue::S(format!("inventory-item#{item}")))
        .item("sk", AttributeValue::S(format!("{:012}", number + 1)))
        .item("body", AttributeValue::S("x".repeat(BODY_BYTES)))
        .item("prev", AttributeValue::B(Blob::new([7; 32])))
        .item("hash", AttributeValue::B(Blob::new([8; 32])))
        .condition_expression("attribute_not_exists(pk)")
        .send()
        .await
        .map_err(|error| Error::Engine(format!("{error:?}")))?;
    Ok(())
}

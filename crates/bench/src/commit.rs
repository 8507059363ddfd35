//! Commands per second at several numbers of writers, in process and over HTTP. The rounds
//! alternate, so that noise on the machine affects all of them alike.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use domain::InventoryItem;
use event_store::Version;
use event_store::dynamodb::DynamoDbStore;
use event_store::handler::CommandHandler;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use crate::ceiling::{Round, closed_loop};
use crate::connection::Connection;
use crate::daybook::Daybook;
use crate::embedded::{self, TABLE};
use crate::follow::Following;
use crate::latency::{Latencies, Millis};
use crate::{Error, work};

const WRITERS: [usize; 4] = [1, 8, 32, 128];
const CONNECTIONS: [usize; 3] = [1, 16, 128];

type Handler = CommandHandler<InventoryItem, DynamoDbStore>;

pub(crate) async fn run(
    binary: &Path,
    #[cfg(feature = "umadb")] umadb: &Path,
    rounds: u32,
    seconds: u64,
) -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let time = Duration::from_secs(seconds);
    let engine = embedded::open(&directory.path().join("in-process.db"))?;
    let store = engine.store(TABLE);
    store.ensure_table().await?;
    let heads = NonZeroUsize::MIN.saturating_add(9_999);
    let handler: Handler = CommandHandler::new(store, heads);
    let daybook = Daybook::start(binary, &directory.path().join("daybook")).await?;

    #[cfg(feature = "umadb")]
    let umadb = crate::umadb::UmaDb::start(umadb, &directory.path().join("umadb")).await?;
    #[cfg(feature = "umadb")]
    let mut in_umadb = WRITERS.map(|writers| (writers, Vec::new()));
    let mut in_process = WRITERS.map(|writers| (writers, Vec::new()));
    let mut over_http = CONNECTIONS.map(|connections| (connections, Vec::new()));
    for _ in 0..rounds {
        for (writers, measured) in &mut in_process {
            measured.push(commands(&handler, *writers, time).await?);
        }
        for (connections, measured) in &mut over_http {
            measured.push(requests(&daybook, *connections, time).await?);
        }
        #[cfg(feature = "umadb")]
        for (writers, measured) in &mut in_umadb {
            measured.push(umadb.appends(*writers, time).await?);
        }
    }
    let lags = lags(&daybook, 128, time * 3).await?;
    report("writers in process", in_process);
    report("connections over HTTP", over_http);
    #[cfg(feature = "umadb")]
    report("writers to UmaDB over gRPC", in_umadb);
    lags.report();
    daybook.stop().await?;
    engine.close().await;
    Ok(())
}

async fn commands(handler: &Handler, writers: usize, time: Duration) -> Result<Round, Error> {
    let handler = handler.clone();
    closed_loop(writers, time, move |item, number| {
        let handler = handler.clone();
        async move {
            let command = if number == 0 { work::create(0) } else { work::check_in(number) };
            handler.execute(&work::envelope(item, command)).await?;
            Ok(())
        }
    })
    .await
}

async fn requests(daybook: &Daybook, connections: usize, time: Duration) -> Result<Round, Error> {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(daybook).await?);
    }
    let started = Instant::now();
    let mut posting = JoinSet::new();
    for connection in open {
        posting.spawn(post(connection, started + time));
    }
    let mut latencies = Latencies::default();
    while let Some(of_one) = posting.join_next().await {
        latencies.extend(of_one??.latencies);
    }
    Ok(Round::of(latencies, started.elapsed()))
}

/// The commands that one connection has posted.
#[derive(Default)]
struct Posted {
    latencies: Latencies,
    /// The time at which each change set was acknowledged.
    answered: Vec<((Uuid, Version), Instant)>,
}

async fn post(mut connection: Connection, until: Instant) -> Result<Posted, Error> {
    let mut posted = Posted::default();
    loop {
        let item = Uuid::now_v7();
        // A random number makes each item's SKU unique.
        let (_, chance) = item.as_u64_pair();
        for number in 0..50 {
            if Instant::now() > until {
                return Ok(posted);
            }
            let command = if number == 0 { work::create(chance) } else { work::check_in(number) };
            let sent = Instant::now();
            connection.command(item, &command).await?;
            posted.latencies.push(sent.elapsed());
            posted.answered.push(((item, number + 1), Instant::now()));
        }
    }
}

/// The delays after which others see an acknowledged change set, at the highest rate of commands.
struct Lags {
    connections: usize,
    rate: f64,
    feed: Latencies,
    lists: Latencies,
}

/// Measures the lags under load. One consumer follows the live feed, and another requests a list
/// again and again. The list waits for everything that was acknowledged before the request.
async fn lags(daybook: &Daybook, connections: usize, time: Duration) -> Result<Lags, Error> {
    let following = Following::begin_at_end(daybook).await?;
    let until = Instant::now() + time;
    let heard = tokio::spawn(following.for_time(time + Duration::from_secs(2)));
    let mut posting = JoinSet::new();
    for _ in 0..connections {
        posting.spawn(post(Connection::open(daybook).await?, until));
    }
    let mut lists = Latencies::default();
    while Instant::now() < until {
        let asked = Instant::now();
        let url = format!("{}/api/v1/aggregates/inventory-item?limit=1", daybook.url);
        daybook.http.get(url).send().await?.error_for_status()?.bytes().await?;
        lists.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut answered = Vec::new();
    while let Some(of_one) = posting.join_next().await {
        answered.extend(of_one??.answered);
    }
    let heard = heard.await??;
    let mut feed = Latencies::default();
    for (change_set, at) in &answered {
        let heard = heard
            .get(change_set)
            .ok_or_else(|| Error::Daybook("the live feed lacks a change set".into()))?;
        feed.push(heard.saturating_duration_since(*at));
    }
    #[expect(clippy::cast_precision_loss, reason = "request counts stay far below 2^53")]
    let rate = answered.len() as f64 / time.as_secs_f64();
    Ok(Lags { connections, rate, feed, lists })
}

impl Lags {
    fn report(mut self) {
        println!(
            "| {} connections, {:.0} commands/s | p50 | p99 | max |",
            self.connections, self.rate
        );
        println!("|---|---|---|---|");
        for (what, lag) in [
            ("from an answer to the live feed", &mut self.feed),
            ("a list with all that was answered", &mut self.lists),
        ] {
            let [p50, p99, max] = [0.5, 0.99, 1.0].map(|share| Millis(lag.quantile(share)));
            println!("| {what} | {p50} | {p99} | {max} |");
        }
        println!();
    }
}

fn report<const N: usize>(what: &str, measured: [(usize, Vec<Round>); N]) {
    println!("| {what} | commands/s, median | each round | p50 | p99 |");
    println!("|---|---|---|---|---|");
    for (count, mut rounds) in measured {
        let each: Vec<_> = rounds.iter().map(|round| format!("{:.0}", round.rate)).collect();
        rounds.sort_by(|one, other| one.rate.total_cmp(&other.rate));
        let middle = rounds.len() / 2;
        let Some(median) = rounds.get_mut(middle) else { continue };
        println!(
            "| {count} | {:.0} | {} | {} | {} |",
            median.rate,
            each.join(", "),
            Millis(median.latencies.quantile(0.5)),
            Millis(median.latencies.quantile(0.99)),
        );
    }
    println!();
}

//! Commands a second at several numbers of writers: in process, and over HTTP. The rounds alternate, so that a
//! noisy machine is noisy to all.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::InventoryItem;
use event_store::dynamodb::DynamoDbStore;
use event_store::handler::CommandHandler;

use crate::ceiling::{Round, closed_loop};
use crate::daybook::Daybook;
use crate::embedded::{self, TABLE};
use crate::latency::Millis;
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
    let daybook = Arc::new(Daybook::start(binary, &directory.path().join("daybook")).await?);

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
    report("writers in process", in_process);
    report("connections over HTTP", over_http);
    #[cfg(feature = "umadb")]
    report("writers to UmaDB over gRPC", in_umadb);
    Arc::into_inner(daybook).ok_or(Error::Daybook("is still in use".into()))?.stop().await?;
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

async fn requests(
    daybook: &Arc<Daybook>,
    connections: usize,
    time: Duration,
) -> Result<Round, Error> {
    let daybook = Arc::clone(daybook);
    closed_loop(connections, time, move |item, number| {
        let daybook = Arc::clone(&daybook);
        async move {
            // Chance makes each item's SKU its own.
            let (_, chance) = item.as_u64_pair();
            let command = if number == 0 { work::create(chance) } else { work::check_in(number) };
            daybook.command(item, &command).await.map(|_| ())
        }
    })
    .await
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

//! The 10,000-in-a-minute run: commands at a fixed rate, however long the answers take, with new
//! items and changes mixed. Then a count proves that each accepted command is exactly one change
//! set. The delay from each answer to a consumer of the live feed is measured too.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::daybook::Daybook;
use crate::follow::{Following, Heard};
use crate::latency::{Latencies, Millis};
use crate::{Error, work};

pub(crate) async fn run(binary: &Path, rate: u32, seconds: u64) -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let daybook = Arc::new(Daybook::start(binary, directory.path()).await?);
    let mut ticks = interval(Duration::from_secs(1) / rate);
    // A late tick is made up for: the rate is fixed, and waiting counts as latency.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut items: Vec<Uuid> = Vec::new();
    let mut sent = JoinSet::new();
    let commands = u64::from(rate) * seconds;
    let following = Following::begin(&daybook).await?;
    let hearing = tokio::spawn(following.until(usize::try_from(commands).unwrap_or(usize::MAX)));
    let started = Instant::now();
    for number in 0..commands {
        let due = ticks.tick().await;
        let (item, command) = work::mixed(number, &mut items);
        let daybook = Arc::clone(&daybook);
        sent.spawn(async move {
            let (_, accepted) = daybook.command(item, &command).await?;
            Ok::<_, Error>((item, due.elapsed(), accepted, Instant::now()))
        });
    }
    let mut latencies = Latencies::default();
    let (mut accepted, mut failed) = (HashMap::<Uuid, u64>::new(), 0_u64);
    let mut answered = Heard::new();
    while let Some(answer) = sent.join_next().await {
        match answer? {
            Ok((item, took, command, at)) if !command.duplicate => {
                latencies.push(took);
                answered.insert((item, command.version), at);
                *accepted.entry(item).or_default() += 1;
            }
            Ok(_) => failed += 1,
            Err(error) => {
                eprintln!("{error}");
                failed += 1;
            }
        }
    }
    let elapsed = started.elapsed();
    let mut counted = 0;
    for (item, expected) in &accepted {
        let count = daybook.count_change_sets(*item).await?;
        if count != *expected {
            return Err(Error::Count { item: *item, accepted: *expected, counted: count });
        }
        counted += count;
    }
    let mut lags = Latencies::default();
    if failed == 0 {
        let heard = hearing.await??;
        for (change_set, at) in &answered {
            if let Some(heard) = heard.get(change_set) {
                lags.push(heard.saturating_duration_since(*at));
            }
        }
    }
    println!("| commands at {rate}/s for {seconds} s over HTTP, embedded store on file | |");
    println!("|---|---|");
    println!(
        "| accepted | {} in {:.1} s, on {} items |",
        latencies.len(),
        elapsed.as_secs_f64(),
        accepted.len()
    );
    println!("| failed | {failed} |");
    println!("| change sets counted afterwards | {counted} |");
    println!("| p50 | {} |", Millis(latencies.quantile(0.5)));
    println!("| p99 | {} |", Millis(latencies.quantile(0.99)));
    println!("| max | {} |", Millis(latencies.quantile(1.0)));
    println!("| received from the live feed | {} |", lags.len());
    println!("| p50, from the answer to the live feed | {} |", Millis(lags.quantile(0.5)));
    println!("| p99, likewise | {} |", Millis(lags.quantile(0.99)));
    println!("| max, likewise | {} |\n", Millis(lags.quantile(1.0)));
    Arc::into_inner(daybook).ok_or(Error::Daybook("is still in use".into()))?.stop().await
}

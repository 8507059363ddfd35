//! Commands per second and p99 of the same work, each contender on a file of its own. All take
//! turns in each round, so that noise on the machine affects all alike.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use event_store::embedded::Embedded;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::bare::Bare;
use super::contender::{Backing, Contender, Kind, Order};
use super::stock::Command;
use super::tokens;
use crate::latency::{Latencies, Millis};
use crate::{Error, embedded};

/// Commands to an existing aggregate before its writer turns to another.
const TO_EACH: u32 = 50;

#[derive(Clone, Copy, Debug)]
struct Work {
    name: &'static str,
    lots: u32,
    writers: u32,
    /// True if each command is the first of its aggregate.
    new: bool,
}

const WORK: [Work; 8] = [
    Work { name: "one event, new", lots: 1, writers: 1, new: true },
    Work { name: "one event, new", lots: 1, writers: 8, new: true },
    Work { name: "three events, new", lots: 3, writers: 1, new: true },
    Work { name: "three events, new", lots: 3, writers: 8, new: true },
    Work { name: "one event, existing", lots: 1, writers: 1, new: false },
    Work { name: "one event, existing", lots: 1, writers: 8, new: false },
    Work { name: "three events, existing", lots: 3, writers: 1, new: false },
    Work { name: "three events, existing", lots: 3, writers: 8, new: false },
];

#[derive(Default)]
struct Measured {
    /// Commands a second, the best of the rounds.
    rate: f64,
    latencies: Latencies,
}

struct Runner {
    contender: Arc<dyn Contender>,
    // Closed when it is dropped.
    _engine: Embedded,
}

impl Runner {
    async fn open(kind: Kind, directory: &Path) -> Result<Self, Error> {
        let engine = embedded::open(&directory.join(format!("{kind:?}.db")))?;
        let contender =
            Arc::from(kind.open(&Backing::new(tokens::without(&engine.client())?)).await?);
        Ok(Self { contender, _engine: engine })
    }

    async fn bare(directory: &Path) -> Result<Self, Error> {
        let engine = embedded::open(&directory.join("bare.db"))?;
        let contender: Arc<dyn Contender> =
            Arc::new(Bare::open(tokens::without(&engine.client())?).await?);
        Ok(Self { contender, _engine: engine })
    }
}

pub(super) async fn run(rounds: u32, time: Duration) -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let mut runners = Vec::new();
    for kind in Kind::ALL {
        runners.push((kind.name(), Runner::open(kind, directory.path()).await?));
    }
    runners.push(("a bare put", Runner::bare(directory.path()).await?));
    let names: Vec<_> = runners.iter().map(|(name, _)| *name).collect();
    println!("| commands/s, p99 | writers | {} | ours to the best peer |", names.join(" | "));
    println!("|---|---|{}---|", "---|".repeat(names.len()));
    for work in WORK {
        let mut measured: Vec<Measured> = Vec::new();
        measured.resize_with(runners.len(), Measured::default);
        for _ in 0..rounds {
            for ((name, runner), all) in runners.iter().zip(&mut measured) {
                let (rate, latencies) = round(&runner.contender, work, time)
                    .await
                    .map_err(|error| Error::Engine(format!("{name}: {error}")))?;
                all.rate = all.rate.max(rate);
                all.latencies.extend(latencies);
            }
        }
        print(work, &mut measured);
    }
    println!();
    Ok(())
}

fn print(Work { name, writers, .. }: Work, measured: &mut [Measured]) {
    // Ours is first. The bare put, which is no store, is last.
    let best = measured[1..Kind::ALL.len()].iter().map(|peer| peer.rate).fold(0.0, f64::max);
    let ratio = measured[0].rate / best;
    let cells: Vec<_> = (measured.iter_mut())
        .map(|m| format!("{:.0}, {}", m.rate, Millis(m.latencies.quantile(0.99))))
        .collect();
    println!("| {name} | {writers} | {} | {ratio:.1} × |", cells.join(" | "));
}

/// Runs one round. Each writer sends its next command when the last is answered, to aggregates of
/// its own. The first command of an existing aggregate is not measured and does not count as time.
async fn round(
    contender: &Arc<dyn Contender>,
    work: Work,
    time: Duration,
) -> Result<(f64, Latencies), Error> {
    let started = Instant::now();
    let mut writers = JoinSet::new();
    for _ in 0..work.writers {
        let contender = Arc::clone(contender);
        writers.spawn(async move {
            let mut latencies = Latencies::default();
            let mut busy = Duration::ZERO;
            while started.elapsed() < time {
                let aggregate = Uuid::now_v7();
                if !work.new {
                    contender.execute(Order::new(aggregate, Command::first(1))).await?;
                }
                for _ in 0..if work.new { 1 } else { TO_EACH } {
                    let command = if work.new { Command::first } else { Command::lots };
                    let order = Order::new(aggregate, command(work.lots));
                    let sent = Instant::now();
                    contender.execute(order).await?;
                    let took = sent.elapsed();
                    busy += took;
                    latencies.push(took);
                }
            }
            #[expect(clippy::cast_precision_loss, reason = "a count of commands")]
            let rate = latencies.len() as f64 / busy.as_secs_f64();
            Ok::<_, super::contender::Refusal>((rate, latencies))
        });
    }
    let (mut rate, mut latencies) = (0.0, Latencies::default());
    while let Some(writer) = writers.join_next().await {
        let (of_one, took) = writer?.map_err(|refusal| Error::Engine(refusal.to_string()))?;
        rate += of_one;
        latencies.extend(took);
    }
    Ok((rate, latencies))
}

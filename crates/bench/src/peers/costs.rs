//! Requests and capacity units of the same work.

use std::time::Duration;

use event_store::embedded::Embedded;
use uuid::Uuid;

use super::contender::{Backing, Contender, Kind, Order, Refusal};
use super::network::{Bill, Loss, Network};
use super::stock::Command;
use crate::{Error, embedded};

/// The number of commands for a mean: with one event each, they bring three snapshots.
const MEAN_OF: u32 = 48;

pub(super) async fn run() -> Result<(), Error> {
    let mut columns = Vec::new();
    for kind in Kind::ALL {
        let rows = Account::open(kind).await?.rows().await;
        columns.push(rows.map_err(|refusal| refusal.of(kind))?);
    }
    println!("| requests / read units / write units | {} |", Kind::ALL.map(Kind::name).join(" | "));
    println!("|---|{}", "---|".repeat(Kind::ALL.len()));
    for row in 0..columns[0].len() {
        let cells: Vec<_> = columns.iter().map(|rows| shown(rows[row].1)).collect();
        println!("| {} | {} |", columns[0][row].0, cells.join(" | "));
    }
    println!();
    Ok(())
}

fn shown(Bill { requests, read_units, write_units }: Bill) -> String {
    let rounded = |number: f64| (number * 100.0).round() / 100.0;
    format!("{} / {} / {}", rounded(requests), rounded(read_units), rounded(write_units))
}

/// One contender on an engine of its own, behind a network that counts its requests.
struct Account {
    kind: Kind,
    engine: Embedded,
    network: Network,
    contender: Box<dyn Contender>,
}

type Row = (&'static str, Bill);

impl Account {
    async fn open(kind: Kind) -> Result<Self, Error> {
        let engine = embedded::in_memory()?;
        let (client, network) = Network::before(&engine.client())?;
        let contender = kind.open(&Backing::new(client)).await?;
        network.settle();
        Ok(Self { kind, engine, network, contender })
    }

    async fn rows(&self) -> Result<Vec<Row>, Refusal> {
        let mut rows = vec![
            (
                "one event, new aggregate",
                self.of_commands(Uuid::now_v7(), Command::first(1), 1).await?,
            ),
            (
                "three events, new aggregate",
                self.of_commands(Uuid::now_v7(), Command::first(3), 1).await?,
            ),
        ];
        let commands = [
            ("one event, existing aggregate, mean of 48", 1),
            ("three events, existing aggregate, mean of 48", 3),
        ];
        for (name, lots) in commands {
            let existing = self.existing().await?;
            rows.push((name, self.of_commands(existing, Command::lots(lots), MEAN_OF).await?));
        }
        let long = Uuid::now_v7();
        let loads = [
            ("load after 10 events", 0..10),
            ("load after 1 000 events", 10..1_000),
            ("load after 10 000 events", 1_000..10_000),
            ("load after 10 015 events", 10_000..10_015),
        ];
        for (name, events) in loads {
            self.contender.fill(long, events).await?;
            snapshots_written().await;
            self.network.settle();
            self.contender.load(long).await?;
            rows.push((name, self.network.settle()));
        }
        rows.push(("conflict and its resolution", self.of_a_conflict().await?));
        rows.push(("lost answers, and the command again", self.of_lost_answers().await?));
        Ok(rows)
    }

    /// Makes an aggregate that the contender has cached as well as it ever does.
    async fn existing(&self) -> Result<Uuid, Refusal> {
        let aggregate = Uuid::now_v7();
        self.contender.fill(aggregate, 0..10).await?;
        self.network.settle();
        Ok(aggregate)
    }

    async fn of_commands(
        &self,
        aggregate: Uuid,
        command: Command,
        commands: u32,
    ) -> Result<Bill, Refusal> {
        for _ in 0..commands {
            self.contender.execute(Order::new(aggregate, command.clone())).await?;
        }
        snapshots_written().await;
        Ok(self.network.settle().over(commands))
    }

    /// Lets another process's command in between this contender's decision and its write.
    async fn of_a_conflict(&self) -> Result<Bill, Refusal> {
        let aggregate = self.existing().await?;
        let rival =
            self.kind.open(&Backing::new(self.engine.client())).await.map_err(Refusal::failed)?;
        self.network.before_next_write(Box::pin(async move {
            // If the rival fails, the count of events below shows it.
            let _ = rival.execute(Order::new(aggregate, Command::lots(1))).await;
        }));
        let order = Order::new(aggregate, Command::lots(1));
        while let Err(refusal) = self.contender.execute(order.clone()).await {
            if !matches!(refusal, Refusal::Conflict) {
                return Err(refusal);
            }
        }
        let bill = self.network.settle();
        let events = self.contender.load(aggregate).await?.events;
        self.network.settle();
        if events == 12 { Ok(bill) } else { Err(Refusal::Failed(format!("{events} events"))) }
    }

    /// Loses all answers from the write on, until the author of the command gets an error. The
    /// author then repeats the command.
    async fn of_lost_answers(&self) -> Result<Bill, Refusal> {
        let aggregate = self.existing().await?;
        let order = Order::new(aggregate, Command::lots(1));
        self.network.lose(Loss::FromNextWrite);
        let first = self.contender.execute(order.clone()).await;
        self.network.lose(Loss::None);
        if first.is_err() {
            self.contender.execute(order).await?;
        }
        Ok(self.network.settle())
    }
}

/// Waits for our snapshots, which are written in the background.
async fn snapshots_written() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}

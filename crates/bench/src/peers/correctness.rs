//! The behaviour of each contender under lost answers and large data, as observed here and now.

use event_store::embedded::Embedded;
use uuid::Uuid;

use super::contender::{Backing, Contender, Kind, Order, Refusal};
use super::network::{Loss, Network};
use super::stock::Command;
use crate::{Error, embedded};

pub(super) async fn run() -> Result<(), Error> {
    let mut columns = Vec::new();
    for kind in Kind::ALL {
        let rows = Trial::open(kind).await?.rows().await;
        columns.push(rows.map_err(|refusal| refusal.of(kind))?);
    }
    println!("| what happens | {} |", Kind::ALL.map(Kind::name).join(" | "));
    println!("|---|{}", "---|".repeat(Kind::ALL.len()));
    for row in 0..columns[0].len() {
        let cells: Vec<_> = columns.iter().map(|rows| &*rows[row].1).collect();
        println!("| {} | {} |", columns[0][row].0, cells.join(" | "));
    }
    println!();
    Ok(())
}

struct Trial {
    kind: Kind,
    // Closed when it is dropped.
    _engine: Embedded,
    backing: Backing,
    network: Network,
    contender: Box<dyn Contender>,
}

type Row = (&'static str, String);

impl Trial {
    async fn open(kind: Kind) -> Result<Self, Error> {
        let engine = embedded::in_memory()?;
        let (client, network) = Network::before(&engine.client())?;
        let backing = Backing::new(client);
        let contender = kind.open(&backing).await?;
        Ok(Self { kind, _engine: engine, backing, network, contender })
    }

    async fn rows(&self) -> Result<Vec<Row>, Refusal> {
        Ok(vec![
            ("one answer lost, three events", self.after_loss(Loss::NextWrite).await?),
            (
                "answers lost until it fails, three events, given again",
                self.after_loss(Loss::FromNextWrite).await?,
            ),
            ("120 events, read by another process", self.after_snapshots().await?),
            ("history past 1 MB, read by another process", self.past_a_megabyte().await?),
            ("one event past 400 KB", self.past_an_item().await?),
        ])
    }

    /// Repeats a command whenever its author gets an error. The command has to take effect exactly
    /// once.
    async fn after_loss(&self, loss: Loss) -> Result<String, Refusal> {
        let aggregate = Uuid::now_v7();
        self.contender.execute(Order::new(aggregate, Command::lots(1))).await?;
        let order = Order::new(aggregate, Command::lots(3));
        self.network.lose(loss);
        let first = self.contender.execute(order.clone()).await;
        self.network.lose(Loss::None);
        let told = if first.is_ok() { "success" } else { "an error" };
        let mut given_again = 0;
        if first.is_err() {
            loop {
                given_again += 1;
                match self.contender.execute(order.clone()).await {
                    Ok(()) => break,
                    Err(Refusal::Conflict) if given_again < 5 => {}
                    Err(refusal) => return Ok(format!("**wrong**: {refusal}, again and again")),
                }
            }
        }
        let events = self.another().await?.load(aggregate).await?.events - 1;
        Ok(verdict(events == 3, &format!("{told}; {events} events of 3")))
    }

    /// Reads snapshots and the events after them in another process.
    async fn after_snapshots(&self) -> Result<String, Refusal> {
        const EVENTS: u32 = 120;
        let aggregate = Uuid::now_v7();
        for _ in 0..EVENTS {
            self.contender.execute(Order::new(aggregate, Command::lots(1))).await?;
        }
        let read = self.another().await?.load(aggregate).await?.events;
        Ok(verdict(read == u64::from(EVENTS), &format!("{read} in its state")))
    }

    /// Reads a history of over 1 MB, which is more than one answer of DynamoDB holds.
    async fn past_a_megabyte(&self) -> Result<String, Refusal> {
        const EVENTS: u64 = 320;
        let aggregate = Uuid::now_v7();
        let mut written = 0;
        for _ in 0..EVENTS {
            match self.contender.execute(Order::new(aggregate, Command::long(4_000))).await {
                Ok(()) => written += 1,
                Err(Refusal::Conflict) => break,
                Err(refusal) => return Err(refusal),
            }
        }
        let another = self.another().await?;
        let read = another.load(aggregate).await?.events;
        let next = another.execute(Order::new(aggregate, Command::lots(1))).await;
        let taken = match &next {
            Ok(()) => "the next command is taken".to_owned(),
            Err(refusal) => format!("the next command: {refusal}"),
        };
        let right = written == EVENTS && read == EVENTS && next.is_ok();
        Ok(verdict(right, &format!("{written} of {EVENTS} written, {read} read; {taken}")))
    }

    async fn past_an_item(&self) -> Result<String, Refusal> {
        let aggregate = Uuid::now_v7();
        let taken = self.contender.execute(Order::new(aggregate, Command::long(600_000))).await;
        let read = self.another().await?.load(aggregate).await?;
        Ok(match taken {
            Ok(()) => verdict(read.events == 1, "taken and read back"),
            Err(refusal) => format!("refused: {}", brief(&refusal.to_string())),
        })
    }

    /// Opens another process, with an empty cache.
    async fn another(&self) -> Result<Box<dyn Contender>, Refusal> {
        self.kind.open(&self.backing).await.map_err(Refusal::failed)
    }
}

fn verdict(right: bool, what: &str) -> String {
    format!("{}: {what}", if right { "right" } else { "**wrong**" })
}

/// The part of a text that fits into a cell.
fn brief(text: &str) -> String {
    const ROOM: usize = 120;
    match text.char_indices().nth(ROOM) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

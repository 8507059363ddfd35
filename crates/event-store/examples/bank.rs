//! A bank in one file: accounts, a transfer that is all or nothing, a timeline, and the proof that
//! nobody altered it. Read it from top to bottom, or run it:
//!
//! ```sh
//! cargo run -p daybook-event-store --example bank --features handler,embedded
//! ```

use std::error::Error;
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::time::SystemTime;

use event_store::dynamodb::DynamoDbStore;
use event_store::embedded::Embedded;
use event_store::handler::{
    CommandHandler, Envelope, Outcome, Refusal, TransactError, Transacted, transact,
};
use event_store::{
    Aggregate, AggregateId, ChangeSet, Context, Page, Replay, Store, Timestamp, verify,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

// The domain. Nothing here reads a clock, makes an id or waits for anything, so the same code
// decides on a server, previews in a browser, and checks a history years later.

/// An account, as its events have made it. Amounts are in cents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Account {
    owner: Option<String>,
    balance: u64,
}

/// A request to an account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Command {
    OpenAccount { owner: String },
    Deposit { cents: u64 },
    Withdraw { cents: u64 },
    SendTransfer { to: Uuid, cents: u64 },
    ReceiveTransfer { from: Uuid, cents: u64 },
}

/// A fact about an account. Events are kept forever, so each says what happened, not what to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
enum Event {
    AccountOpened { owner: String },
    Deposited { cents: u64 },
    Withdrawn { cents: u64 },
    TransferSent { to: Uuid, cents: u64 },
    TransferReceived { from: Uuid, cents: u64 },
}

/// The bank's "no, because …". A normal outcome, not a failure.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
enum Rejection {
    #[error("account not found")]
    NotOpen,
    #[error("the account is open already")]
    OpenAlready,
    #[error("the amount must be greater than zero")]
    NoAmount,
    #[error("the balance is {}, which does not cover {}", money(*.balance), money(*.cents))]
    Overdrawn { balance: u64, cents: u64 },
    #[error("no account holds more than {}", money(u64::MAX))]
    TooRich,
}

impl Aggregate for Account {
    const KIND: &'static str = "account";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;

    fn decide(&self, command: &Command, _: &Context) -> Result<Vec<Event>, Rejection> {
        let event = match *command {
            Command::OpenAccount { .. } if self.owner.is_some() => {
                return Err(Rejection::OpenAlready);
            }
            Command::OpenAccount { ref owner } => Event::AccountOpened { owner: owner.clone() },
            Command::Deposit { cents } => Event::Deposited { cents: self.takes(cents)? },
            Command::Withdraw { cents } => Event::Withdrawn { cents: self.covers(cents)? },
            Command::SendTransfer { to, cents } => {
                Event::TransferSent { to, cents: self.covers(cents)? }
            }
            Command::ReceiveTransfer { from, cents } => {
                Event::TransferReceived { from, cents: self.takes(cents)? }
            }
        };
        Ok(vec![event])
    }

    // Total: a forged history may be refused later, but must not bring the program down.
    fn evolve(mut self, event: &Event) -> Self {
        match event {
            Event::AccountOpened { owner } => self.owner = Some(owner.clone()),
            Event::Deposited { cents } | Event::TransferReceived { cents, .. } => {
                self.balance = self.balance.saturating_add(*cents);
            }
            Event::Withdrawn { cents } | Event::TransferSent { cents, .. } => {
                self.balance = self.balance.saturating_sub(*cents);
            }
        }
        self
    }

    // A command whose author has not seen the newest events is decided again on the newer balance,
    // which alone says whether there is enough.
    fn conflicts_with(_: &Command, _: &Event) -> bool {
        false
    }
}

impl Account {
    fn takes(&self, cents: u64) -> Result<u64, Rejection> {
        self.owner.as_ref().ok_or(Rejection::NotOpen)?;
        match self.balance.checked_add(cents) {
            _ if cents == 0 => Err(Rejection::NoAmount),
            Some(_) => Ok(cents),
            None => Err(Rejection::TooRich),
        }
    }

    fn covers(&self, cents: u64) -> Result<u64, Rejection> {
        self.owner.as_ref().ok_or(Rejection::NotOpen)?;
        match cents {
            0 => Err(Rejection::NoAmount),
            _ if cents > self.balance => Err(Rejection::Overdrawn { balance: self.balance, cents }),
            _ => Ok(cents),
        }
    }
}

// The bank itself: a store and a handler. The store speaks DynamoDB; here, to an engine in this
// process, in memory. For a file or an AWS account only the client differs.

type Failure = Box<dyn Error + Send + Sync>;

struct Bank {
    store: DynamoDbStore,
    accounts: CommandHandler<Account, DynamoDbStore>,
}

impl Bank {
    async fn open(engine: &Embedded) -> Result<Self, Failure> {
        let store = engine.store("bank");
        store.ensure_table().await?;
        let accounts = CommandHandler::new(store.clone(), NonZeroUsize::MIN.saturating_add(999));
        Ok(Self { store, accounts })
    }

    /// Carries out one command. The caller makes the command's id; a repeat under that id is not
    /// carried out again.
    async fn perform(
        &self,
        command_id: Uuid,
        account: Uuid,
        command: Command,
    ) -> Result<Outcome<Rejection>, Failure> {
        Ok(self.accounts.execute(&envelope(command_id, account, command)).await?)
    }

    /// Moves money from one account to another: two change sets, one transaction.
    async fn transfer(
        &self,
        from: Uuid,
        to: Uuid,
        cents: u64,
    ) -> Result<Transacted<String>, TransactError> {
        let command_id = Uuid::now_v7();
        let parts = [
            (from, Command::SendTransfer { to, cents }),
            (to, Command::ReceiveTransfer { from, cents }),
        ];
        let parts = parts.map(|(account, command)| {
            self.accounts.part(&envelope(command_id, account, command), |refusal| refused(&refusal))
        });
        transact(parts.into()).await
    }

    async fn history(&self, account: Uuid) -> Result<Vec<ChangeSet>, Failure> {
        let page = Page::After { version: 0, limit: 100 };
        Ok(self.store.change_sets(&AggregateId::of::<Account>(account), page).await?)
    }
}

fn envelope(command_id: Uuid, aggregate: Uuid, command: Command) -> Envelope<Command> {
    Envelope::new(command_id, aggregate, command, "teller@example.com", now())
}

// The output.

pub(crate) async fn tell(out: &mut impl Write) -> Result<(), Failure> {
    let engine = Embedded::in_memory()?;
    let bank = Bank::open(&engine).await?;
    // Clients make the ids, so they can use an account before they know that it exists.
    let (ada, bob) = (Uuid::now_v7(), Uuid::now_v7());

    for (account, owner) in [(ada, "Ada"), (bob, "Bob")] {
        let open = Command::OpenAccount { owner: owner.to_owned() };
        let outcome = bank.perform(Uuid::now_v7(), account, open).await?;
        writeln!(out, "open an account for {owner}: {}", said(&outcome))?;
    }
    let (command_id, deposit) = (Uuid::now_v7(), Command::Deposit { cents: 10_000 });
    for attempt in ["deposit 100.00", "the same again, because the answer was lost"] {
        let outcome = bank.perform(command_id, ada, deposit.clone()).await?;
        writeln!(out, "{attempt}: {}", said(&outcome))?;
    }
    let outcome = bank.perform(Uuid::now_v7(), ada, Command::Withdraw { cents: 500 }).await?;
    writeln!(out, "withdraw 5.00: {}", said(&outcome))?;
    for cents in [3_000, 30_000] {
        let outcome = match bank.transfer(ada, bob, cents).await? {
            Transacted::Accepted(both) => format!("done, {} change sets", both.len()),
            Transacted::Refused { refusal, .. } => refusal,
        };
        writeln!(out, "transfer {} from Ada to Bob: {outcome}", money(cents))?;
    }

    for account in [ada, bob] {
        show(out, account, &bank.history(account).await?)?;
    }
    engine.close().await;
    Ok(())
}

/// Prints a timeline, in which every figure is a replay of the change sets up to there. Then
/// verifies the history: the chain of hashes holds, and each command, decided again, gives its
/// events.
fn show(out: &mut impl Write, account: Uuid, history: &[ChangeSet]) -> Result<(), Failure> {
    let replay = Replay::<Account>::new(history)?;
    writeln!(out, "\n{}'s account", replay.head().owner.as_deref().unwrap_or("Nobody"))?;
    for change_set in history {
        let version = change_set.version;
        let events: Vec<_> = replay.events(version).iter().map(sentence).collect();
        let (balance, actor) = (replay.at(version).balance, &change_set.content().actor);
        let (events, balance) = (events.join(", "), money(balance));
        writeln!(out, "  {version}  {events:<28} {balance:>9}  by {actor}, {}", change_set.hash)?;
    }
    let id = AggregateId::of::<Account>(account);
    let found = verify::<Account>(&id, history);
    writeln!(out, "  as it was written: {}", if found.ok { "yes" } else { "no" })?;

    // An operator of the table can change what is in it, but not unnoticed.
    let forged: Vec<_> = history.iter().map(forge).collect::<Result<_, _>>()?;
    let found = verify::<Account>(&id, &forged);
    let problem = found.problem.as_deref().unwrap_or("as it was written");
    writeln!(out, "  with a 9 before each amount: {problem}")?;
    Ok(())
}

/// The change set as a forger would like it to have been.
fn forge(change_set: &ChangeSet) -> Result<ChangeSet, Failure> {
    let ChangeSet { aggregate, version, prev, hash, .. } = change_set.clone();
    let body = change_set.body().replace("\"cents\":", "\"cents\":9");
    Ok(ChangeSet::from_parts(aggregate, version, prev, hash, body)?)
}

fn said(outcome: &Outcome<Rejection>) -> String {
    match outcome {
        Outcome::Accepted(accepted) if accepted.duplicate => {
            format!("already done, as version {}", accepted.change_set.version)
        }
        Outcome::Accepted(accepted) => format!("done, version {}", accepted.change_set.version),
        Outcome::Refused(refusal) => refused(refusal),
    }
}

fn refused(refusal: &Refusal<Rejection>) -> String {
    match refusal {
        Refusal::Rejected { rejection, .. } => format!("no: {rejection}"),
        Refusal::Conflict { .. } => "no: the account has changed in the meantime".to_owned(),
        Refusal::CommandIdReused { .. } => "no: this id belongs to another command".to_owned(),
        other => format!("no: {other:?}"),
    }
}

fn sentence(event: &Event) -> String {
    match event {
        Event::AccountOpened { owner } => format!("opened for {owner}"),
        Event::Deposited { cents } => format!("deposited {}", money(*cents)),
        Event::Withdrawn { cents } => format!("withdrew {}", money(*cents)),
        Event::TransferSent { cents, .. } => format!("sent {}", money(*cents)),
        Event::TransferReceived { cents, .. } => format!("received {}", money(*cents)),
    }
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// The server's clock. The store has none: the time comes with each command.
fn now() -> Timestamp {
    SystemTime::now().into()
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    tell(&mut io::stdout()).await
}

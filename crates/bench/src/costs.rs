//! Requests and capacity units per command, as DynamoDB bills them.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use domain::inventory_item::InventoryItemCommand;
use domain::sku::ClaimSku;
use domain::{InventoryItem, Sku};
use event_store::Head;
use event_store::dynamodb::{DynamoDbStore, Observer, Request};
use event_store::handler::{CommandHandler, Outcome, Transacted, transact};
use uuid::Uuid;

use crate::embedded::{self, TABLE};
use crate::{Error, work};

/// Records the requests of a store.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Vec<Request>>);

impl Observer for Ledger {
    fn request(&self, request: &Request) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(*request);
    }
}

impl Ledger {
    /// Takes the requests since the last call.
    pub(crate) fn settle(&self) -> Bill {
        Bill(std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Requests, shown as three cells of a table: requests, read units, write units.
pub(crate) struct Bill(Vec<Request>);

impl fmt::Display for Bill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(requests) = self;
        let names: Vec<_> = requests.iter().map(|r| r.operation).collect();
        let read: f64 = requests.iter().map(|r| r.read_units).sum();
        let write: f64 = requests.iter().map(|r| r.write_units).sum();
        write!(f, "{} ({}) | {read} | {write}", names.len(), names.join(" + "))
    }
}

type Handler = CommandHandler<InventoryItem, DynamoDbStore>;

pub(crate) async fn run() -> Result<(), Error> {
    let engine = embedded::in_memory()?;
    let ledger = Arc::new(Ledger::default());
    let store = engine.store(TABLE);
    store.ensure_table().await?;
    let store = store.observed_by(ledger.clone());
    let warm = handler(&store);
    let item = Uuid::now_v7();

    println!("| what | requests | read units | write units | body |");
    println!("|---|---|---|---|---|");
    ledger.settle();
    let body = create(&store, &warm, item).await?;
    row("create and claim the SKU, nothing cached", &ledger, body);
    let body = command(&warm, item, work::check_in(1182)).await?;
    row("check in, head cached (steady state)", &ledger, body);
    for number in 2..=9 {
        command(&warm, item, work::check_in(number)).await?;
    }
    ledger.settle();
    let body = command(&handler(&store), item, work::check_in(10)).await?;
    row("check in, cold, 10 change sets", &ledger, body);
    let body = command(&warm, item, work::check_in(11)).await?;
    row("check in, after losing a race to another node", &ledger, body);
    for length in [100, 1_000] {
        while command_count(&store, item).await? < length {
            command(&warm, item, work::check_in(length)).await?;
        }
        // Snapshots are written in the background.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        ledger.settle();
        Head::<InventoryItem>::load(&store, item, None).await?;
        row(&format!("load, {length} change sets"), &ledger, 0);
    }
    println!();
    Ok(())
}

fn handler(store: &DynamoDbStore) -> Handler {
    CommandHandler::new(store.clone(), NonZeroUsize::MIN.saturating_add(100))
}

async fn command_count(store: &DynamoDbStore, item: Uuid) -> Result<u64, Error> {
    Ok(Head::<InventoryItem>::load(store, item, None).await?.version)
}

async fn command(
    handler: &Handler,
    item: Uuid,
    command: InventoryItemCommand,
) -> Result<usize, Error> {
    match handler.execute(&work::envelope(item, command)).await? {
        Outcome::Accepted(accepted) => Ok(accepted.change_set.body().len()),
        other => Err(Error::Daybook(format!("a measured command was not accepted: {other:?}"))),
    }
}

/// Creates an item and its SKU in one transaction, as the server does.
async fn create(store: &DynamoDbStore, items: &Handler, item: Uuid) -> Result<usize, Error> {
    let skus = CommandHandler::<Sku, _>::new(store.clone(), NonZeroUsize::MIN);
    let sku = "BENCH-000001".to_owned();
    let claim = work::envelope(Sku::id(&sku), ClaimSku { sku, item }.into());
    let own = items.part(&work::envelope(item, work::create(1)), |_| ());
    match transact(vec![own, skus.part(&claim, |_| ())]).await {
        Ok(Transacted::Accepted(both)) => {
            Ok(both.iter().map(|accepted| accepted.change_set.body().len()).sum())
        }
        other => Err(Error::Daybook(format!("a measured command was not accepted: {other:?}"))),
    }
}

fn row(what: &str, ledger: &Ledger, body: usize) {
    println!("| {what} | {} | {body} B |", ledger.settle());
}

use domain::inventory_item::{CreateInventoryItem, InventoryItemCommand};
use domain::location::RegisterLocation;
use domain::{InventoryItem, Location};
use event_store::{Aggregate, AggregateId, Context, Timestamp};
use uuid::Uuid;

use super::assortment::Article;
use super::chance::Chance;
use super::{Planned, PlannedCommand};

/// The books as they stand, and everything that was written into them.
#[derive(Clone, Debug)]
pub(super) struct Books {
    pub(super) planned: Vec<Planned>,
    accounts: Vec<Account>,
    /// The generator of ids. It is separate from that of people's actions, so that a change in
    /// those leaves the ids before it as they are.
    ids: Chance,
    now: Timestamp,
}

/// One article and its item in the books.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) article: &'static Article,
    pub(super) item: InventoryItem,
    id: Uuid,
}

/// A person at work: the moment, the name, and the delivery or count that the work is part of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occasion {
    pub(super) at: Timestamp,
    pub(super) actor: &'static str,
    pub(super) part_of: Option<Uuid>,
}

impl Books {
    pub(super) const fn new() -> Self {
        let ids = Chance::seeded(0x001d_5eed);
        Self { planned: Vec::new(), accounts: Vec::new(), ids, now: Timestamp::from_millis(0) }
    }

    /// Returns the articles that have an item, by place.
    pub(super) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    pub(super) fn find(&self, sku: &str) -> Option<usize> {
        self.accounts.iter().position(|account| account.article.sku == sku)
    }

    /// Returns the id of a new piece of work, which several entries are part of.
    pub(super) fn piece_of_work(&mut self, at: Timestamp) -> Uuid {
        self.ids.id(at)
    }

    /// Puts an article on the books.
    pub(super) fn open(&mut self, entry: Occasion, article: &'static Article) {
        let id = self.ids.id(entry.at);
        self.accounts.push(Account { article, item: InventoryItem::default(), id });
        let create = CreateInventoryItem {
            sku: article.sku.to_owned(),
            name: article.name.to_owned(),
            unit: article.unit.to_owned(),
            max_quantity: article.max_quantity,
        };
        self.write(entry, self.accounts.len() - 1, create);
    }

    /// Puts a location on the books, and returns its id.
    pub(super) fn register(&mut self, entry: Occasion, code: &str, name: &str) -> Uuid {
        let id = self.ids.id(entry.at);
        let register = RegisterLocation { code: code.to_owned(), name: name.to_owned() };
        self.write_of(entry, id, &Location::default(), register.into());
        id
    }

    /// Writes down a command to the item of the article at this place.
    pub(super) fn write(
        &mut self,
        entry: Occasion,
        place: usize,
        command: impl Into<InventoryItemCommand>,
    ) {
        let Some(Account { id, item, .. }) = self.accounts.get(place).cloned() else { return };
        let after = self.write_of(entry, id, &item, command.into());
        if let (Some(after), Some(account)) = (after, self.accounts.get_mut(place)) {
            account.item = after;
        }
    }

    /// Writes down a command that the domain accepts, and returns the state after it; a refused one
    /// did not happen. Time never runs back: an entry that is too early is moved to a second after
    /// the one before.
    fn write_of<A>(
        &mut self,
        entry: Occasion,
        id: Uuid,
        state: &A,
        command: A::Command,
    ) -> Option<A>
    where
        A: Aggregate<Command: Into<PlannedCommand>>,
    {
        let recorded_at = entry.at.max(self.now.minus_millis(-1_000));
        let command_id = self.ids.id(recorded_at);
        let correlation_id = entry.part_of.unwrap_or(command_id);
        let context = Context {
            command_id,
            actor: entry.actor.to_owned(),
            recorded_at,
            rules: A::RULES,
            correlation_id,
            causation_id: None,
        };
        let events = state.decide(&command, &context).ok()?;
        self.now = recorded_at;
        self.planned.push(Planned {
            aggregate: AggregateId::of::<A>(id),
            command_id,
            correlation_id,
            actor: entry.actor,
            recorded_at,
            command: command.into(),
        });
        Some(events.iter().fold(state.clone(), A::evolve))
    }
}

use domain::inventory_item::{
    AdjustStock, CheckInItems, RemovalReason, RemoveItems, SetReorderLevel,
};
use event_store::Timestamp;
use time::Date;
use time::macros::date;

use super::assortment::{ASSORTMENT, Article, Supplier};
use super::books::{Account, Occasion};
use super::days::Company;
use super::people::{OWNER, STOCKROOM};

/// Additions to the shelves, and counts. A delivery or a count is one piece of work of many
/// entries.
impl Company {
    pub(super) fn introduce(&mut self, day: Date, moment: Timestamp) {
        let mut at = moment;
        for article in ASSORTMENT.iter().filter(|article| article.since == day) {
            at = self.a_while_after(at, 35, 80);
            self.books.open(Occasion { at, actor: OWNER, part_of: None }, article);
            at = self.a_while_after(at, 12, 40);
            let place = self.books.accounts().len() - 1;
            let level = SetReorderLevel { level: article.reorder_level };
            self.books.write(Occasion { at, actor: OWNER, part_of: None }, place, level);
        }
    }

    pub(super) fn fill_the_shelves(&mut self, moment: Timestamp) {
        let part_of = Some(self.books.piece_of_work(moment));
        let mut at = moment;
        for place in 0..self.books.accounts().len() {
            at = self.a_while_after(at, 60, 200);
            let article = self.books.accounts()[place].article;
            let check_in = CheckInItems {
                quantity: article.target * self.chance.between(60, 100) / 100,
                location: None,
                reference: Some("Opening stock".to_owned()),
                unit_cost: Some(article.unit_cost),
            };
            self.books.write(Occasion { at, actor: STOCKROOM, part_of }, place, check_in);
        }
    }

    /// Fills up what is at its reorder level. Now and then something in the box is faulty and goes
    /// back with the driver.
    pub(super) fn deliver(&mut self, day: Date, moment: Timestamp, supplier: Supplier) {
        let due = |account: &Account| account.article.supplier == supplier && is_due(account);
        let places: Vec<_> = (0..self.books.accounts().len())
            .filter(|place| due(&self.books.accounts()[*place]))
            .collect();
        if places.is_empty() {
            return;
        }
        let part_of = Some(self.books.piece_of_work(moment));
        self.last_order += self.chance.between(1, 3);
        let mut at = moment;
        for place in places {
            at = self.a_while_after(at, 45, 150);
            let account = &self.books.accounts()[place];
            let check_in = CheckInItems {
                quantity: ordered(account),
                location: None,
                reference: Some(format!("PO {}", self.last_order)),
                unit_cost: Some(price(account.article, day)),
            };
            let entry = Occasion { at, actor: STOCKROOM, part_of };
            self.books.write(entry, place, check_in);
            if self.chance.permille(60) {
                at = self.a_while_after(at, 20, 60);
                let reason = RemovalReason::ReturnedToSupplier;
                let quantity = self.chance.between(1, 2);
                let faulty = RemoveItems { quantity, location: None, reason };
                self.books.write(Occasion { at, ..entry }, place, faulty);
            }
        }
    }

    pub(super) fn count(&mut self, moment: Timestamp) {
        let part_of = Some(self.books.piece_of_work(moment));
        let mut at = moment;
        for place in 0..self.books.accounts().len() {
            at = self.a_while_after(at, 40, 140);
            let (off, reason) = match self.chance.between(1, 10) {
                1 => (-2, "Monthly count: used in the workshop without being booked"),
                2 | 3 => (-1, "Monthly count: one is missing"),
                4 => (1, "Monthly count: found in the workshop"),
                _ => continue,
            };
            let counted = self.on_hand(place).saturating_add(off).max(0);
            let adjust = AdjustStock { counted, location: None, reason: reason.to_owned() };
            self.books.write(Occasion { at, actor: STOCKROOM, part_of }, place, adjust);
        }
    }
}

/// Returns whether an order is due: when the level is reached, a little before it is undercut.
fn is_due(Account { item, .. }: &Account) -> bool {
    item.active && item.reorder_level.is_some_and(|level| item.on_hand <= level)
}

/// Returns the quantity to order: whole packs of five where stocks are large, and never more than
/// the maximum allows.
fn ordered(Account { article, item, .. }: &Account) -> i64 {
    let target = article.target.max(2 * item.reorder_level.unwrap_or(0));
    let pack = if target < 20 { 1 } else { 5 };
    let missing = (target - item.on_hand + pack - 1) / pack * pack;
    missing.min(item.max_quantity.unwrap_or(i64::MAX) - item.on_hand)
}

/// Returns the price of one. Rubber becomes dearer in October.
fn price(article: &Article, day: Date) -> i64 {
    match article.supplier {
        Supplier::Velofin if day >= date!(2026 - 10 - 01) => article.unit_cost * 104 / 100,
        _ => article.unit_cost,
    }
}

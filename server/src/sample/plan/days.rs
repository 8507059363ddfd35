//! The course of a day: deliveries in the morning, customers and repairs until closing, now and
//! then a decision, and a count at the end of the month.

use domain::inventory_item::{RemovalReason, RemoveItems};
use event_store::Timestamp;
use time::Date;

use super::assortment::Supplier;
use super::books::{Books, Occasion};
use super::calendar::{self, FIRST, at};
use super::chance::Chance;
use super::story::{STORY, Step};

/// The company at work.
#[derive(Clone, Debug)]
pub(super) struct Company {
    pub(super) books: Books,
    pub(super) chance: Chance,
    /// The number of the newest purchase order.
    pub(super) last_order: i64,
}

/// An activity that is planned for a day.
#[derive(Clone, Copy, Debug)]
pub(super) enum Doing {
    /// New articles come onto the books.
    Introduce,
    FillTheShelves,
    Decide(&'static Step),
    Take {
        place: usize,
        reason: RemovalReason,
        actor: &'static str,
    },
    Deliver(Supplier),
    Count,
}

impl Company {
    pub(super) const fn new() -> Self {
        Self { books: Books::new(), chance: Chance::seeded(0x0b1c_7c1e), last_order: 1_140 }
    }

    /// Plans a day and carries it out. What can be foreseen is sorted by time first; the quantities
    /// are decided when their time has come, on the books as they are then.
    pub(super) fn spend(&mut self, day: Date) {
        let mut doings = vec![(at(day, 8 * 60 + 5), Doing::Introduce)];
        doings.extend(self.decisions(day));
        if day == FIRST {
            doings.push((at(day, 10 * 60), Doing::FillTheShelves));
        } else {
            doings.extend(self.customers_and_repairs(day));
            doings.extend(self.mishaps(day));
            doings.extend(self.deliveries(day));
        }
        if calendar::is_day_of_count(day) {
            doings.push((at(day, 14 * 60 + 15), Doing::Count));
        }
        doings.sort_by_key(|(moment, _)| *moment);
        for (moment, doing) in doings {
            self.carry_out(day, moment, doing);
        }
    }

    fn decisions(&mut self, day: Date) -> Vec<(Timestamp, Doing)> {
        let steps = STORY.iter().filter(|step| step.is_on(day));
        steps.map(|step| (self.within(at(day, step.minutes)), Doing::Decide(step))).collect()
    }

    fn deliveries(&mut self, day: Date) -> Option<(Timestamp, Doing)> {
        let supplier = Supplier::on(day)?;
        let minutes = self.chance.between(8 * 60 + 40, 11 * 60);
        Some((self.within(at(day, minutes)), Doing::Deliver(supplier)))
    }

    fn carry_out(&mut self, day: Date, moment: Timestamp, doing: Doing) {
        match doing {
            Doing::Introduce => self.introduce(day, moment),
            Doing::FillTheShelves => self.fill_the_shelves(moment),
            Doing::Decide(step) => self.decide(moment, step),
            Doing::Take { place, reason, actor } => {
                let most = self.books.accounts()[place].article.handful;
                let quantity = self.chance.between(1, most).min(self.on_hand(place));
                let entry = Occasion { at: moment, actor, part_of: None };
                let remove = RemoveItems { quantity, location: None, reason };
                self.books.write(entry, place, remove);
            }
            Doing::Deliver(supplier) => self.deliver(day, moment, supplier),
            Doing::Count => self.count(moment),
        }
    }

    fn decide(&mut self, moment: Timestamp, step: &Step) {
        let Some(place) = self.books.find(step.sku) else { return };
        let command = (step.command)(&self.books.accounts()[place].item);
        let entry = Occasion { at: moment, actor: step.actor, part_of: None };
        self.books.write(entry, place, command);
    }

    pub(super) fn on_hand(&self, place: usize) -> i64 {
        self.books.accounts()[place].item.on_hand
    }

    /// Returns a random time within this minute.
    pub(super) fn within(&mut self, minute: Timestamp) -> Timestamp {
        minute.minus_millis(-self.chance.between(0, 59_999))
    }

    /// Returns a random time from `least` to `most` seconds later.
    pub(super) fn a_while_after(&mut self, moment: Timestamp, least: i64, most: i64) -> Timestamp {
        moment.minus_millis(-self.chance.between(least * 1_000, most * 1_000))
    }
}

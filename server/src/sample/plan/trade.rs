use domain::inventory_item::RemovalReason;
use event_store::Timestamp;
use time::{Date, Weekday};

use super::assortment::{Article, Leaves};
use super::calendar::{self, at};
use super::days::{Company, Doing};
use super::people::{APPRENTICE, MECHANIC, OWNER, SHOP, STOCKROOM};

impl Company {
    pub(super) fn customers_and_repairs(&mut self, day: Date) -> Vec<(Timestamp, Doing)> {
        let mut doings = Vec::new();
        for place in 0..self.books.accounts().len() {
            let article = self.books.accounts()[place].article;
            // Saturdays are half as long as other days and twice as busy.
            let permille = article.weekly * 1_000 / 6 * article.season.percent(day.month()) / 100;
            let often = permille / 1_000 + i64::from(self.chance.permille(permille % 1_000));
            for _ in 0..often {
                let moment = self.moment_of(day);
                doings.push((moment, self.take(place, article, day)));
            }
        }
        doings
    }

    fn take(&mut self, place: usize, article: &Article, day: Date) -> Doing {
        let sold = match article.leaves {
            Leaves::Sold => true,
            Leaves::Used => false,
            Leaves::Either => self.chance.permille(400),
        };
        if sold {
            let saturday = day.weekday() == Weekday::Saturday;
            let actor = if saturday { OWNER } else { SHOP };
            return Doing::Take { place, reason: RemovalReason::Sold, actor };
        }
        let actor = self.chance.pick([MECHANIC, MECHANIC, APPRENTICE]);
        Doing::Take { place, reason: RemovalReason::Used, actor }
    }

    pub(super) fn mishaps(&mut self, day: Date) -> Option<(Timestamp, Doing)> {
        if !self.chance.permille(400) {
            return None;
        }
        let place = self.chance.index(self.books.accounts().len());
        let (reason, actor) = self.chance.pick([
            (RemovalReason::Damaged, APPRENTICE),
            (RemovalReason::Damaged, MECHANIC),
            (RemovalReason::Damaged, SHOP),
            (RemovalReason::Lost, APPRENTICE),
            (RemovalReason::Lost, STOCKROOM),
            (RemovalReason::Sample, SHOP),
        ]);
        Some((self.moment_of(day), Doing::Take { place, reason, actor }))
    }

    fn moment_of(&mut self, day: Date) -> Timestamp {
        let (opens, closes) = calendar::opening_hours(day);
        let minutes = self.chance.between(opens, closes - 1);
        self.within(at(day, minutes))
    }
}

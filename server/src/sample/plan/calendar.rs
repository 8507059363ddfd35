//! The working calendar of the company. Its clock is on UTC all year, as clocks in Reykjavík are.

use event_store::Timestamp;
use time::macros::date;
use time::{Date, Duration, Month, Weekday};

/// The day on which the books begin: the shop is closed and the shelves are counted.
pub(super) const FIRST: Date = date!(2026 - 08 - 24);
/// The last day on which the stock was at one place.
pub(super) const LAST: Date = date!(2026 - 11 - 20);
/// The last day of the sample, on which the stock is assigned to locations.
pub(super) const MOVE: Date = date!(2026 - 11 - 21);

/// Returns the working days, Mondays to Saturdays.
pub(super) fn working_days() -> impl Iterator<Item = Date> {
    let days = std::iter::successors(Some(FIRST), |day| day.next_day());
    days.take_while(|day| *day <= LAST).filter(|day| day.weekday() != Weekday::Sunday)
}

/// Returns the moment of a day that is this many minutes after midnight.
pub(super) const fn at(day: Date, minutes: i64) -> Timestamp {
    let midnight = day.midnight().assume_utc().unix_timestamp();
    Timestamp::from_millis((midnight + minutes * 60) * 1000)
}

/// Returns the opening hours of the shop, in minutes after midnight.
pub(super) const fn opening_hours(day: Date) -> (i64, i64) {
    match day.weekday() {
        Weekday::Saturday => (10 * 60, 14 * 60),
        _ => (9 * 60, 18 * 60),
    }
}

/// Returns whether the shelves are counted, which is after closing on the last Saturday of a month.
pub(super) fn is_day_of_count(day: Date) -> bool {
    day.weekday() == Weekday::Saturday && (day + Duration::WEEK).month() != day.month()
}

/// The course of the demand over the year, in percent of the usual demand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Season {
    Steady,
    Summer,
    Winter,
}

impl Season {
    pub(super) const fn percent(self, month: Month) -> i64 {
        match (self, month) {
            (Self::Summer, Month::August) => 150,
            (Self::Summer, Month::September) => 110,
            (Self::Summer, Month::October) => 60,
            (Self::Summer, _) => 30,
            (Self::Winter, Month::August) => 40,
            (Self::Winter, Month::September) => 80,
            (Self::Winter, Month::October) => 140,
            (Self::Winter, _) => 190,
            (Self::Steady, _) => 100,
        }
    }
}

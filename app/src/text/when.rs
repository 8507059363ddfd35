use event_store::Timestamp;
use time::{Date, OffsetDateTime};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Formats the moment with full precision: `2026-11-18 10:42:07.113 UTC`.
pub fn exact(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {} UTC", part(&text, 0, 10), part(&text, 11, 23))
}

/// Formats the moment to the minute: `2026-11-18 10:42 UTC`.
pub fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {} UTC", part(&text, 0, 10), part(&text, 11, 16))
}

/// Formats the time of day: `10:42 UTC`.
pub fn clock_time(at: Timestamp) -> String {
    format!("{} UTC", part(&at.to_string(), 11, 16))
}

/// Formats the day in words: `18 November 2026`.
pub fn long_date(at: Timestamp) -> String {
    let text = at.to_string();
    let month = part(&text, 5, 7).parse::<usize>().ok().and_then(|m| MONTHS.get(m.wrapping_sub(1)));
    let day = part(&text, 8, 10).trim_start_matches('0');
    format!("{day} {} {}", month.unwrap_or(&"?"), part(&text, 0, 4))
}

/// Formats the moment in the reader's time zone: `18 November 2026, 11:42:07 UTC+01:00`.
///
/// The `offset` function returns the minutes by which that zone is ahead of UTC at a time in
/// milliseconds.
pub fn local(at: Timestamp, offset: impl Fn(i64) -> i64) -> String {
    let minutes = offset(at.as_millis());
    let sign = if minutes < 0 { '−' } else { '+' };
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let here = Timestamp::from_millis(shifted(at.as_millis(), |_| minutes));
    let time = part(&here.to_string(), 11, 19).to_owned();
    format!("{}, {time} UTC{sign}{hours:02}:{rest:02}", long_date(here))
}

/// Formats the day in the reader's time zone, in words: `18 November 2026`.
pub fn local_date(at: Timestamp, offset: impl Fn(i64) -> i64) -> String {
    long_date(Timestamp::from_millis(shifted(at.as_millis(), offset)))
}

/// Formats the distance between the moment and `now_ms` as people count.
///
/// Minutes count up to an hour, hours up to midnight in the reader's time zone, then days, weeks,
/// months and years of the calendar. Clocks differ, so `just now` includes a moment less than a
/// minute ahead.
pub fn relative(at: Timestamp, now_ms: i64, offset: impl Fn(i64) -> i64) -> String {
    let at = at.as_millis();
    let seconds = now_ms.saturating_sub(at) / 1000;
    let (earlier, later) = if seconds < 0 { (now_ms, at) } else { (at, now_ms) };
    let (earlier, later) = (date(shifted(earlier, &offset)), date(shifted(later, &offset)));
    let days = i64::from(later.to_julian_day() - earlier.to_julian_day());
    let (count, unit) = match (seconds.abs(), days) {
        (..MINUTE, _) => return "just now".to_owned(),
        (past @ ..HOUR, _) => (past / MINUTE, "minute"),
        (past, 0) => (past / HOUR, "hour"),
        (_, 1) => return if seconds < 0 { "tomorrow" } else { "yesterday" }.to_owned(),
        (_, ..14) => (days, "day"),
        _ => match months(earlier, later) {
            ..2 => (days / 7, "week"),
            months @ ..24 => (months, "month"),
            months => (months / 12, "year"),
        },
    };
    let span = format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    if seconds < 0 { format!("in {span}") } else { format!("{span} ago") }
}

fn shifted(ms: i64, offset: impl Fn(i64) -> i64) -> i64 {
    ms.saturating_add(offset(ms).saturating_mul(MINUTE * 1000))
}

fn date(ms: i64) -> Date {
    OffsetDateTime::from_unix_timestamp(ms.div_euclid(1000)).map_or(Date::MIN, OffsetDateTime::date)
}

/// Returns the whole months of the calendar between two days.
fn months(earlier: Date, later: Date) -> i64 {
    let count = |day: Date| i64::from(day.year()) * 12 + i64::from(u8::from(day.month()));
    count(later) - count(earlier) - i64::from(later.day() < earlier.day())
}

fn part(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEN: i64 = 1_763_890_927_007;

    #[test]
    fn an_exact_time_names_its_zone() {
        let at = Timestamp::from_millis(THEN);
        assert_eq!(exact(at), "2025-11-23 09:42:07.007 UTC");
        assert_eq!(minute(at), "2025-11-23 09:42 UTC");
        assert_eq!(clock_time(at), "09:42 UTC");
        assert_eq!(long_date(at), "23 November 2025");
    }

    const HOUR_MS: i64 = HOUR * 1000;
    const DAY_MS: i64 = 24 * HOUR_MS;

    fn seen(after_ms: i64, offset: i64) -> String {
        relative(Timestamp::from_millis(THEN), THEN + after_ms, |_| offset)
    }

    #[test]
    fn the_day_before_is_yesterday_whatever_the_hour() {
        // The time is 09:42 in UTC, 23:42 at UTC+14, and 00:42 at UTC−9.
        for (offset, hours, text) in [
            (0, 14, "14 hours ago"),
            (0, 15, "yesterday"),
            (0, 38, "yesterday"),
            (0, 39, "2 days ago"),
            (14 * 60, 1, "yesterday"),
            (14 * 60, 25, "2 days ago"),
            (-9 * 60, 23, "23 hours ago"),
            (-9 * 60, 24, "yesterday"),
        ] {
            assert_eq!(seen(hours * HOUR_MS, offset), text, "{offset} {hours}");
        }
    }

    #[test]
    fn days_are_counted_in_the_zone_across_a_clock_change() {
        // At 01:00 UTC on that day the zone's clock goes back an hour: two noons are 25 hours
        // apart.
        let change = THEN - 8 * HOUR_MS - 42 * 60_000;
        let offset = |ms: i64| if ms < change { 120 } else { 60 };
        let noon_before = Timestamp::from_millis(change - 15 * HOUR_MS);
        assert_eq!(relative(noon_before, change + 10 * HOUR_MS, offset), "yesterday");
        assert_eq!(local(noon_before, offset), "22 November 2025, 12:00:07 UTC+02:00");
    }

    #[test]
    fn a_local_time_names_its_zone() {
        let at = Timestamp::from_millis(THEN);
        let cases = [
            (0, "23 November 2025, 09:42:07 UTC+00:00"),
            (345, "23 November 2025, 15:27:07 UTC+05:45"),
            (-630, "22 November 2025, 23:12:07 UTC−10:30"),
        ];
        for (minutes, text) in cases {
            assert_eq!(local(at, |_| minutes), text);
        }
    }

    #[test]
    fn a_relative_time_takes_the_largest_unit_that_fits() {
        let cases = [
            (-59_000, "just now"),
            (59_000, "just now"),
            (60_000, "1 minute ago"),
            (59 * 60_000, "59 minutes ago"),
            (2 * HOUR_MS, "2 hours ago"),
            (2 * DAY_MS, "2 days ago"),
            (13 * DAY_MS, "13 days ago"),
            (14 * DAY_MS, "2 weeks ago"),
            (60 * DAY_MS, "8 weeks ago"),
            (61 * DAY_MS, "2 months ago"),
            (729 * DAY_MS, "23 months ago"),
            (730 * DAY_MS, "2 years ago"),
            (1095 * DAY_MS, "2 years ago"),
            (1096 * DAY_MS, "3 years ago"),
        ];
        for (after, text) in cases {
            assert_eq!(seen(after, 0), text, "{after}");
        }
    }

    #[test]
    fn a_time_ahead_of_the_clock_is_in_the_future() {
        let cases = [
            (-61_000, "in 1 minute"),
            (-3 * HOUR_MS, "in 3 hours"),
            (-DAY_MS, "tomorrow"),
            (-366 * DAY_MS, "in 12 months"),
        ];
        for (after, text) in cases {
            assert_eq!(seen(after, 0), text, "{after}");
        }
    }
}

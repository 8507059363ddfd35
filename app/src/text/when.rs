use event_store::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
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

/// The moment as exactly as it is kept: `2026-11-18 10:42:07.113 UTC`.
pub fn exact(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {} UTC", part(&text, 0, 10), part(&text, 11, 23))
}

/// The moment to the minute: `2026-11-18 10:42 UTC`.
pub fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    format!("{} {} UTC", part(&text, 0, 10), part(&text, 11, 16))
}

/// The time of day: `10:42 UTC`.
pub fn clock_time(at: Timestamp) -> String {
    format!("{} UTC", part(&at.to_string(), 11, 16))
}

/// The day in words: `18 November 2026`.
pub fn long_date(at: Timestamp) -> String {
    let text = at.to_string();
    let month = part(&text, 5, 7).parse::<usize>().ok().and_then(|m| MONTHS.get(m.wrapping_sub(1)));
    let day = part(&text, 8, 10).trim_start_matches('0');
    format!("{day} {} {}", month.unwrap_or(&"?"), part(&text, 0, 4))
}

/// How long before `now_ms` it was, in the largest unit that fits. A clock that is behind the
/// server's sees no future: that is `just now` as well.
pub fn relative(at: Timestamp, now_ms: i64) -> String {
    let seconds = now_ms.saturating_sub(at.as_millis()) / 1000;
    let ago =
        |count: i64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match seconds {
        ..MINUTE => "just now".to_owned(),
        MINUTE..HOUR => ago(seconds / MINUTE, "minute"),
        HOUR..DAY => ago(seconds / HOUR, "hour"),
        _ if seconds < 2 * DAY => "yesterday".to_owned(),
        _ if seconds < 14 * DAY => ago(seconds / DAY, "day"),
        _ if seconds < 60 * DAY => ago(seconds / (7 * DAY), "week"),
        _ if seconds < 730 * DAY => ago(seconds / (30 * DAY), "month"),
        _ => ago(seconds / (365 * DAY), "year"),
    }
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

    #[test]
    fn a_relative_time_takes_the_largest_unit_that_fits() {
        let cases = [
            (-5, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (2 * HOUR, "2 hours ago"),
            (DAY, "yesterday"),
            (2 * DAY, "2 days ago"),
            (14 * DAY, "2 weeks ago"),
            (60 * DAY, "2 months ago"),
            (730 * DAY, "2 years ago"),
        ];
        for (seconds, text) in cases {
            assert_eq!(relative(Timestamp::from_millis(THEN), THEN + seconds * 1000), text);
        }
    }
}

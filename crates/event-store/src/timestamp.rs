use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};
use uuid::Uuid;

/// A moment in UTC, to the millisecond; on the wire RFC 3339, always with three decimals and `Z`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment so many milliseconds after the Unix epoch, clamped to the years 0 to 9999, which
    /// RFC 3339 can write.
    pub const fn from_millis(millis: i64) -> Self {
        const EARLIEST: i64 = -62_167_219_200_000;
        const LATEST: i64 = 253_402_300_799_999;
        Self(if millis < EARLIEST {
            EARLIEST
        } else if millis > LATEST {
            LATEST
        } else {
            millis
        })
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time at which a UUIDv7 was made (RFC 9562, 5.7); `None` for any other version.
    pub fn of_uuid(id: Uuid) -> Option<Self> {
        if id.get_version_num() != 7 {
            return None;
        }
        let (seconds, nanos) = id.get_timestamp()?.to_unix();
        let millis = i64::try_from(seconds).ok()?.checked_mul(1000)?;
        Some(Self::from_millis(millis.saturating_add(i64::from(nanos / 1_000_000))))
    }

    /// The moment this many milliseconds earlier.
    #[must_use]
    pub const fn minus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_sub(millis))
    }
}

/// A clock's reading, to the millisecond. The core reads no clock itself.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self::from_millis(millis(since)),
            Err(before) => Self::from_millis(-millis(before.duration())),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        );
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .map_err(|_| fmt::Error)?;
        f.write_str(&moment.format(&format).map_err(|_| fmt::Error)?)
    }
}

/// Text that is not an RFC 3339 date and time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an RFC 3339 date and time such as 2026-11-23T09:30:00.000Z")]
pub struct InvalidTimestamp(String);

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidTimestamp(text.to_owned());
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| invalid())?;
        let nanos = moment.to_offset(UtcOffset::UTC).unix_timestamp_nanos();
        Ok(Self::from_millis(i64::try_from(nanos.div_euclid(1_000_000)).map_err(|_| invalid())?))
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTimestamp;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_in_utc_with_milliseconds_and_read_from_any_offset() {
        let written = Timestamp::from_millis(1_763_890_200_007).to_string();
        assert_eq!(written, "2025-11-23T09:30:00.007Z");
        assert_eq!(
            "2025-11-23T10:30:00.007+01:00".parse(),
            Ok(Timestamp::from_millis(1_763_890_200_007))
        );
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn a_timestamp_in_json_is_the_moment_that_was_written() {
        let moment = serde_json::from_str::<Timestamp>(r#""2025-11-23T09:30:00.007Z""#);
        assert_eq!(moment.ok(), Some(Timestamp::from_millis(1_763_890_200_007)));
        assert!(serde_json::from_str::<Timestamp>(r#""yesterday""#).is_err());
    }

    #[test]
    fn a_clock_reading_becomes_a_timestamp() {
        let moment = UNIX_EPOCH + Duration::from_micros(1_763_890_200_007_999);
        assert_eq!(Timestamp::from(moment), Timestamp::from_millis(1_763_890_200_007));
        let before = UNIX_EPOCH - Duration::from_millis(5);
        assert_eq!(Timestamp::from(before), Timestamp::from_millis(-5));
    }

    #[test]
    fn a_moment_outside_the_years_0_to_9999_is_clamped() {
        for (millis, written) in [
            (i64::MIN, "0000-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (i64::MAX, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_millis(millis).to_string(), written);
        }
    }

    #[test]
    fn only_a_uuid_of_version_7_gives_a_timestamp() {
        let id = Uuid::parse_str("019a0000-1234-7000-8000-000000000000").unwrap_or_default();
        assert_eq!(Timestamp::of_uuid(id), Some(Timestamp::from_millis(0x019a_0000_1234)));
        assert_eq!(Timestamp::of_uuid(Uuid::nil()), None);
        assert_eq!(Timestamp::of_uuid(Uuid::max()), None);
    }
}

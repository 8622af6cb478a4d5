//! A time as the service writes it, with its precision.

use std::cmp::Ordering;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::DateTime;

/// The most fractional digits of a second that are kept.
const MOST_DIGITS: u8 = 12;

/// A point in time by the service's clock, which the local one may differ from. The service writes the same instant
/// with more or fewer digits, so two times are compared at the coarser of their precisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    seconds: i64,
    /// The fraction of the second, at full precision.
    picoseconds: u64,
    /// How many fractional digits the service wrote.
    digits: u8,
}

impl Time {
    /// Reads RFC 3339. Cuts off fractional digits after the twelfth.
    pub(crate) fn parse(text: &str) -> Option<Time> {
        let seconds = DateTime::parse_from_rfc3339(text).ok()?.timestamp();
        let fraction = text.split_once('.').map_or("", |(_, rest)| rest);
        let fraction = fraction.bytes().take_while(u8::is_ascii_digit).take(MOST_DIGITS.into());
        let (picoseconds, digits) =
            fraction.fold((0, 0), |(value, digits), byte| (value * 10 + u64::from(byte - b'0'), digits + 1));
        Some(Time { seconds, picoseconds: picoseconds * unit(digits), digits })
    }

    /// Reads the date of an HTTP header, which has whole seconds.
    pub(crate) fn parse_http(text: &str) -> Option<Time> {
        let time = httpdate::parse_http_date(text.trim()).ok()?;
        let since_1970 = time.duration_since(UNIX_EPOCH).ok()?;
        Some(Time::from_seconds(since_1970.as_secs() as i64))
    }

    /// Seconds since 1970.
    pub(crate) fn from_seconds(seconds: i64) -> Time {
        Time { seconds, picoseconds: 0, digits: 0 }
    }

    /// The local time, for a guess if the service does not tell its own.
    pub(crate) fn local() -> Time {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Time::from_seconds(since_1970.as_secs() as i64)
    }

    /// Whether the service means "never", which it writes as a time in year 1.
    pub(crate) fn is_never(self) -> bool {
        const YEAR_2: i64 = -62_104_060_800;
        self.seconds < YEAR_2
    }

    pub(crate) fn unix_milliseconds(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add((self.picoseconds / 1_000_000_000) as i64)
    }

    /// None if this system's clock cannot have this time.
    pub(crate) fn system_time(self) -> Option<SystemTime> {
        let seconds = Duration::from_secs(self.seconds.unsigned_abs());
        let second = match self.seconds {
            ..0 => UNIX_EPOCH.checked_sub(seconds),
            0.. => UNIX_EPOCH.checked_add(seconds),
        };
        second?.checked_add(Duration::from_nanos(self.picoseconds / 1000))
    }

    pub(crate) fn compare(self, other: Time) -> Ordering {
        let unit = unit(self.digits.min(other.digits));
        let key = |time: Time| (time.seconds, time.picoseconds / unit);
        key(self).cmp(&key(other))
    }

    /// The time this many seconds later, or earlier if negative, at the same precision.
    pub(crate) fn plus_seconds(self, seconds: i64) -> Time {
        Time { seconds: self.seconds.saturating_add(seconds), ..self }
    }

    /// The time so much later. A begun second counts as a whole one.
    pub(crate) fn plus(self, duration: Duration) -> Time {
        self.plus_seconds(i64::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(i64::MAX))
    }

    /// The time of day in UTC, such as `09:41:03`. A begun second counts as a whole one.
    pub(crate) fn time_of_day(self) -> String {
        let second = self.seconds.saturating_add(i64::from(self.picoseconds > 0)).rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }

    /// The time since another one, rounded up to whole seconds. Zero if the other one is later.
    pub(crate) fn duration_since(self, other: Time) -> Duration {
        let begun = u64::from(self.picoseconds > other.picoseconds);
        let seconds = u64::try_from(self.seconds.saturating_sub(other.seconds));
        seconds.map_or(Duration::ZERO, |seconds| Duration::from_secs(seconds + begun))
    }
}

/// In whole seconds, such as `2026-01-02 03:04:05 UTC`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_timestamp(self.seconds, 0) {
            Some(time) => time.fmt(f),
            None => write!(f, "{} s after 1970", self.seconds),
        }
    }
}

/// The picoseconds in one unit of the last of this many fractional digits.
fn unit(digits: u8) -> u64 {
    10_u64.pow((MOST_DIGITS - digits).into())
}

/// None means never, which is before every time.
pub(crate) fn compare(one: Option<Time>, other: Option<Time>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => one.compare(other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn a_time_is_one_of_the_systems() {
        let nanoseconds = |text| {
            let time = time(text).system_time().unwrap();
            time.duration_since(UNIX_EPOCH).map_or_else(
                |error| -(error.duration().as_nanos() as i128),
                |duration| duration.as_nanos() as i128,
            )
        };
        assert_eq!(nanoseconds("1970-01-01T00:00:01.5Z"), 1_500_000_000);
        assert_eq!(nanoseconds("2026-01-02T03:04:05.6789012Z"), 1_767_323_045_678_901_200); // Windows has no more digits
        assert_eq!(nanoseconds("1969-12-31T23:59:59.25Z"), -750_000_000);
        assert_eq!(Time::from_seconds(i64::MAX).plus_seconds(1).system_time().is_some(), cfg!(unix));
        assert_eq!(Time::from_seconds(i64::MIN).system_time().is_some(), cfg!(unix));
    }

    #[test]
    fn every_form_of_the_service_is_read() {
        for (text, milliseconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:01.5Z", 1500),
            ("2026-01-02T03:04:05.6789012Z", 1_767_323_045_678),
            ("2026-01-02T03:04:05.678901234567Z", 1_767_323_045_678),
            ("2026-01-02T05:04:05.6789012+02:00", 1_767_323_045_678),
            ("2026-01-01T21:34:05-05:30", 1_767_323_045_000),
            ("2026-01-02t03:04:05z", 1_767_323_045_000),
            ("1969-12-31T23:59:59.25Z", -750),
        ] {
            assert_eq!(time(text).unix_milliseconds(), milliseconds, "{text}");
        }
        for text in [
            "",
            "never",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-13-02T03:04:05Z",
            "2026-01-02T25:04:05Z",
            "2026-01-02T03:04:05.Z",
        ] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_shown_in_utc_and_in_whole_seconds() {
        for (text, shown) in [
            ("2026-01-02T03:04:05.9Z", "2026-01-02 03:04:05 UTC"),
            ("2026-01-02T03:04:05+02:00", "2026-01-02 01:04:05 UTC"),
            ("1969-12-31T23:59:59Z", "1969-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(time(text).to_string(), shown);
        }
        assert_eq!(Time::from_seconds(i64::MAX).to_string(), format!("{} s after 1970", i64::MAX));
    }

    #[test]
    fn year_one_is_never() {
        for (text, is_never) in [
            ("0001-01-01T00:00:00Z", true),
            ("0001-01-01T00:00:00.0000000Z", true),
            ("0001-12-31T23:59:59Z", true),
            ("0002-01-01T00:00:00Z", false),
            ("1970-01-01T00:00:00Z", false),
        ] {
            assert_eq!(time(text).is_never(), is_never, "{text}");
        }
    }

    #[test]
    fn times_are_compared_at_the_coarser_precision() {
        use Ordering::*;
        for (one, other, expected) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.999Z", Equal),
            ("2026-01-02T03:04:05.9Z", "2026-01-02T03:04:05.999Z", Equal),
            ("2026-01-02T03:04:05.998Z", "2026-01-02T03:04:05.999Z", Less),
            ("2026-01-02T03:04:06Z", "2026-01-02T03:04:05.999Z", Greater),
            ("2026-01-02T03:04:05.0000000Z", "2026-01-02T03:04:05.000000000001Z", Equal),
            ("2026-01-02T03:04:05.000000000000Z", "2026-01-02T03:04:05.000000000001Z", Less),
            ("2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05Z", Equal),
        ] {
            assert_eq!(time(one).compare(time(other)), expected, "{one} {other}");
            assert_eq!(time(other).compare(time(one)), expected.reverse(), "{other} {one}");
        }
        assert_eq!(compare(None, None), Equal);
        assert_eq!(compare(None, Some(time("1970-01-01T00:00:00Z"))), Less);
        assert_eq!(compare(Some(time("1970-01-01T00:00:00Z")), None), Greater);
    }

    #[test]
    fn times_of_day_are_never_early() {
        for (text, pause, expected) in [
            ("2026-01-02T09:33:51Z", 432_000, "09:41:03"),
            ("2026-01-02T09:33:51Z", 431_001, "09:41:03"),
            ("2026-01-02T09:33:51.0000001Z", 431_000, "09:41:03"),
            ("2026-01-02T23:59:59.5Z", 0, "00:00:00"),
            ("1969-12-31T23:59:58Z", 0, "23:59:58"),
        ] {
            let time = time(text).plus(Duration::from_millis(pause));
            assert_eq!(time.time_of_day(), expected, "{text} and {pause} ms");
        }
    }

    #[test]
    fn distances_are_whole_seconds() {
        let date = Time::parse_http("Fri, 02 Jan 2026 03:04:05 GMT").unwrap();
        for (text, seconds) in [
            ("2026-01-02T03:04:04.9Z", 0),
            ("2026-01-02T03:04:05Z", 0),
            ("2026-01-02T03:04:05.1Z", 1),
            ("2026-01-02T03:05:05Z", 60),
        ] {
            assert_eq!(time(text).duration_since(date), Duration::from_secs(seconds), "{text}");
        }
        assert_eq!(date.plus_seconds(-300).duration_since(date), Duration::ZERO);
        assert_eq!(date.plus_seconds(300).duration_since(date), Duration::from_secs(300));
    }
}

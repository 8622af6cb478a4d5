//! Times as options and scripts write them, and sums of times that stay on the calendar.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The longest time that an option or a script may give.
const LONGEST_YEARS: u32 = 100;
/// As humantime counts them.
const YEAR: Duration = Duration::from_secs(31_557_600);

/// The first time that HTTP's dates can express: 1970-01-01T00:00:00Z.
pub(crate) const EARLIEST: DateTime<Utc> = DateTime::UNIX_EPOCH;
/// 9000-01-01T00:00:00Z. HTTP's dates end with the year 9999, and a window may follow.
pub(crate) const LATEST: DateTime<Utc> = DateTime::from_timestamp(221_845_392_000, 0).unwrap();

/// Reads a time such as `10m`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if time > YEAR * LONGEST_YEARS {
        return Err(format!("longer than {LONGEST_YEARS} years"));
    }
    Ok(time)
}

/// The time so much later.
pub(crate) fn after(time: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    let sum = TimeDelta::from_std(by).ok().and_then(|by| time.checked_add_signed(by));
    sum.map_or(LATEST, |sum| sum.min(LATEST))
}

/// The time so much earlier.
pub(crate) fn before(time: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    let sum = TimeDelta::from_std(by).ok().and_then(|by| time.checked_sub_signed(by));
    sum.unwrap_or(DateTime::<Utc>::MIN_UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_nobody_means_are_refused() {
        assert_eq!(parse("1h 30m"), Ok(Duration::from_secs(5400)));
        assert!(parse("100y").is_ok() && parse("soon").is_err());
        assert_eq!(parse("400000y"), Err("longer than 100 years".to_owned()));
    }

    #[test]
    fn sums_stay_on_the_calendar() {
        assert_eq!(after(EARLIEST, Duration::from_secs(1)).timestamp(), 1);
        assert_eq!(after(EARLIEST, Duration::MAX), LATEST);
        assert_eq!(after(LATEST, YEAR), LATEST);
        assert_eq!(LATEST.to_rfc3339(), "9000-01-01T00:00:00+00:00");
        assert!(before(EARLIEST, Duration::MAX) < EARLIEST);
    }
}

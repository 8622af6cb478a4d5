//! What a call is for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::text::Time;

/// 2000-01-01T00:00:00Z, in milliseconds.
const YEAR_2000: i64 = 946_684_800_000;

/// A change may lie this far ahead: another machine's clock may have told its time.
const MOST_AHEAD: i64 = 300_000;

/// What a call is for. Each goal is that of the method of [`Client`](crate::Client) with its name.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use autopilot_sync::Goal;
///
/// let recent = Goal::SyncSince(SystemTime::now() - Duration::from_secs(3600));
/// assert_ne!(recent, Goal::SyncAndWait);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Goal {
    /// The settings, as by [`Client::settings`](crate::Client::settings).
    Settings,
    /// The reply to a trigger, as by [`Client::sync`](crate::Client::sync).
    Sync,
    /// The end of a sync that the call triggers or joins, as by
    /// [`Client::sync_and_wait`](crate::Client::sync_and_wait).
    SyncAndWait,
    /// A completed sync that the service recorded at or after this time, as by
    /// [`Client::sync_since`](crate::Client::sync_since).
    SyncSince(SystemTime),
}

/// A time that cannot be the time of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChangeError {
    #[error("the time of the change is before the year 2000")]
    TooEarly,
    #[error("the time of the change is more than five minutes in the future")]
    TooLate,
}

impl Goal {
    /// Whether the call lasts longer than its requests.
    pub(crate) fn waits(self) -> bool {
        matches!(self, Goal::SyncAndWait | Goal::SyncSince(_))
    }

    /// `now` is the caller's time.
    pub(crate) fn check(self, now: SystemTime) -> Result<(), ChangeError> {
        let Goal::SyncSince(change) = self else { return Ok(()) };
        let Change { at, began } = Change::new(change, now);
        match at {
            ..YEAR_2000 => Err(ChangeError::TooEarly),
            _ if at > began.saturating_add(MOST_AHEAD) => Err(ChangeError::TooLate),
            _ => Ok(()),
        }
    }
}

/// When the caller's change was made, and when the call began. Both are milliseconds since 1970 by the caller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    at: i64,
    began: i64,
}

impl Change {
    /// Both are rounded to the safe side: the change is later, and the call begins earlier.
    pub(super) fn new(change: SystemTime, began: SystemTime) -> Change {
        Change { at: milliseconds(change, 999_999), began: milliseconds(began, 0) }
    }

    /// When the change is made, counted from the start of the call. A trigger before that would be in vain.
    pub(super) fn made(self) -> Duration {
        Duration::from_millis(u64::try_from(self.at.saturating_sub(self.began)).unwrap_or(0))
    }

    /// The earliest `lastSyncDateTime` of a sync since the change, by the service's clock. `date` is the `Date` of the
    /// first reading, and `requested` the time of its request.
    ///
    /// A `Date` has whole seconds, and the service's clock was up to a second ahead of it. So the result is up to a
    /// second late, and never early. Without a `Date`, the caller's clock counts.
    pub(super) fn counts_from(self, date: Option<Time>, requested: Duration) -> Time {
        let Change { at, began } = self;
        let Some(date) = date else { return Time::from_seconds(-(-at).div_euclid(1000)) };
        let ago = began.saturating_add(requested.as_millis() as i64).saturating_sub(at);
        date.plus_seconds(1 - ago.div_euclid(1000))
    }
}

/// The milliseconds since 1970 of a time that is up to a millisecond later. Negative before 1970.
fn milliseconds(time: SystemTime, later: u32) -> i64 {
    let later = Duration::from_nanos(later.into());
    let since = time.duration_since(UNIX_EPOCH).map(|since| since.saturating_add(later).as_millis());
    since.map_or(-1, |since| i64::try_from(since).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-02T00:00:00Z.
    const NOW: u64 = 1_767_312_000;

    fn at(seconds: f64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_change_is_between_the_year_2000_and_five_minutes_from_now() {
        let now = at(NOW as f64);
        let ahead = |seconds| now + Duration::from_secs_f64(seconds);
        for (change, expected) in [
            (at(946_684_799.999), Err(ChangeError::TooEarly)),
            (UNIX_EPOCH - Duration::from_secs(1), Err(ChangeError::TooEarly)),
            (at(946_684_800.0), Ok(())),
            (now, Ok(())),
            (ahead(300.0), Ok(())),
            (ahead(300.001), Err(ChangeError::TooLate)),
        ] {
            assert_eq!(Goal::SyncSince(change).check(now), expected, "{change:?}");
        }
    }

    #[test]
    fn a_change_is_carried_into_the_services_clock_and_never_too_early() {
        let date = Time::parse_http("Wed, 21 Oct 2026 07:28:00 GMT");
        for (ago, requested, expected) in [
            (0.0, 0, "2026-10-21T07:28:01Z"),
            (0.999, 0, "2026-10-21T07:28:01Z"),
            (1.0, 0, "2026-10-21T07:28:00Z"),
            (1.0, 999, "2026-10-21T07:28:00Z"),
            (1.0, 1000, "2026-10-21T07:27:59Z"),
            (600.0, 0, "2026-10-21T07:18:01Z"),
            (-0.001, 0, "2026-10-21T07:28:02Z"),
            (-60.0, 0, "2026-10-21T07:29:01Z"),
        ] {
            let change = Change::new(at(NOW as f64 - ago), at(NOW as f64));
            let from = change.counts_from(date, Duration::from_millis(requested));
            assert_eq!(Some(from), Time::parse(expected), "{ago} s before, read after {requested} ms");
            assert_eq!(change.made(), Duration::from_secs_f64(f64::max(-ago, 0.0)));
        }
    }

    #[test]
    fn without_a_date_the_callers_clock_counts() {
        for (change, expected) in
            [(0.0, "2026-01-02T00:00:00Z"), (0.001, "2026-01-02T00:00:01Z"), (1.0, "2026-01-02T00:00:01Z")]
        {
            let change = Change::new(at(NOW as f64 + change), at(NOW as f64));
            assert_eq!(Some(change.counts_from(None, Duration::ZERO)), Time::parse(expected), "{change:?}");
        }
    }
}

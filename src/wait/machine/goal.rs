//! What a wait is for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::text::Time;

/// 2000-01-01T00:00:00Z, in milliseconds.
const YEAR_2000: i64 = 946_684_800_000;

/// A change may lie this far ahead: another machine's clock may have told its time.
const MOST_AHEAD: i64 = 300_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// A sync that the wait triggers or joins.
    Sync,
    /// A sync that the service recorded at or after a change.
    Since(Change),
}

/// When the caller's change was made, and when the wait began. Both are milliseconds since 1970 by the caller's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    at: i64,
    wait_began: i64,
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
    /// `now` is the caller's time when the wait begins.
    pub(crate) fn since(change: SystemTime, now: SystemTime) -> Result<Goal, ChangeError> {
        // Both are rounded to the safe side: the change is later, and the wait begins earlier.
        let at = milliseconds(change, 999_999);
        let wait_began = milliseconds(now, 0);
        match at {
            ..YEAR_2000 => Err(ChangeError::TooEarly),
            _ if at > wait_began.saturating_add(MOST_AHEAD) => Err(ChangeError::TooLate),
            _ => Ok(Goal::Since(Change { at, wait_began })),
        }
    }

    /// When the change is made, counted from the start of the wait. A trigger before that would be in vain.
    pub(super) fn change(self) -> Duration {
        match self {
            Goal::Sync => Duration::ZERO,
            Goal::Since(Change { at, wait_began }) => {
                Duration::from_millis(u64::try_from(at - wait_began).unwrap_or(0))
            }
        }
    }

    /// The earliest `lastSyncDateTime` of a sync that counts, by the service's clock: after the change, or after the
    /// first reading. `date` is the `Date` of that reading, and `requested` the time of its request.
    ///
    /// A `Date` has whole seconds, and the service's clock was up to a second ahead of it. So the result is up to a
    /// second late, and never early.
    pub(super) fn counts_from(self, date: Option<Time>, requested: Duration) -> Option<Time> {
        match (self, date) {
            (Goal::Sync, date) => date.map(|date| date.plus_seconds(1)),
            (Goal::Since(Change { at, wait_began }), Some(date)) => {
                let ago = wait_began.saturating_add(requested.as_millis() as i64).saturating_sub(at);
                Some(date.plus_seconds(1 - ago.div_euclid(1000)))
            }
            (Goal::Since(Change { at, .. }), None) => Some(Time::from_seconds(-(-at).div_euclid(1000))),
        }
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
            assert_eq!(Goal::since(change, now).map(|_| ()), expected, "{change:?}");
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
            let goal = Goal::since(at(NOW as f64 - ago), at(NOW as f64)).unwrap();
            let from = goal.counts_from(date, Duration::from_millis(requested));
            assert_eq!(from, Time::parse(expected), "{ago} s before, read after {requested} ms");
            let ahead = Duration::from_secs_f64(f64::max(-ago, 0.0));
            assert_eq!(goal.change(), ahead);
        }
        assert_eq!(Goal::Sync.counts_from(date, Duration::ZERO), Time::parse("2026-10-21T07:28:01Z"));
    }

    #[test]
    fn without_a_date_the_callers_clock_counts() {
        for (change, expected) in
            [(0.0, "2026-01-02T00:00:00Z"), (0.001, "2026-01-02T00:00:01Z"), (1.0, "2026-01-02T00:00:01Z")]
        {
            let change = at(NOW as f64 + change);
            let goal = Goal::since(change, change).unwrap();
            assert_eq!(goal.counts_from(None, Duration::ZERO), Time::parse(expected), "{change:?}");
        }
        assert_eq!(Goal::Sync.counts_from(None, Duration::ZERO), None);
    }
}

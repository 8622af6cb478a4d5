//! The change whose sync is waited for, and which syncs count for it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::HOUR;
use crate::outcome::Settings;
use crate::text::Time;
use crate::wait::machine::Goal;

/// The caller's time when a wait begins, in milliseconds since 1970: the middle of the hour.
const BEGIN: i64 = (HOUR + 1800) * 1000;

pub(super) struct Change {
    /// In milliseconds from the start of the wait. None if any sync will do.
    made: Option<i64>,
    /// A sync that was not triggered counts if it was recorded in this second since 1970 or later.
    counts_from: Option<i64>,
}

pub(super) fn began() -> SystemTime {
    time(BEGIN)
}

fn time(milliseconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(milliseconds as u64)
}

impl Change {
    /// None, or up to fifteen minutes before the start of the wait, or five after.
    pub(super) fn drawn(byte: u8) -> Change {
        let made = (byte != 0).then(|| (i64::from(byte) - 192) * 4711);
        Change { made, counts_from: None }
    }

    pub(super) fn goal(&self) -> Goal {
        self.made.map_or(Goal::SyncAndWait, |made| Goal::SyncSince(time(BEGIN + made)))
    }

    pub(super) fn is_named(&self) -> bool {
        self.made.is_some()
    }

    /// Zero if it was made before the wait.
    pub(super) fn from_start(&self) -> Duration {
        Duration::from_millis(self.made.unwrap_or(0).max(0) as u64)
    }

    /// The first reading: the service's clock at that time. A sync counts after the change, or else after this reading.
    /// A `Date` has whole seconds, and so has the result: the clock was up to a second ahead of either.
    pub(super) fn told(&mut self, date: Option<Time>, requested: Duration) {
        let milliseconds = match (self.made, date.map(Time::unix_milliseconds)) {
            (made, Some(date)) => {
                Some(date + 1000 + made.map_or(0, |made| made - requested.as_millis() as i64))
            }
            (Some(made), None) => Some(BEGIN + made),
            (None, None) => None,
        };
        self.counts_from = milliseconds.map(|milliseconds| -(-milliseconds).div_euclid(1000));
    }

    pub(super) fn counts(&self, settings: &Settings) -> bool {
        self.is_before(settings.last_sync_unix_ms())
    }

    /// Whether the service's times say that the sync in progress began since the change.
    pub(super) fn is_before_start(&self, settings: &Settings) -> bool {
        self.counts(settings) || self.is_before(settings.last_manual_sync_unix_ms())
    }

    fn is_before(&self, time: Option<i64>) -> bool {
        self.counts_from.is_none_or(|from| time.is_some_and(|time| time.div_euclid(1000) >= from))
    }
}

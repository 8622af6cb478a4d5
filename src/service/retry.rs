//! Whether a request is sent again, and after how long.

use std::time::Duration;

use crate::outcome::Operation;

/// How long a platform may need until it gives tokens. An update of Azure's takes up to this.
const STARTING: Duration = Duration::from_secs(70);

/// Why a request failed for now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Obstacle {
    /// The time that the service asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether a call of one request repeats it.
    pub(crate) is_repeatable: bool,
    /// The platform does not give tokens yet: time counts then, not the number of retries.
    pub(crate) is_starting: bool,
}

impl Obstacle {
    pub(crate) fn until(self, now: Duration) -> Duration {
        now + self.retry_after.unwrap_or_default()
    }

    /// Whether a call of one request, so long after its start, repeats that once more.
    pub(crate) fn is_worth_a_retry(self, now: Duration, retries_made: u32, most_retries: u32) -> bool {
        self.is_repeatable && (retries_made < most_retries || self.is_starting && now < STARTING)
    }
}

/// Whether the same request may be sent again after a reply with this status. A trigger only if it cannot have run: not
/// after 500, 502 or 504. For a trigger, 409 and 429 are answers and not repeated either.
pub(crate) fn is_repeatable(operation: Operation, status: u16) -> bool {
    match operation {
        Operation::TriggerSync => matches!(status, 503 | 509),
        Operation::ReadSettings => matches!(status, 429 | 500 | 502 | 503 | 504 | 509),
    }
}

/// Whether this status says that the service has too much to do. A 429 to a trigger is about its tenant only: a sync ran
/// just before.
pub(crate) fn is_throttled(operation: Operation, status: u16) -> bool {
    matches!((operation, status), (Operation::ReadSettings, 429) | (_, 503 | 509))
}

/// The pause before the next attempt: the time that the service asks for, otherwise one second that doubles up to
/// thirty. Chance lengthens or shortens it by up to half, so that many clients do not return together. `random` is any
/// number.
pub(crate) fn pause(retries_before: u32, retry_after: Option<Duration>, random: u32) -> Duration {
    retry_after.unwrap_or_else(|| {
        let base = Duration::from_secs(1 << retries_before.min(5)).min(Duration::from_secs(30));
        base.mul_f64(0.5 + f64::from(random) / f64::from(u32::MAX))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_is_repeated_only_if_it_cannot_have_run() {
        for (status, post, get) in [
            (200, false, false),
            (204, false, false),
            (307, false, false),
            (400, false, false),
            (401, false, false),
            (403, false, false),
            (408, false, false),
            (409, false, false),
            (429, false, true),
            (500, false, true),
            (501, false, false),
            (502, false, true),
            (503, true, true),
            (504, false, true),
            (509, true, true),
        ] {
            assert_eq!(is_repeatable(Operation::TriggerSync, status), post, "POST {status}");
            assert_eq!(is_repeatable(Operation::ReadSettings, status), get, "GET {status}");
        }
    }

    #[test]
    fn a_429_throttles_a_reading_only() {
        for (status, post, get) in [
            (200, false, false),
            (429, false, true),
            (500, false, false),
            (503, true, true),
            (509, true, true),
        ] {
            assert_eq!(is_throttled(Operation::TriggerSync, status), post, "POST {status}");
            assert_eq!(is_throttled(Operation::ReadSettings, status), get, "GET {status}");
        }
    }

    #[test]
    fn a_platform_that_starts_is_asked_for_seventy_seconds() {
        let obstacle =
            |is_repeatable, is_starting| Obstacle { is_repeatable, is_starting, retry_after: None };
        for (of, seconds, retries_made, expected) in [
            (obstacle(true, false), 0, 2, true),
            (obstacle(true, false), 0, 3, false),
            (obstacle(false, true), 0, 0, false),
            (obstacle(true, true), 69, 99, true),
            (obstacle(true, true), 70, 3, false),
            (obstacle(true, true), 70, 2, true),
        ] {
            let now = Duration::from_secs(seconds);
            assert_eq!(
                of.is_worth_a_retry(now, retries_made, 3),
                expected,
                "{of:?} {seconds} {retries_made}"
            );
        }
    }

    #[test]
    fn a_pause_doubles_and_is_spread() {
        for (retries_before, low, high) in [
            (0, 500, 1500),
            (1, 1000, 3000),
            (2, 2000, 6000),
            (4, 8000, 24_000),
            (5, 15_000, 45_000),
            (99, 15_000, 45_000),
        ] {
            assert_eq!(pause(retries_before, None, 0), Duration::from_millis(low));
            assert_eq!(pause(retries_before, None, u32::MAX), Duration::from_millis(high));
        }
        let asked = Some(Duration::from_secs(7));
        assert_eq!(pause(3, asked, 99), Duration::from_secs(7));
    }
}

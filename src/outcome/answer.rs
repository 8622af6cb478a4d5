//! The outcome of a call that did not fail.

use std::fmt;
use std::time::Duration;

use super::{Detail, Trigger};

/// What a call achieved, if it did not fail. The numbers are those of the C ABI, the same in every language.
///
/// ```no_run
/// # let token = "recent";
/// use autopilot_sync::Answer;
///
/// // Each of them means that a sync runs, will run, or ran less than ten minutes ago.
/// let answer = autopilot_sync::sync(token)?.answer();
/// assert!(matches!(answer, Answer::Accepted | Answer::AlreadyRunning | Answer::TooSoon));
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Answer {
    /// The service accepted the trigger (HTTP 204), and the sync runs on. From a wait: the accepted sync completed.
    Accepted = 0,
    /// A sync is already running (HTTP 409). From a wait: it joined that sync, which completed.
    AlreadyRunning = 1,
    /// A sync ran less than ten minutes ago, perhaps for another caller (HTTP 429). See [`Detail::retry_after`].
    TooSoon = 2,
    /// From a wait only: a sync was accepted or is running, but its end cannot be observed. See
    /// [`Detail::why_unknown`].
    Unconfirmed = 3,
    /// From [`sync_since`](crate::Client::sync_since) only: a sync has completed since the change, and nothing was
    /// triggered.
    UpToDate = 4,
}

impl Answer {
    /// All answers, in the order of their numbers.
    ///
    /// ```
    /// use autopilot_sync::Answer;
    ///
    /// assert_eq!(Answer::ALL.map(Answer::code), [0, 1, 2, 3, 4]);
    /// ```
    pub const ALL: [Answer; 5] =
        [Answer::Accepted, Answer::AlreadyRunning, Answer::TooSoon, Answer::Unconfirmed, Answer::UpToDate];

    /// The number of this answer in the C ABI, zero or above.
    ///
    /// ```
    /// assert_eq!(autopilot_sync::Answer::TooSoon.code(), 2);
    /// ```
    pub const fn code(self) -> i32 {
        self as i32
    }
}

/// The outcome of a call that did not fail: its answer, and what else is known.
///
/// `{}` is one line, fit for a log.
///
/// ```no_run
/// # let token = "a-token";
/// let outcome = autopilot_sync::sync(token)?;
/// assert_eq!(outcome.to_string(), "the service accepted the trigger");
/// # Ok::<(), autopilot_sync::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncOutcome {
    pub(crate) answer: Answer,
    pub(crate) detail: Detail,
}

impl SyncOutcome {
    /// The answer: match on it.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let outcome = autopilot_sync::sync(token)?;
    /// assert_eq!(outcome.answer(), autopilot_sync::Answer::Accepted);
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn answer(&self) -> Answer {
        self.answer
    }

    /// What else is known about the call: request ids, the service's own message, when to ask again.
    ///
    /// ```no_run
    /// # let token = "a-token";
    /// let outcome = autopilot_sync::sync(token)?;
    /// println!("{outcome}: {:?}", outcome.detail().attempts());
    /// # Ok::<(), autopilot_sync::Error>(())
    /// ```
    pub fn detail(&self) -> &Detail {
        &self.detail
    }
}

impl fmt::Display for SyncOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.answer, self.detail.trigger) {
            (Answer::Accepted, Trigger::Accepted) if self.detail.settings.is_some() => "the sync completed",
            (Answer::Accepted, Trigger::Accepted) => "the service accepted the trigger",
            (Answer::Accepted, _) => "done",
            (Answer::AlreadyRunning, Trigger::Joined) => "a sync that was already running completed",
            (Answer::AlreadyRunning, _) => "a sync is already running",
            (Answer::TooSoon, _) if self.detail.retry_after.is_some() => "too soon",
            (Answer::TooSoon, _) if self.detail.why_unknown.is_some() => {
                "too soon after the last sync; the time of the next is unknown"
            }
            (Answer::TooSoon, _) => "too soon after the last sync",
            (Answer::Unconfirmed, _) => "the end of the sync cannot be observed",
            (Answer::UpToDate, _) => "up to date: a sync has completed since",
        })?;
        if let Some(why) = &self.detail.why_unknown {
            write!(f, ": {why}")?;
        }
        let Some(pause) = self.detail.retry_after.filter(|_| self.answer == Answer::TooSoon) else {
            return Ok(());
        };
        write!(f, ": the next sync is possible in {}", in_words(pause))?;
        match self.detail.next_sync {
            Some(time) => write!(f, ", at {} UTC", time.time_of_day()),
            None => Ok(()),
        }
    }
}

/// A duration such as `7 min 12 s`. A begun second counts as a whole one.
fn in_words(duration: Duration) -> String {
    let seconds = duration.as_millis().div_ceil(1000);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, seconds) => format!("{hours} h {minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Time;

    #[test]
    fn too_soon_says_when() {
        let next_sync = Time::parse("2026-01-02T09:41:02.5Z");
        for (retry_after, next_sync, expected) in [
            (None, None, "too soon after the last sync"),
            (Some(431_500), next_sync, "too soon: the next sync is possible in 7 min 12 s, at 09:41:03 UTC"),
            (Some(45_000), None, "too soon: the next sync is possible in 45 s"),
            (Some(600_000), None, "too soon: the next sync is possible in 10 min 0 s"),
            (Some(86_400_000), None, "too soon: the next sync is possible in 24 h 0 min 0 s"),
        ] {
            let retry_after = retry_after.map(Duration::from_millis);
            let detail = Detail { retry_after, next_sync, ..Detail::default() };
            assert_eq!(SyncOutcome { answer: Answer::TooSoon, detail }.to_string(), expected);
        }
        let detail = Detail { retry_after: Some(Duration::from_secs(7)), ..Detail::default() };
        assert_eq!(
            SyncOutcome { answer: Answer::AlreadyRunning, detail }.to_string(),
            "a sync is already running"
        );
    }
}

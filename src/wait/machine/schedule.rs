//! When to read the settings next.

use std::time::Duration;

/// Each further pause is half as long again, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// Between the readings that confirm an end, counted from the reply.
const CONFIRMATION_PAUSE: Duration = Duration::from_secs(5);

/// The last reading is sent this long before the deadline, and this long after the reading before it at the earliest.
const LAST_READING_MARGIN: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Schedule {
    pause: Duration,
    longest_pause: Duration,
    /// When the last reading was requested. Before the first one: when the schedule began.
    last_reading: Duration,
    not_before: Duration,
    /// When the end that needs confirmation was last received.
    candidate_received: Option<Duration>,
}

impl Schedule {
    pub(super) fn new(now: Duration, longest_pause: Duration) -> Schedule {
        Schedule {
            pause: FIRST_PAUSE,
            longest_pause,
            last_reading: now,
            not_before: Duration::ZERO,
            candidate_received: None,
        }
    }

    pub(super) fn last_reading(&self) -> Duration {
        self.last_reading
    }

    /// A reading is requested now.
    pub(super) fn start_reading(&mut self, now: Duration) {
        self.last_reading = now;
        self.pause = (self.pause + self.pause / 2).min(self.longest_pause);
    }

    /// The next pause begins now, and not at the last request.
    pub(super) fn pause_from(&mut self, now: Duration) {
        self.last_reading = now;
    }

    /// The service asks for no request before this time.
    pub(super) fn postpone_until(&mut self, time: Duration) {
        self.not_before = time;
    }

    /// An end was received that the next readings must confirm.
    pub(super) fn confirm(&mut self, received: Duration) {
        self.candidate_received = Some(received);
    }

    /// There is no end to confirm.
    pub(super) fn stop_confirming(&mut self) {
        self.candidate_received = None;
    }

    /// The time of the next reading. None if the deadline leaves no time for one.
    pub(super) fn next_reading(&self, now: Duration, deadline: Duration) -> Option<Duration> {
        let next = match self.candidate_received {
            Some(received) => received.max(self.last_reading) + CONFIRMATION_PAUSE,
            None => self.last_reading + self.pause,
        };
        self.before_deadline(next, now, deadline)
    }

    /// Like [`next_reading`](Self::next_reading), but no later than `decision` if that needs no pause shorter than the
    /// first.
    pub(super) fn next_reading_by(
        &self,
        decision: Duration,
        now: Duration,
        deadline: Duration,
    ) -> Option<Duration> {
        let left = decision.saturating_sub(self.last_reading);
        let pause = if left.is_zero() { self.pause } else { left.max(FIRST_PAUSE).min(self.pause) };
        self.before_deadline(self.last_reading + pause, now, deadline)
    }

    /// Like [`next_reading`](Self::next_reading), but a reading at `due` takes the place of one just before or after.
    pub(super) fn next_reading_up_to(
        &self,
        due: Duration,
        now: Duration,
        deadline: Duration,
    ) -> Option<Duration> {
        let next = self.last_reading + self.pause;
        if next + FIRST_PAUSE <= due {
            return self.before_deadline(next, now, deadline);
        }
        let due = due.max(self.last_reading + FIRST_PAUSE).max(self.not_before);
        (due < deadline).then_some(due)
    }

    fn before_deadline(&self, next: Duration, now: Duration, deadline: Duration) -> Option<Duration> {
        let earliest = self.not_before.max(now);
        let next = next.max(earliest);
        if next + LAST_READING_MARGIN <= deadline {
            return Some(next);
        }
        let last = deadline.saturating_sub(LAST_READING_MARGIN);
        let last = last.max(self.last_reading + LAST_READING_MARGIN).max(earliest);
        (last < deadline).then_some(last)
    }
}

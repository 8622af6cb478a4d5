//! The readings before a trigger: until one succeeds, and while the service does not accept a trigger yet.

use std::time::Duration;

use super::command::StopReason;
use super::confirmation::Candidate;
use super::goal::Change;
use super::schedule::Schedule;
use crate::service::retry::Obstacle;

/// Between two readings.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Look {
    pub(super) schedule: Schedule,
    /// The end of a sync that may count.
    pub(super) candidate: Option<Candidate>,
    /// A sync that the baseline shows may count: no trigger was sent yet.
    pub(super) is_first: bool,
    /// The last request failed.
    pub(super) is_failing: bool,
    /// When the service accepts the next trigger.
    pub(super) allowed: Duration,
    /// When to send it: a little later, so that many waits do not return together.
    pub(super) due: Duration,
}

impl Look {
    /// Before the first trigger.
    pub(super) fn first(change: Option<Change>) -> Look {
        let due = change.map_or(Duration::ZERO, Change::made);
        Look { is_first: true, ..Look::again(due, Schedule::new(Duration::ZERO, LONGEST_PAUSE)) }
    }

    /// With a trigger that is due now.
    pub(super) fn new(now: Duration) -> Look {
        Look::again(now, Schedule::new(now, LONGEST_PAUSE))
    }

    /// Before a trigger that is due at this time, with pauses that go on to grow.
    pub(super) fn again(due: Duration, mut schedule: Schedule) -> Look {
        schedule.stop_confirming();
        Look { schedule, candidate: None, is_first: false, is_failing: false, allowed: due, due }
    }

    pub(super) fn wait_until(&mut self, allowed: Duration, due: Duration) {
        (self.allowed, self.due) = (allowed, due);
    }

    pub(super) fn has_candidate(&self) -> bool {
        self.candidate.is_some()
    }

    /// A request failed for now. The pause counts from here, because the request may have taken a while.
    pub(super) fn fail(&mut self, now: Duration, obstacle: Obstacle) {
        self.is_failing = true;
        self.schedule.pause_from(now);
        self.schedule.postpone_until(obstacle.until(now));
    }

    /// What the wait comes to if the deadline leaves no time for another reading.
    pub(super) fn at_deadline(&self, now: Duration) -> StopReason {
        let is_window = now < self.due;
        match self.candidate {
            _ if self.is_first && self.is_failing => StopReason::RequestFailed,
            _ if is_window => StopReason::TooSoon(Some(self.allowed)),
            Some(_) => StopReason::DeadlinePassed,
            None => StopReason::RequestFailed,
        }
    }
}

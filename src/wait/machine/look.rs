//! The readings before a trigger: until one succeeds, and while the service does not accept a trigger yet.

use std::time::Duration;

use super::command::StopReason;
use super::confirmation::Candidate;
use super::goal::Goal;
use super::schedule::Schedule;

/// Between two readings.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Look {
    pub(super) schedule: Schedule,
    /// The end of a sync that may count.
    pub(super) candidate: Option<Candidate>,
    /// A sync that the baseline shows may count: no trigger was sent yet.
    pub(super) is_first: bool,
    /// The last reading failed.
    pub(super) is_failing: bool,
    /// When the service accepts the next trigger.
    pub(super) allowed: Duration,
    /// When to send it: a little later, so that many waits do not return together.
    pub(super) due: Duration,
}

impl Look {
    /// Before the first trigger.
    pub(super) fn first(goal: Goal) -> Look {
        let (schedule, change) = (Schedule::new(Duration::ZERO, LONGEST_PAUSE), goal.change());
        Look { schedule, candidate: None, is_first: true, is_failing: false, allowed: change, due: change }
    }

    /// With a trigger that is due now.
    pub(super) fn new(now: Duration) -> Look {
        let schedule = Schedule::new(now, LONGEST_PAUSE);
        Look { schedule, candidate: None, is_first: false, is_failing: false, allowed: now, due: now }
    }

    pub(super) fn wait_until(&mut self, allowed: Duration, due: Duration) {
        (self.allowed, self.due) = (allowed, due);
    }

    pub(super) fn has_candidate(&self) -> bool {
        self.candidate.is_some()
    }

    /// A reading failed for now. The pause counts from here, because the ordinary retries may have taken a while.
    pub(super) fn fail(&mut self, now: Duration, retry_after: Option<Duration>) {
        self.is_failing = true;
        self.schedule.pause_from(now);
        self.schedule.postpone_until(now + retry_after.unwrap_or_default());
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

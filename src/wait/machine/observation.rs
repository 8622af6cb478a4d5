//! Observes one sync until its end.

use std::time::Duration;

use super::command::StopReason;
use super::confirmation::{AFTER_IN_PROGRESS, AFTER_MOVED_TIMES, Candidate};
use super::reading::{Reading, compare_last_sync, compare_last_trigger, has_ended, is_running};
use crate::outcome::{Settings, SyncStatus, Trigger};
use crate::text::time::{self, Time};

/// A sync that does not show within this time after the answer cannot be observed.
const TIME_TO_SHOW: Duration = Duration::from_secs(120);

/// The previous sync ended at least ten minutes before the service accepted this one. Half of that is allowed for
/// differences between the service's clocks.
pub(super) const CLOCK_DIFFERENCE_SECONDS: i64 = 300;

/// How the observed sync came to run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin {
    /// The service accepted our trigger, at this time if it said so.
    Triggered { accepted: Option<Time> },
    /// It was already running.
    Joined,
    /// It was running before the change, so it does not count. Its end is awaited, because no other can start before.
    Earlier,
}

impl Origin {
    pub(super) fn trigger(self) -> Option<Trigger> {
        match self {
            Origin::Triggered { .. } => Some(Trigger::Accepted),
            Origin::Joined => Some(Trigger::Joined),
            Origin::Earlier => None,
        }
    }
}

/// What a reading shows of the sync.
pub(super) enum Verdict {
    /// Not its end.
    Continue,
    /// Perhaps its end: read again to confirm it.
    Confirm,
    /// Its end, or that it cannot be observed.
    Stop(StopReason),
}

#[derive(Debug)]
pub(super) struct Observation {
    origin: Origin,
    /// When the trigger was answered.
    answered: Duration,
    /// A sync was in progress before the answer, perhaps another one.
    ran_before: bool,
    /// The last reading since the answer with the status `inProgress`.
    in_progress: Option<Settings>,
    candidate: Option<Candidate>,
}

impl Observation {
    pub(super) fn new(origin: Origin, answered: Duration, ran_before: bool) -> Observation {
        Observation { origin, answered, ran_before, in_progress: None, candidate: None }
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin
    }

    /// `baseline` is the last reading before the trigger.
    pub(super) fn judge(&mut self, reading: &Reading<'_>, baseline: &Settings) -> Verdict {
        let settings = reading.settings;
        if is_running(settings) {
            self.in_progress = Some(settings.clone());
        }
        if !has_ended(settings) {
            self.candidate = None;
            return Verdict::Continue;
        }
        self.candidate = Some(Candidate::after(self.candidate.take(), reading));
        let needed = if self.times_moved(baseline, settings) {
            if self.its_end_moved_the_time(settings) {
                return Verdict::Stop(self.stop_reason(settings));
            }
            AFTER_MOVED_TIMES
        } else if self.in_progress.is_some() || self.ran_before {
            AFTER_IN_PROGRESS
        } else if reading.received >= self.answered + TIME_TO_SHOW {
            return Verdict::Stop(StopReason::Unconfirmed);
        } else {
            return Verdict::Continue;
        };
        let is_confirmed = |candidate: &Candidate| candidate.is_confirmed(&needed, reading.requested);
        if self.candidate.as_ref().is_some_and(is_confirmed) {
            Verdict::Stop(self.stop_reason(settings))
        } else {
            Verdict::Confirm
        }
    }

    /// Whether `lastSyncDateTime` shows a sync that the baseline does not know, and that can be this one.
    fn times_moved(&self, baseline: &Settings, settings: &Settings) -> bool {
        let last_sync = settings.last_sync_time();
        let is_new = compare_last_sync(settings, baseline).is_gt();
        let is_after_last_trigger = compare_last_trigger(settings, baseline).is_eq()
            || time::compare(last_sync, settings.last_manual_sync_time()).is_ge();
        let can_be_its = match self.origin {
            Origin::Triggered { accepted: Some(accepted) } => {
                let earliest = accepted.plus_seconds(-CLOCK_DIFFERENCE_SECONDS);
                time::compare(last_sync, Some(earliest)).is_ge()
            }
            // Its start may have moved the time, and its end may move it again.
            Origin::Earlier => false,
            _ => true,
        };
        is_new && is_after_last_trigger && can_be_its
    }

    /// Whether `lastSyncDateTime` moved after the triggered sync was seen in progress, so that only its end can have
    /// moved it. This proves nothing for a joined sync: a stale reading may have shown the previous one in progress.
    fn its_end_moved_the_time(&self, settings: &Settings) -> bool {
        let is_triggered = matches!(self.origin, Origin::Triggered { .. });
        let has_moved = |running| compare_last_sync(settings, running).is_gt();
        is_triggered && self.in_progress.as_ref().is_some_and(has_moved)
    }

    fn stop_reason(&self, settings: &Settings) -> StopReason {
        match (settings.status(), self.origin) {
            (Some(SyncStatus::Failed), _) => StopReason::SyncFailed,
            (_, Origin::Triggered { .. }) => StopReason::Completed,
            (_, Origin::Joined | Origin::Earlier) => StopReason::JoinedCompleted,
        }
    }
}

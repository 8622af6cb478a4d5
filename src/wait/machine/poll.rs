//! Watching a sync until its end: how often to look, and when an end is believed.

use std::time::Duration;

use super::{End, is_over, is_running};
use crate::outcome::{Settings, SyncStatus, Trigger};
use crate::text::time::{self, Time};

const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// While an end is being confirmed, from the reply that shows it.
const CONFIRMING_PAUSE: Duration = Duration::from_secs(5);

/// Before the deadline, for one last look; and the least from the look before it.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// After the answer, the time after which a sync that was never seen counts as not observable.
const UNSEEN: Duration = Duration::from_secs(120);

/// The sync before was over at least ten minutes before this one was accepted; half of that is allowed for clocks.
const WINDOW_PROOF_SECONDS: i64 = 300;

/// How an end must stand before it is believed.
struct Standing {
    time: Duration,
    readings: u32,
}

/// L has moved, but that may be another sync's doing, or the start's.
const MOVED: Standing = Standing { time: Duration::from_secs(5), readings: 2 };

/// The sync was seen in progress, but L has not moved.
const UNMOVED: Standing = Standing { time: Duration::from_secs(20), readings: 4 };

/// How the trigger was answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answered {
    /// 204 with its `Date`; or nothing, and T says that it was accepted.
    Accepted { date: Option<Time> },
    /// 409; or nothing, and a sync runs.
    Joined,
}

impl Answered {
    pub(super) fn trigger(self) -> Trigger {
        match self {
            Answered::Accepted { .. } => Trigger::Accepted,
            Answered::Joined => Trigger::Joined,
        }
    }
}

/// The pauses between looks: growing from 2 to 15 seconds, and one last look just before the deadline.
#[derive(Debug)]
pub(super) struct Pace {
    pause: Duration,
    last_look: Duration,
    not_before: Duration,
    /// When the end that is being confirmed was read last.
    confirming: Option<Duration>,
}

impl Pace {
    pub(super) fn new(now: Duration) -> Pace {
        Pace { pause: FIRST_PAUSE, last_look: now, not_before: Duration::ZERO, confirming: None }
    }

    /// A look is taken now.
    pub(super) fn look(&mut self, now: Duration) {
        self.last_look = now;
        self.pause = (self.pause + self.pause / 2).min(LONGEST_PAUSE);
    }

    /// The service asks not to be looked at for a while.
    pub(super) fn hold(&mut self, now: Duration, retry_after: Option<Duration>) {
        self.not_before = now + retry_after.unwrap_or_default();
    }

    /// The time of the next look. None: there is none before the deadline.
    pub(super) fn next(&self, now: Duration, deadline: Duration) -> Option<Duration> {
        let next = match self.confirming {
            Some(read) => read.max(self.last_look) + CONFIRMING_PAUSE,
            None => self.last_look + self.pause,
        };
        self.next_at(next, now, deadline)
    }

    /// The same, and not later than a time at which something is to be decided, if that is no faster than at first.
    pub(super) fn next_by(&self, now: Duration, by: Duration, deadline: Duration) -> Option<Duration> {
        let left = by.saturating_sub(self.last_look);
        let pause = if left.is_zero() { self.pause } else { left.max(FIRST_PAUSE).min(self.pause) };
        self.next_at(self.last_look + pause, now, deadline)
    }

    fn next_at(&self, next: Duration, now: Duration, deadline: Duration) -> Option<Duration> {
        let next = next.max(self.not_before).max(now);
        if next + LAST_LOOK <= deadline {
            return Some(next);
        }
        // After this look the next would be at the deadline or beyond: it is the last.
        let last =
            deadline.saturating_sub(LAST_LOOK).max(self.last_look + LAST_LOOK).max(self.not_before).max(now);
        (last < deadline).then_some(last)
    }
}

/// A sync that is being watched.
#[derive(Debug)]
pub(super) struct Polling {
    pub(super) pace: Pace,
    /// When the trigger was answered.
    since: Duration,
    answered: Answered,
    /// It was seen in progress before the answer, which does not tell whether it is the same sync.
    was_running: bool,
    /// L of the last reading, since the answer, that showed it in progress.
    seen: Option<Option<Time>>,
    standing: Option<Stand>,
}

/// An end that was read, and how long it stands.
#[derive(Debug)]
struct Stand {
    status: SyncStatus,
    last_sync: Option<Time>,
    since: Duration,
    readings: u32,
}

impl Polling {
    pub(super) fn new(now: Duration, answered: Answered, was_running: bool) -> Polling {
        Polling { pace: Pace::new(now), since: now, answered, was_running, seen: None, standing: None }
    }

    /// Goes on from probing, at its pace.
    pub(super) fn resumed(since: Duration, answered: Answered, pace: Pace) -> Polling {
        Polling { pace, since, answered, was_running: false, seen: None, standing: None }
    }

    /// What a reading means, given the one before the trigger. None: look on.
    pub(super) fn judge(&mut self, now: Duration, baseline: &Settings, settings: &Settings) -> Option<End> {
        if is_running(settings) {
            self.seen = Some(settings.last_sync());
        }
        if !is_over(settings) {
            (self.standing, self.pace.confirming) = (None, None);
            return None;
        }
        self.stand(now, settings);
        let has_moved = self.has_ended_since(baseline, settings);
        let was_running = self.seen.is_some() || self.was_running;
        self.pace.confirming = (has_moved || was_running).then_some(now);
        let is_believed = match (has_moved, was_running) {
            (true, _) => self.has_written_its_end(settings) || self.stands(MOVED),
            (false, true) => self.stands(UNMOVED),
            (false, false) if now >= self.since + UNSEEN => return Some(End::Unconfirmed),
            (false, false) => false,
        };
        is_believed.then(|| self.end(settings))
    }

    /// Whether the times prove that a sync ended which the baseline does not know, and that it is this one.
    fn has_ended_since(&self, baseline: &Settings, settings: &Settings) -> bool {
        let (sync, manual) = (settings.last_sync(), settings.last_manual_sync());
        let is_new = time::compare(sync, baseline.last_sync()).is_gt();
        let is_of_this_trigger =
            time::compare(manual, baseline.last_manual_sync()).is_eq() || time::compare(sync, manual).is_ge();
        let is_recent = match self.answered {
            Answered::Accepted { date: Some(date) } => {
                time::compare(sync, Some(date.plus_seconds(-WINDOW_PROOF_SECONDS))).is_ge()
            }
            _ => true,
        };
        is_new && is_of_this_trigger && is_recent
    }

    /// Whether L has moved since the sync that was triggered was seen in progress: then its end moved it. Where its
    /// start moved L already, a replica that lags behind the last reading may still show the status of the sync before,
    /// so that must stand. So must every end of a sync that was joined: what a lagging replica showed in progress since
    /// the 409 may be one that was over before it, with the joined one on its heels.
    fn has_written_its_end(&self, settings: &Settings) -> bool {
        let is_triggered = matches!(self.answered, Answered::Accepted { .. });
        is_triggered && self.seen.is_some_and(|seen| time::compare(settings.last_sync(), seen).is_gt())
    }

    fn stand(&mut self, now: Duration, settings: &Settings) {
        let (status, last_sync) = (settings.status().cloned(), settings.last_sync());
        match &mut self.standing {
            Some(stand)
                if Some(&stand.status) == status.as_ref()
                    && time::compare(stand.last_sync, last_sync).is_eq() =>
            {
                stand.readings += 1;
            }
            standing => {
                *standing = status.map(|status| Stand { status, last_sync, since: now, readings: 1 });
            }
        }
    }

    /// Counted from the reply of its first reading to the request of its last: so far apart they are at least, however
    /// slow the replies.
    fn stands(&self, needed: Standing) -> bool {
        let is_long = |stand: &Stand| {
            self.pace.last_look >= stand.since + needed.time && stand.readings >= needed.readings
        };
        self.standing.as_ref().is_some_and(is_long)
    }

    fn end(&self, settings: &Settings) -> End {
        match (settings.status(), self.answered) {
            (Some(SyncStatus::Failed), _) => End::Failed,
            (_, Answered::Accepted { .. }) => End::Completed,
            (_, Answered::Joined) => End::JoinedCompleted,
        }
    }
}

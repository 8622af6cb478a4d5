//! The wait for a sync to be really done, as a pure state machine: what to do next, given what was seen. No socket, no
//! clock: the time since the wait began comes in with each sight.
//!
//! Why it is not simply "trigger, then poll until `completed`": after the trigger was accepted the service goes on
//! saying `completed` of the sync *before* for a while that is documented nowhere; a replica may lag behind; a sync may
//! be over before it was ever seen in progress; a reply may be lost. So the state is read before the trigger, and an
//! end is believed only by what has moved since, or by a status that was in progress and then stands. L and T stand for
//! `lastSyncDateTime` and `lastManualSyncTriggerDateTime`; only times of the service are compared with each other.
//!
//! A trigger whose fate is unknown is sent at most once more, and only after thirty seconds in which no reading shows an
//! effect. A 429 is an answer: what follows it begins anew, and each trigger after it waits for its own time.

mod poll;
mod window;

use std::time::Duration;

use crate::outcome::{Settings, SyncStatus, Trigger};
use crate::text::time::{self, Time};

use super::Phase;
use poll::{Answered, Polling};

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

/// How long after a trigger of unknown fate its effect is waited for, before it is sent once more.
const PROBE: Duration = Duration::from_secs(30);

/// What to do next. The machine is told of its outcome by [`Wait::next`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Do {
    /// Read the settings; before a trigger, with retries.
    Read { retries: bool },
    /// Send the trigger.
    Trigger,
    /// Wait until this time, counted from the beginning.
    Pause { until: Duration, phase: Phase },
    /// Nothing: the wait is over.
    End(End),
}

/// What the wait came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum End {
    /// The sync that was triggered is completed.
    Completed,
    /// A sync that was running already is completed.
    JoinedCompleted,
    /// Not before this time, counted from the beginning, if it is known.
    TooSoon(Option<Duration>),
    /// Accepted or joined, but its end cannot be observed.
    Unconfirmed,
    /// The service says that the sync failed.
    Failed,
    /// The deadline passed while the sync was being watched.
    Deadline,
    /// The last request's own answer or failure.
    LastRequest,
    /// The last trigger's own answer or failure.
    LastTrigger,
}

/// What came of what was to be done.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    /// Nothing yet: the wait begins; or a pause is over.
    Nothing,
    /// A reading, and the `Date` of its reply.
    Reading { settings: Settings, date: Option<Time> },
    /// The service does not let this caller read.
    ReadRefused,
    /// No reading, in passing; not again before this pause.
    ReadFailed { retry_after: Option<Duration> },
    /// No reading, for good.
    ReadEnded,
    /// 204, and its `Date`.
    Accepted { date: Option<Time> },
    /// 409.
    AlreadyRunning,
    /// 429, and its `Date`.
    TooSoon { retry_after: Option<Duration>, date: Option<Time> },
    /// The trigger's fate is unknown.
    MayHaveRun,
    /// The trigger was answered otherwise, or could not be sent.
    NotTriggered,
}

/// The machine.
pub(crate) struct Wait {
    deadline: Duration,
    /// What a pause for the window is lengthened by, so that many do not return together.
    jitter: Duration,
    state: State,
    seen: Highest,
    /// What was read last before the trigger; None where this caller may not read.
    baseline: Option<Settings>,
    /// The service's time when it was told last, and when that was.
    clock: Option<(Time, Duration)>,
    /// Further 429s that the window did not explain.
    throttled: u32,
    /// What became of the trigger, as far as the readings say more than its answer.
    trigger: Option<Trigger>,
}

#[derive(Debug)]
enum State {
    /// The reading before a trigger.
    Baseline,
    Triggering {
        is_repeat: bool,
    },
    /// Whether a trigger of unknown fate shows an effect.
    Probing {
        since: Duration,
        is_repeat: bool,
        pace: poll::Pace,
    },
    Polling(Polling),
    /// The reading after a 429.
    Refused {
        at: Duration,
        retry_after: Option<Duration>,
    },
    Window,
    /// The reading after the window.
    WindowOver,
    Ended,
}

/// What a look at the service came to.
enum Look {
    Told(Settings),
    Later,
    Now,
    Over(End),
}

/// The highest times seen, by which a lagging replica is known.
#[derive(Debug, Default)]
struct Highest {
    sync: Option<Time>,
    manual: Option<Time>,
}

impl Highest {
    /// Whether a reading is not behind what was seen before.
    fn admit(&mut self, settings: &Settings) -> bool {
        let (sync, manual) = (settings.last_sync(), settings.last_manual_sync());
        if time::compare(sync, self.sync).is_lt() || time::compare(manual, self.manual).is_lt() {
            return false;
        }
        (self.sync, self.manual) = (sync, manual);
        true
    }
}

impl Wait {
    /// `jitter` is at most five seconds.
    pub(crate) fn new(deadline: Duration, jitter: Duration) -> Wait {
        Wait {
            deadline,
            jitter,
            state: State::Baseline,
            seen: Highest::default(),
            baseline: None,
            clock: None,
            throttled: 0,
            trigger: None,
        }
    }

    /// What the readings say of the trigger. None: what its answer says.
    pub(crate) fn known_trigger(&self) -> Option<Trigger> {
        self.trigger
    }

    /// What to do, `now` being the time since the wait began.
    pub(crate) fn next(&mut self, now: Duration, seen: Seen) -> Do {
        let state = std::mem::replace(&mut self.state, State::Ended);
        match state {
            State::Baseline => self.baseline(seen),
            State::Triggering { is_repeat } => self.triggered(now, seen, is_repeat),
            State::Probing { since, is_repeat, pace } => self.probed(now, seen, since, is_repeat, pace),
            State::Polling(polling) => self.polled(now, seen, polling),
            State::Refused { at, retry_after } => self.refused(now, seen, at, retry_after),
            State::Window => self.read(State::WindowOver),
            State::WindowOver => self.window_over(now, seen),
            State::Ended => Do::End(End::LastRequest),
        }
    }

    fn read(&mut self, state: State) -> Do {
        self.state = state;
        Do::Read { retries: true }
    }

    fn trigger(&mut self, is_repeat: bool) -> Do {
        self.state = State::Triggering { is_repeat };
        self.trigger = None;
        Do::Trigger
    }

    fn baseline(&mut self, seen: Seen) -> Do {
        match seen {
            Seen::Nothing => self.read(State::Baseline),
            Seen::Reading { settings, .. } => {
                self.take_baseline(settings);
                self.trigger(false)
            }
            Seen::ReadRefused => self.trigger(false),
            _ => Do::End(End::LastRequest),
        }
    }

    /// A lagging reading changes nothing: what was read before it stands.
    fn take_baseline(&mut self, settings: Settings) -> bool {
        let is_new = self.seen.admit(&settings);
        if is_new {
            self.baseline = Some(settings);
        }
        is_new
    }

    fn take_date(&mut self, now: Duration, date: Option<Time>) {
        self.clock = date.map(|date| (date, now)).or(self.clock);
    }

    fn triggered(&mut self, now: Duration, seen: Seen, is_repeat: bool) -> Do {
        match (seen, &self.baseline) {
            (Seen::Accepted { .. } | Seen::AlreadyRunning, None) => Do::End(End::Unconfirmed),
            (Seen::TooSoon { retry_after, .. }, None) => {
                Do::End(End::TooSoon(retry_after.map(|wait| now + wait)))
            }
            (Seen::Accepted { date }, Some(_)) => self.poll(now, Answered::Accepted { date }, false),
            (Seen::AlreadyRunning, Some(baseline)) => {
                let was_running = is_running(baseline);
                self.poll(now, Answered::Joined, was_running)
            }
            (Seen::TooSoon { retry_after, date }, Some(_)) => {
                self.take_date(now, date);
                self.read(State::Refused { at: now, retry_after })
            }
            (Seen::MayHaveRun, Some(_)) => {
                let pace = poll::Pace::new(now);
                self.probe(now, now, is_repeat, pace)
            }
            (Seen::MayHaveRun, None) => Do::End(End::LastTrigger),
            _ => Do::End(End::LastRequest),
        }
    }

    /// Begins to watch a sync.
    fn poll(&mut self, now: Duration, answered: Answered, was_running: bool) -> Do {
        self.trigger = Some(answered.trigger());
        let polling = Polling::new(now, answered, was_running);
        self.look_later(now, polling)
    }

    fn look_later(&mut self, now: Duration, polling: Polling) -> Do {
        let next = polling.pace.next(now, self.deadline);
        self.state = State::Polling(polling);
        self.pause_or_end(next)
    }

    fn pause_or_end(&mut self, until: Option<Duration>) -> Do {
        match until {
            Some(until) => Do::Pause { until, phase: Phase::Watching },
            None => {
                self.state = State::Ended;
                Do::End(End::Deadline)
            }
        }
    }

    /// What was seen between two looks, or by one: a lagging reading, and one that failed in passing, tell nothing.
    fn look(&mut self, now: Duration, seen: Seen, pace: &mut poll::Pace) -> Look {
        match seen {
            Seen::Nothing if now >= self.deadline => Look::Over(End::Deadline),
            Seen::Nothing => {
                pace.look(now);
                Look::Now
            }
            Seen::Reading { settings, .. } if self.seen.admit(&settings) => Look::Told(settings),
            Seen::Reading { .. } => Look::Later,
            Seen::ReadFailed { retry_after } => {
                pace.hold(now, retry_after);
                Look::Later
            }
            _ => Look::Over(End::LastRequest),
        }
    }

    fn polled(&mut self, now: Duration, seen: Seen, mut polling: Polling) -> Do {
        let settings = match self.look(now, seen, &mut polling.pace) {
            Look::Told(settings) => settings,
            Look::Later => return self.look_later(now, polling),
            Look::Now => {
                self.state = State::Polling(polling);
                return Do::Read { retries: false };
            }
            Look::Over(end) => return Do::End(end),
        };
        self.judge(now, &settings, polling)
    }

    /// Whether the sync is over by this reading.
    fn judge(&mut self, now: Duration, settings: &Settings, mut polling: Polling) -> Do {
        let baseline = self.baseline.as_ref().expect("a sync is watched only by comparison");
        match polling.judge(now, baseline, settings) {
            Some(end) => Do::End(end),
            None => self.look_later(now, polling),
        }
    }

    fn probe(&mut self, now: Duration, since: Duration, is_repeat: bool, pace: poll::Pace) -> Do {
        let next = pace.next_by(now, since + PROBE, self.deadline);
        self.state = State::Probing { since, is_repeat, pace };
        self.pause_or_end(next)
    }

    /// Looks for an effect of a trigger of unknown fate.
    fn probed(
        &mut self,
        now: Duration,
        seen: Seen,
        since: Duration,
        is_repeat: bool,
        mut pace: poll::Pace,
    ) -> Do {
        let settings = match self.look(now, seen, &mut pace) {
            Look::Told(settings) => settings,
            Look::Later => return self.probe(now, since, is_repeat, pace),
            Look::Now => {
                self.state = State::Probing { since, is_repeat, pace };
                return Do::Read { retries: false };
            }
            Look::Over(end) => return Do::End(end),
        };
        let baseline = self.baseline.as_ref().expect("a trigger is probed only by comparison");
        let has_moved =
            |time: fn(&Settings) -> Option<Time>| time::compare(time(&settings), time(baseline)).is_gt();
        let answered = if has_moved(Settings::last_manual_sync) {
            Answered::Accepted { date: None }
        } else if is_running(&settings) || has_moved(Settings::last_sync) {
            Answered::Joined
        } else if now < since + PROBE {
            return self.probe(now, since, is_repeat, pace);
        } else if is_repeat {
            return Do::End(End::LastTrigger);
        } else if now >= self.deadline {
            return Do::End(End::Deadline);
        } else {
            self.baseline = Some(settings);
            return self.trigger(true);
        };
        self.trigger = Some(answered.trigger());
        self.judge(now, &settings, Polling::resumed(since, answered, pace))
    }
}

fn is_running(settings: &Settings) -> bool {
    settings.status() == Some(&SyncStatus::InProgress)
}

fn is_over(settings: &Settings) -> bool {
    matches!(settings.status(), Some(SyncStatus::Completed | SyncStatus::Failed))
}

//! What the machine knows, the state it is in, and the moves from one state to the next.

use std::mem;
use std::time::{Duration, SystemTime};

use super::command::{Command, StopReason};
use super::event::Event;
use super::goal::{Change, Goal};
use super::look::Look;
use super::observation::{Observation, Origin};
use super::reading::is_stale;
use super::schedule::Schedule;
use super::uncertain_trigger::UncertainTrigger;
use crate::outcome::{Settings, Trigger};
use crate::text::Time;
use crate::wait::phase::Phase;

/// Between two readings of a watch.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What a call is told when it starts.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) goal: Goal,
    /// The caller's time at the start.
    pub(crate) began: SystemTime,
    pub(crate) deadline: Duration,
    /// How often a call of one request repeats it. A wait repeats its requests until the deadline.
    pub(crate) max_retries: u32,
    /// Do not read the settings to say when the next trigger is possible.
    pub(crate) trigger_only: bool,
    /// Lengthens the pause for the window, by five seconds at most, so that many waits do not return together.
    pub(crate) jitter: Duration,
    /// Any number, for the pause before a retry.
    pub(crate) chance: u32,
}

/// The state machine. Every `Duration` that is a point in time counts from the start of the call.
pub(crate) struct Machine {
    pub(super) terms: Terms,
    pub(super) change: Option<Change>,
    pub(super) state: State,
    /// The last reading that is not stale.
    pub(super) latest: Option<Settings>,
    /// The last reading before the trigger, or the first one. None before the first reading.
    pub(super) baseline: Option<Settings>,
    /// A sync that the wait did not trigger counts if the service recorded it at this time or later. None before the
    /// first reading, and if that has no `Date`.
    pub(super) counts_from: Option<Time>,
    /// The last `Date` of the service, and when it was received.
    pub(super) service_clock: Option<(Time, Duration)>,
    /// When the service accepts the next trigger, as the last 429 told.
    pub(super) refused_until: Duration,
    /// How many 429s the window did not explain.
    pub(super) throttled: u32,
    /// The caller was asked for a token, and no request with it has been answered otherwise.
    pub(super) has_asked_for_token: bool,
    pub(super) known_trigger: Option<Trigger>,
}

#[derive(Debug)]
pub(super) enum State {
    /// Sending the only request of a call.
    Requesting { retries_made: u32 },
    /// Reading the settings after the 429 to such a request.
    AskingWhen,
    /// Reading the settings before a trigger, until it can be sent.
    Looking(Look),
    /// Sending the trigger.
    Triggering { attempt: Attempt, schedule: Schedule },
    /// Reading the settings again and again, with pauses.
    Watching(Watch),
    /// Reading the settings after a 429 that was received at this time.
    TooSoon { received: Duration, retry_after: Option<Duration> },
    /// The call is over.
    Stopped,
}

/// What is known before a trigger is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The baseline.
    Observed,
    /// The caller has no right to read the settings, so nobody can see what comes of it.
    Unobserved,
    /// One before it may have run, but shows no effect.
    Repeat,
}

/// Readings with pauses in between, until they answer the question about their subject.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) schedule: Schedule,
    pub(super) subject: Subject,
}

impl Watch {
    pub(super) fn new(now: Duration, subject: Subject) -> Watch {
        Watch { schedule: Schedule::new(now, LONGEST_PAUSE), subject }
    }
}

#[derive(Debug)]
pub(super) enum Subject {
    /// Did this trigger start a sync?
    Trigger(UncertainTrigger),
    /// Has this sync ended?
    Sync(Box<Observation>),
}

impl Machine {
    pub(crate) fn new(terms: Terms) -> Machine {
        let change = match terms.goal {
            Goal::SyncSince(change) => Some(Change::new(change, terms.began)),
            _ => None,
        };
        let state = if terms.goal.waits() {
            State::Looking(Look::first(change))
        } else {
            State::Requesting { retries_made: 0 }
        };
        Machine {
            terms,
            change,
            state,
            latest: None,
            baseline: None,
            counts_from: None,
            service_clock: None,
            refused_until: Duration::ZERO,
            throttled: 0,
            has_asked_for_token: false,
            known_trigger: None,
        }
    }

    /// What the readings tell about the trigger. None if only its own answer does.
    pub(crate) fn known_trigger(&self) -> Option<Trigger> {
        self.known_trigger
    }

    /// Leaves the machine stopped, unless a move follows.
    pub(super) fn take_state(&mut self) -> State {
        mem::replace(&mut self.state, State::Stopped)
    }

    /// Keeps a reading as the latest, unless it is stale. Returns whether it was kept.
    pub(super) fn keep_latest(&mut self, settings: &Settings) -> bool {
        let is_fresh = !self.latest.as_ref().is_some_and(|latest| is_stale(settings, latest));
        if is_fresh {
            self.latest = Some(settings.clone());
        }
        is_fresh
    }

    pub(super) fn keep_date(&mut self, now: Duration, event: &Event) {
        if let Event::SettingsRead { date: Some(date), .. }
        | Event::TriggerAccepted { date: Some(date) }
        | Event::TriggerTooSoon { date: Some(date), .. } = event
        {
            self.service_clock = Some((*date, now));
        }
    }

    /// A time by the service's clock. None if no reply has told that.
    pub(crate) fn service_time(&self, time: Duration) -> Option<Time> {
        self.service_clock.map(|(date, received)| date.plus(time.saturating_sub(received)))
    }

    pub(super) fn send_trigger(&mut self, attempt: Attempt, schedule: Schedule) -> Command {
        self.state = State::Triggering { attempt, schedule };
        self.known_trigger = None;
        Command::SendTrigger
    }

    /// Starts to watch a sync.
    pub(super) fn watch_sync(&mut self, now: Duration, origin: Origin, ran_before: bool) -> Command {
        self.known_trigger = origin.trigger();
        let observation = Observation::new(origin, now, ran_before);
        self.watch_on(now, Watch::new(now, Subject::Sync(observation.into())))
    }

    /// Pauses until the next reading. If the deadline leaves no time for one, the wait stops.
    pub(super) fn watch_on(&mut self, now: Duration, watch: Watch) -> Command {
        let next = match &watch.subject {
            Subject::Trigger(trigger) => {
                watch.schedule.next_reading_by(trigger.decision(), now, self.terms.deadline)
            }
            Subject::Sync(_) => watch.schedule.next_reading(now, self.terms.deadline),
        };
        let Some(until) = next else { return Command::Stop(StopReason::DeadlinePassed) };
        self.state = State::Watching(watch);
        Command::Pause { until, next_step: until, phase: Phase::Watching }
    }
}

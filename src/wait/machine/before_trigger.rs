//! Looks before a trigger: does a sync run, or has one completed that counts? Is it time to trigger?

use std::time::Duration;

use super::command::{Command, StopReason};
use super::confirmation::{AFTER_MOVED_TIMES, Candidate};
use super::event::Event;
use super::look::Look;
use super::observation::{CLOCK_DIFFERENCE_SECONDS, Origin};
use super::reading::{Reading, compare_last_sync, has_ended, is_completed, is_running, times_differ};
use super::state::{Attempt, Machine, State};
use super::window::WINDOW;
use crate::outcome::{Settings, Trigger};
use crate::service::retry::Obstacle;
use crate::text::time::{self, Time};
use crate::wait::phase::Phase;

/// Whether the service recorded the last sync so long ago that its status cannot lag behind, even if the service's
/// clocks differ.
fn is_old(settings: &Settings, date: Option<Time>) -> bool {
    let Some((last_sync, date)) = settings.last_sync_time().zip(date) else { return false };
    last_sync.plus_seconds(CLOCK_DIFFERENCE_SECONDS).compare(date).is_le()
}

impl Machine {
    /// A reading that failed for now decides nothing. A connection that is impossible is a matter of the caller's
    /// settings as long as none has succeeded, and one of the network later.
    pub(super) fn after_look(&mut self, now: Duration, event: Event, mut look: Look) -> Command {
        match event {
            Event::Due if now >= self.terms.deadline => return Command::Stop(look.at_deadline(now)),
            Event::Due => return self.look(now, look),
            Event::SettingsRead { settings, date } => {
                look.is_failing = false;
                return self.judge_look(now, settings, date, look);
            }
            Event::ReadForbidden if now >= look.due => {
                return self.send_trigger(Attempt::Unobserved, look.schedule);
            }
            Event::ReadFailedForNow(obstacle) => look.fail(now, obstacle),
            Event::ReadForbidden => look.fail(now, Obstacle::default()),
            Event::CannotConnect if self.latest.is_some() => look.fail(now, Obstacle::default()),
            _ => return Command::Stop(StopReason::RequestFailed),
        }
        self.look_on(now, look)
    }

    fn judge_look(
        &mut self,
        now: Duration,
        settings: Settings,
        date: Option<Time>,
        mut look: Look,
    ) -> Command {
        let is_first = self.latest.is_none();
        let has_moved = self.latest.as_ref().is_some_and(|latest| times_differ(&settings, latest));
        let is_fresh = self.keep_latest(&settings);
        if is_first {
            self.counts_from = self.counts_from(date, look.schedule.last_reading());
            self.baseline = Some(settings.clone());
        }
        if is_fresh && is_running(&settings) {
            match self.change {
                None if is_first => {}
                Some(_) if is_first && !self.began_in_time(&settings) => {
                    return self.watch_sync(now, Origin::Earlier, true);
                }
                _ => return self.join(now, settings),
            }
        }
        if is_fresh && self.judge_candidate(now, &settings, date, &mut look) {
            return Command::Stop(self.after_candidate(&settings));
        }
        if is_fresh && has_moved && !look.is_first {
            let window = self.window_end().unwrap_or(now + WINDOW);
            let allowed = look.allowed.max(window);
            look.wait_until(allowed, self.with_jitter(allowed));
        }
        if now < look.due || look.has_candidate() {
            return self.look_on(now, look);
        }
        self.baseline = self.latest.clone();
        self.send_trigger(Attempt::Observed, look.schedule)
    }

    pub(super) fn look(&mut self, now: Duration, mut look: Look) -> Command {
        look.schedule.start_reading(now);
        self.state = State::Looking(look);
        Command::ReadSettings
    }

    /// The earliest `lastSyncDateTime` of a sync that counts, by the service's clock: after the change, or after the
    /// first reading.
    fn counts_from(&self, date: Option<Time>, requested: Duration) -> Option<Time> {
        match self.change {
            Some(change) => Some(change.counts_from(date, requested)),
            None => date.map(|date| date.plus_seconds(1)), // a `Date` has whole seconds
        }
    }

    /// Whether the reading confirms that a sync has completed that counts. A status that is no end leaves the candidate
    /// as it is.
    pub(super) fn judge_candidate(
        &self,
        now: Duration,
        settings: &Settings,
        date: Option<Time>,
        look: &mut Look,
    ) -> bool {
        let may_be_known = look.is_first && self.change.is_some();
        let is_new = self.is_new(settings);
        look.schedule.stop_confirming();
        if !has_ended(settings) {
            return false;
        }
        let candidate = look.candidate.take();
        if !(is_new || may_be_known) || !is_completed(settings) || !self.counts(settings) {
            return false;
        }
        if !is_new && is_old(settings, date) {
            return true;
        }
        let reading = Reading { settings, requested: look.schedule.last_reading(), received: now };
        let candidate = Candidate::after(candidate, &reading);
        let is_confirmed = candidate.is_confirmed(&AFTER_MOVED_TIMES, reading.requested);
        look.candidate = Some(candidate);
        look.schedule.confirm(now);
        is_confirmed
    }

    /// Whether `lastSyncDateTime` shows a sync that the baseline does not know.
    fn is_new(&self, settings: &Settings) -> bool {
        self.baseline.as_ref().is_some_and(|known| compare_last_sync(settings, known).is_gt())
    }

    /// A sync that ended during the wait is joined. One that the first reading shows makes a trigger needless.
    fn after_candidate(&mut self, settings: &Settings) -> StopReason {
        if !self.is_new(settings) {
            return StopReason::UpToDate;
        }
        self.known_trigger = Some(Trigger::Joined);
        StopReason::JoinedCompleted
    }

    /// Whether the service's times say that the sync in progress began in time to count: it was triggered then, or
    /// another one had ended then. Or they mark its own start.
    fn began_in_time(&self, settings: &Settings) -> bool {
        self.counts(settings) || time::compare(settings.last_manual_sync_time(), self.counts_from).is_ge()
    }

    /// Whether `lastSyncDateTime` is late enough for a sync that counts.
    pub(super) fn counts(&self, settings: &Settings) -> bool {
        self.counts_from
            .is_none_or(|earliest| time::compare(settings.last_sync_time(), Some(earliest)).is_ge())
    }

    /// Watches a sync that a reading shows in progress.
    pub(super) fn join(&mut self, now: Duration, settings: Settings) -> Command {
        self.baseline = Some(settings);
        self.watch_sync(now, Origin::Joined, true)
    }

    /// Pauses until the next reading. If the deadline leaves no time for one, the wait stops.
    pub(super) fn look_on(&mut self, now: Duration, look: Look) -> Command {
        let next = if now < look.due && look.due < self.terms.deadline && !look.has_candidate() {
            look.schedule.next_reading_up_to(look.due, now, self.terms.deadline)
        } else {
            look.schedule.next_reading(now, self.terms.deadline)
        };
        let Some(until) = next else { return Command::Stop(look.at_deadline(now)) };
        let (phase, next_step) = if now < look.due {
            (Phase::Window, look.allowed)
        } else if look.has_candidate() {
            (Phase::Watching, until)
        } else {
            (Phase::Retrying, until)
        };
        self.state = State::Looking(look);
        Command::Pause { until, next_step, phase }
    }
}

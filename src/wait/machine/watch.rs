//! Repeated readings: of a sync until its end, or for the effect of an uncertain trigger.

use std::time::Duration;

use super::command::{Command, StopReason};
use super::event::Event;
use super::goal::Change;
use super::look::Look;
use super::observation::{Observation, Origin, Verdict};
use super::reading::{Reading, is_running};
use super::schedule::Schedule;
use super::state::{Attempt, Machine, State, Subject, Watch};
use super::uncertain_trigger::{Effect, UncertainTrigger};
use super::window::WINDOW;
use crate::outcome::{Settings, Trigger};

impl Machine {
    /// A stale reading, and one that failed for now, decide nothing.
    pub(super) fn after_watch(&mut self, now: Duration, event: Event, mut watch: Watch) -> Command {
        match event {
            Event::Due if now >= self.terms.deadline => Command::Stop(StopReason::DeadlinePassed),
            Event::Due => {
                watch.schedule.start_reading(now);
                self.state = State::Watching(watch);
                Command::ReadSettings
            }
            Event::SettingsRead { settings, .. } => {
                if !self.keep_latest(&settings) {
                    return self.watch_on(now, watch);
                }
                let Watch { schedule, subject } = watch;
                match subject {
                    Subject::Trigger(trigger) => self.judge_trigger(now, settings, schedule, trigger),
                    Subject::Sync(observation) => self.judge_sync(now, &settings, schedule, observation),
                }
            }
            Event::CannotConnect => self.watch_on(now, watch),
            Event::ReadFailedForNow(obstacle) => {
                watch.schedule.postpone_until(obstacle.until(now));
                self.watch_on(now, watch)
            }
            _ => Command::Stop(StopReason::RequestFailed),
        }
    }

    fn judge_sync(
        &mut self,
        now: Duration,
        settings: &Settings,
        mut schedule: Schedule,
        mut observation: Box<Observation>,
    ) -> Command {
        let is_earlier = matches!(observation.origin(), Origin::Earlier);
        if is_earlier && is_running(settings) && self.counts(settings) {
            // Another one has followed it.
            self.baseline = Some(settings.clone());
            self.known_trigger = Some(Trigger::Joined);
            *observation = Observation::new(Origin::Joined, now, true);
        }
        let baseline = self.baseline.as_ref().expect("nothing is watched without a baseline");
        let reading = Reading { settings, requested: schedule.last_reading(), received: now };
        match observation.judge(&reading, baseline) {
            Verdict::Stop(reason) => return self.after_end(now, settings, reason, observation.origin()),
            Verdict::Confirm => schedule.confirm(now),
            Verdict::Continue => schedule.stop_confirming(),
        }
        self.watch_on(now, Watch { schedule, subject: Subject::Sync(observation) })
    }

    /// If the sync that ended does not count, a trigger follows. The service would refuse it in the window after that
    /// sync, so it is not asked before.
    fn after_end(&mut self, now: Duration, settings: &Settings, end: StopReason, origin: Origin) -> Command {
        let is_enough = match (self.change, origin, &end) {
            (Some(_), Origin::Earlier, _) => false,
            (Some(_), _, StopReason::JoinedCompleted) => self.counts(settings),
            _ => true,
        };
        if is_enough {
            return Command::Stop(end);
        }
        self.known_trigger = None;
        self.baseline = Some(settings.clone());
        let window = self.window_end().unwrap_or(now + WINDOW);
        let allowed = window.max(self.refused_until).max(self.change.map_or(Duration::ZERO, Change::made));
        let mut look = Look::new(now);
        if now >= allowed {
            return self.send_trigger(Attempt::Observed, look.schedule);
        }
        look.wait_until(allowed, self.with_jitter(allowed));
        self.look_on(now, look)
    }

    fn judge_trigger(
        &mut self,
        now: Duration,
        settings: Settings,
        schedule: Schedule,
        trigger: UncertainTrigger,
    ) -> Command {
        let baseline = self.baseline.as_ref().expect("nothing is watched without a baseline");
        match trigger.effect(now, baseline, &settings) {
            Effect::Sync(origin) => {
                self.known_trigger = origin.trigger();
                let observation = Observation::new(origin, trigger.failed, false);
                self.judge_sync(now, &settings, schedule, observation.into())
            }
            Effect::NoneYet => self.watch_on(now, Watch { schedule, subject: Subject::Trigger(trigger) }),
            Effect::None if trigger.is_repeat => Command::Stop(StopReason::TriggerMayHaveRun),
            Effect::None if now >= self.terms.deadline => Command::Stop(StopReason::DeadlinePassed),
            Effect::None => {
                self.baseline = Some(settings);
                self.send_trigger(Attempt::Repeat, schedule)
            }
        }
    }
}

//! Repeated readings: of a sync until its end, or for the effect of an uncertain trigger.

use std::time::Duration;

use super::command::{Command, StopReason};
use super::event::Event;
use super::observation::{Observation, Verdict};
use super::reading::Reading;
use super::schedule::Schedule;
use super::state::{Machine, State, Subject, Watch};
use super::uncertain_trigger::{Effect, UncertainTrigger};
use crate::outcome::Settings;

impl Machine {
    /// A stale reading, and one that failed for now, decide nothing.
    pub(super) fn after_watch(&mut self, now: Duration, event: Event, mut watch: Watch) -> Command {
        match event {
            Event::Due if now >= self.deadline => Command::Stop(StopReason::DeadlinePassed),
            Event::Due => {
                watch.schedule.start_reading(now);
                self.state = State::Watching(watch);
                Command::ReadSettings { with_retries: false }
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
            Event::ReadFailedForNow { retry_after } => {
                watch.schedule.postpone_until(now + retry_after.unwrap_or_default());
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
        let baseline = self.baseline.as_ref().expect("nothing is watched without a baseline");
        let reading = Reading { settings, requested: schedule.last_reading(), received: now };
        match observation.judge(&reading, baseline) {
            Verdict::Stop(reason) => return Command::Stop(reason),
            Verdict::Confirm => schedule.confirm(now),
            Verdict::Continue => schedule.stop_confirming(),
        }
        self.watch_on(now, Watch { schedule, subject: Subject::Sync(observation) })
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
                self.known_trigger = Some(origin.trigger());
                let observation = Observation::new(origin, trigger.failed, false);
                self.judge_sync(now, &settings, schedule, observation.into())
            }
            Effect::NoneYet => self.watch_on(now, Watch { schedule, subject: Subject::Trigger(trigger) }),
            Effect::None if trigger.is_repeat => Command::Stop(StopReason::TriggerMayHaveRun),
            Effect::None if now >= self.deadline => Command::Stop(StopReason::DeadlinePassed),
            Effect::None => {
                self.baseline = Some(settings);
                self.repeat_trigger()
            }
        }
    }
}

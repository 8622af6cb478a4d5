//! A call of one request: it reads the settings, or sends a trigger that nobody watches.

use std::time::Duration;

use super::command::{Command, StopReason};
use super::event::Event;
use super::goal::Goal;
use super::state::{Machine, State};
use crate::service::retry;
use crate::wait::phase::Phase;

impl Machine {
    pub(super) fn after_request(&mut self, now: Duration, event: Event, retries_made: u32) -> Command {
        let stop = match event {
            Event::Due => return self.request(retries_made),
            Event::ReadFailedForNow(obstacle) | Event::TriggerFailedForNow(obstacle)
                if obstacle.is_worth_a_retry(now, retries_made, self.terms.max_retries) =>
            {
                return self.repeat(now, obstacle.retry_after, retries_made);
            }
            Event::SettingsRead { .. } => StopReason::Read,
            Event::TriggerAccepted { .. } => StopReason::Accepted,
            Event::SyncAlreadyRunning => StopReason::AlreadyRunning,
            Event::TriggerTooSoon { retry_after: None, .. } if !self.terms.trigger_only => {
                self.state = State::AskingWhen;
                return Command::ReadSettings;
            }
            Event::TriggerTooSoon { .. } => StopReason::TooSoon(None),
            Event::TriggerMayHaveRun => StopReason::TriggerMayHaveRun,
            _ => StopReason::RequestFailed,
        };
        Command::Stop(stop)
    }

    fn request(&mut self, retries_made: u32) -> Command {
        self.state = State::Requesting { retries_made };
        if self.terms.goal == Goal::Settings { Command::ReadSettings } else { Command::SendTrigger }
    }

    /// Sends the request again after a pause. If the deadline comes first, its failure is the result.
    fn repeat(&mut self, now: Duration, retry_after: Option<Duration>, retries_made: u32) -> Command {
        let until = now + retry::pause(retries_made, retry_after, self.terms.chance);
        if until >= self.terms.deadline {
            return Command::Stop(StopReason::RequestFailed);
        }
        self.state = State::Requesting { retries_made: retries_made + 1 };
        Command::Pause { until, next_step: until, phase: Phase::Retrying }
    }

    /// After a 429 that does not say until when: the settings do.
    pub(super) fn after_asking_when(&mut self, now: Duration, event: Event) -> Command {
        if let Event::SettingsRead { settings, .. } = event {
            self.keep_latest(&settings);
        }
        Command::Stop(StopReason::TooSoon(self.window_end().filter(|end| *end > now)))
    }
}

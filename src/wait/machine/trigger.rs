//! The answer to each trigger.

use std::time::Duration;

use super::command::{Command, StopReason};
use super::event::Event;
use super::look::Look;
use super::observation::Origin;
use super::reading::is_running;
use super::schedule::Schedule;
use super::state::{Machine, Subject, Watch};
use super::uncertain_trigger::UncertainTrigger;

impl Machine {
    pub(super) fn after_trigger(
        &mut self,
        now: Duration,
        event: Event,
        is_repeat: bool,
        schedule: Schedule,
    ) -> Command {
        match event {
            // A token that was refused is replaced. That may have taken a while, so look again.
            Event::Due if !is_repeat => return self.look(now, Look::again(now, schedule)),
            Event::Due => return self.repeat_trigger(schedule),
            Event::TriggerFailedForNow(obstacle) if !is_repeat => {
                let mut look = Look::again(now, schedule);
                look.fail(now, obstacle);
                return self.look_on(now, look);
            }
            _ => {}
        }
        let Some(baseline) = &self.baseline else { return unobserved(now, event) };
        match event {
            Event::TriggerAccepted { date } => {
                self.watch_sync(now, Origin::Triggered { accepted: date }, false)
            }
            Event::SyncAlreadyRunning => {
                let ran_before = is_running(baseline);
                self.watch_sync(now, Origin::Joined, ran_before)
            }
            Event::TriggerTooSoon { retry_after, .. } => self.ask_why(now, retry_after),
            Event::TriggerMayHaveRun => {
                let subject = Subject::Trigger(UncertainTrigger { failed: now, is_repeat });
                self.watch_on(now, Watch::new(now, subject))
            }
            _ => Command::Stop(StopReason::RequestFailed),
        }
    }
}

/// What the answer to a trigger comes to if the caller has no right to read the settings.
fn unobserved(now: Duration, event: Event) -> Command {
    Command::Stop(match event {
        Event::TriggerAccepted { .. } | Event::SyncAlreadyRunning => StopReason::Unconfirmed,
        Event::TriggerTooSoon { retry_after, .. } => StopReason::TooSoon(retry_after.map(|wait| now + wait)),
        Event::TriggerMayHaveRun => StopReason::TriggerMayHaveRun,
        _ => StopReason::RequestFailed,
    })
}

//! The answer to each trigger.

use std::time::Duration;

use super::command::{Command, StopReason};
use super::event::Event;
use super::look::Look;
use super::observation::Origin;
use super::reading::is_running;
use super::schedule::Schedule;
use super::state::{Attempt, Machine, Subject, Watch};
use super::uncertain_trigger::UncertainTrigger;

impl Machine {
    pub(super) fn after_trigger(
        &mut self,
        now: Duration,
        event: Event,
        attempt: Attempt,
        schedule: Schedule,
    ) -> Command {
        match event {
            // A token that was refused is replaced. That may have taken a while, so look again.
            Event::Due if attempt == Attempt::Repeat => return self.send_trigger(attempt, schedule),
            Event::Due => return self.look(now, Look::again(now, schedule)),
            Event::TriggerFailedForNow(obstacle) if attempt != Attempt::Repeat => {
                let mut look = Look::again(now, schedule);
                look.fail(now, obstacle);
                return self.look_on(now, look);
            }
            _ if attempt == Attempt::Unobserved => return unobserved(now, event),
            _ => {}
        }
        match event {
            Event::TriggerAccepted { date } => {
                self.watch_sync(now, Origin::Triggered { accepted: date }, false)
            }
            Event::SyncAlreadyRunning => {
                let ran_before = self.baseline.as_ref().is_some_and(is_running);
                self.watch_sync(now, Origin::Joined, ran_before)
            }
            Event::TriggerTooSoon { retry_after, .. } => self.ask_why(now, retry_after),
            Event::TriggerMayHaveRun => {
                let is_repeat = attempt == Attempt::Repeat;
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

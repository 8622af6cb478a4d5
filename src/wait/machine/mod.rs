//! The rule of waiting, as a state machine without sockets and clocks: an event and the time go in, the next command
//! comes out.
//!
//! # The problem
//!
//! "Trigger a sync, then poll until the status is `completed`" goes wrong. The service accepts a trigger, and goes on
//! to report the `completed` of the *previous* sync for a while; the documentation does not say for how long. A reading
//! can come from a replica that lags behind. A sync can start and end between two readings. The reply to the trigger
//! can get lost.
//!
//! # The rules
//!
//! - **Read before each trigger.** This reading is the *baseline*: what it shows is old. Without the right to read,
//!   the end of a sync cannot be observed, and the wait ends as unconfirmed.
//! - **Compare the service's times only with each other.** The clock of this machine may be wrong, so it only measures
//!   durations. A reading whose times are older than an earlier reading's is stale, and ignored.
//! - **Do not burden the service.** The first pause between readings is 2 s, each further one is half as long again, up
//!   to 15 s. One last reading comes just before the deadline. Readings that fail for now do not end the wait.
//! - **Believe an end if the times moved.** `lastSyncDateTime` must be newer than in the baseline, not older than a new
//!   `lastManualSyncTriggerDateTime`, and at most 300 s older than the `Date` of the 204: syncs are ten minutes apart,
//!   so an older time belongs to the previous sync. Nobody knows whether the time marks the start or the end of a sync.
//!   So the end is a *candidate* until two readings have shown it for 5 s. Only if the time moved after the triggered
//!   sync was seen in progress is the end certain at once.
//! - **Believe an end if the sync was in progress.** A failed sync may leave the times as they were. If a reading since
//!   the answer showed `inProgress`, four readings must show the end for 20 s: a lagging replica may still show the
//!   status of the previous sync.
//! - **Give up on a sync that does not show.** If 120 s after the answer neither is the case, the wait ends as
//!   unconfirmed.
//! - **Send an uncertain trigger once more at most.** If a trigger may have run, watch for its effect first: a newer
//!   `lastManualSyncTriggerDateTime` means that it was accepted, another sync is joined. If 30 s show nothing, send it
//!   again. If 30 s more show nothing, its failure is the result.
//! - **After a 429, wait for the window.** The service accepts one sync in ten minutes, and 610 s after the last one is
//!   safe. A longer Retry-After counts. If the window is over already, Graph throttles: pause 30 s, then twice as long
//!   each time, up to 610 s. Then everything starts again with a new baseline. If the next trigger is only allowed
//!   beyond the deadline, the wait ends at once as "too soon".
//!
//! # The files
//!
//! [`command`] and [`event`] are the language of the machine. [`reading`], [`schedule`], [`confirmation`],
//! [`observation`] and [`uncertain_trigger`] decide. [`state`] holds what is known. [`trigger`], [`watch`] and
//! [`window`] say what follows in each state.

mod command;
mod confirmation;
mod event;
mod observation;
mod reading;
mod schedule;
mod state;
mod trigger;
mod uncertain_trigger;
mod watch;
mod window;

use std::time::Duration;

pub(crate) use command::{Command, StopReason};
pub(crate) use event::Event;
pub(crate) use state::Machine;

use state::State;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

impl Machine {
    /// What to do next. `now` is the time since the start of the wait.
    pub(crate) fn next(&mut self, now: Duration, event: Event) -> Command {
        match self.take_state() {
            State::Baseline => self.after_baseline(event),
            State::Triggering { is_repeat } => self.after_trigger(now, event, is_repeat),
            State::Watching(watch) => self.after_watch(now, event, watch),
            State::TooSoon { received, retry_after } => {
                self.after_too_soon(now, event, received, retry_after)
            }
            State::Window => self.read_settings(State::WindowOver),
            State::WindowOver => self.after_window(now, event),
            State::Stopped => Command::Stop(StopReason::RequestFailed),
        }
    }
}

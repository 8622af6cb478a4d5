//! Decides how to wait for a sync, as a state machine: it is told an event and the time, and answers with the next
//! command. It uses no socket and no clock, so that tables of events can test it.
//!
//! # The problem
//!
//! "Trigger a sync, then poll until the status is `completed`" goes wrong. After the service has accepted a trigger, it
//! still reports the `completed` of the *previous* sync for a while; the documentation does not say for how long. A
//! reading can come from a replica that lags behind. A sync can start and end between two readings. The reply to the
//! trigger can get lost.
//!
//! # The rules
//!
//! - **Read the settings before each trigger.** This reading is the *baseline*: what it shows is old. Without the right
//!   to read, nobody can see the sync end, so the wait ends as unconfirmed once the service has accepted the trigger.
//! - **Compare the service's times only with each other.** The clock of this machine may be wrong, so it only measures
//!   durations. A reading with an older time than an earlier reading is *stale*: ignore it.
//! - **Read seldom.** Pause 2 s after the trigger, then half as long again each time, up to 15 s. Read a last time just
//!   before the deadline. A reading that fails for now does not end the wait.
//! - **Believe an end if the times moved.** `lastSyncDateTime` must be newer than in the baseline, and not older than
//!   `lastManualSyncTriggerDateTime` if that moved too. It may be 300 s older than the `Date` of the 204, because the
//!   service's clocks may differ. If it is older still, it belongs to the previous sync: syncs are ten minutes apart.
//! - **Confirm such an end.** It is only a *candidate* until two readings have shown it for 5 s. If the time marks the
//!   start of a sync, which nobody knows, then a status that is a few seconds late is still the previous one. If the
//!   time moved after the triggered sync was seen in progress, only the end can have moved it: no confirmation is
//!   needed.
//! - **Believe an end if the sync was in progress, although no time moved.** A failed sync may leave the times as they
//!   were. A reading since the answer must have shown `inProgress`; after a 409 the baseline will do. A stale replica
//!   may still show the previous status, so four readings must show the end for 20 s.
//! - **Do not wait for a sync that does not show.** If 120 s after the answer the status is an end, but no time moved
//!   and no sync was in progress, the wait ends as unconfirmed.
//! - **Repeat an uncertain trigger once at most.** If a trigger may have run, look for its effect first. A newer
//!   `lastManualSyncTriggerDateTime` means that the service accepted it. Any other sync is joined. If nothing shows for
//!   30 s, send the trigger again. If nothing shows for another 30 s, the failure of that trigger is the result.
//! - **After a 429, wait for the window.** The service accepts a sync every ten minutes; 610 s after the last one are
//!   on the safe side. If Retry-After asks for more, it counts. If the window is over already, Graph throttles: pause
//!   30 s, then twice as long each time, up to 610 s. After the pause, trigger again, with the last reading as the
//!   baseline. If the deadline comes first, the wait ends as too soon, at once.
//! - **Look while the window lasts**, at pauses that grow to 60 s. A sync in progress is joined. A sync that has
//!   completed is joined too if it is newer than the baseline, was recorded after the `Date` of the first reading, and
//!   two readings have shown it for 5 s: then it began after the wait, or ended during it. So no wait starves in a
//!   tenant that syncs by itself. If either time moves, the window counts anew from there. Such a wait looks on until
//!   its deadline even if the new window ends later, because whoever moved the time may have started a sync.
//! - **For a sync since a change, look first.** The change has a time by the caller's clock. The `Date` of the first
//!   reading carries it into the service's, rounded up. A completed sync whose `lastSyncDateTime` is not before that is
//!   enough: up to date, and nothing is triggered. If that time is less than 300 s old by the reply's `Date`, it must
//!   stand for 5 s first, as above: it may mark a start.
//! - **A sync that runs at the first look began before it.** It counts only if one of the service's times is not before
//!   the change: then it was triggered since, or the time marks its start, or another sync ended since and this one
//!   followed. Otherwise its end is awaited, and four readings must show it for 20 s even if the times moved: its start
//!   may have moved them, and the time of its end must not pass for another sync. A sync that follows it at once is
//!   joined.
//! - **Whatever is joined must be recorded since the change.** If it is not, it may have begun before, and the wait
//!   goes on: the window after that sync, then a trigger. A trigger of this wait is proof enough, so it is never sent
//!   before the change. In the window such a wait looks on until its deadline, and is too soon only then.
//! - **Ride out failures before a trigger.** A reading that fails for now is repeated, at pauses that grow to 60 s,
//!   until the deadline. Then its failure is the result. So is a trigger that the service cannot take now, or that was
//!   not sent; a reading comes before it again, because the last one is old. A failure that does not heal is the result at once. An unknown
//!   name, a certificate that is not trusted or a proxy that refuses is such a failure until a reading has succeeded:
//!   the settings of this program are wrong. After that, the network has a fault for now.
//!
//! - **Ask for a token once.** If the service refuses the token, the caller is asked for another. If it refuses that too,
//!   the call ends. A new token may come late, so a reading comes before the trigger again.
//! - **A call of one request waits for nothing.** It repeats a request that failed in passing and cannot have run, as often
//!   as the client's options allow. After a 429 without Retry-After, one reading tells when the next trigger is possible.
//!
//! # The files
//!
//! [`goal`], [`command`] and [`event`] are the machine's language. [`reading`], [`schedule`], [`look`],
//! [`confirmation`], [`observation`] and [`uncertain_trigger`] decide single questions. [`state`] holds what the
//! machine knows and the state it is in.
//! [`request`], [`before_trigger`], [`trigger`], [`watch`] and [`window`] say what follows from an event in each state.

mod before_trigger;
mod command;
mod confirmation;
mod event;
mod goal;
mod look;
mod observation;
mod reading;
mod request;
mod schedule;
mod state;
mod trigger;
mod uncertain_trigger;
mod watch;
mod window;

use std::time::Duration;

pub(crate) use command::{Command, StopReason};
pub(crate) use event::Event;
pub use goal::Goal;
pub(crate) use state::{Machine, Terms};

use state::State;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

impl Machine {
    /// What to do next. `now` is the time since the start of the call. The first event is [`Event::Due`].
    pub(crate) fn next(&mut self, now: Duration, event: Event) -> Command {
        match event {
            Event::TokenRefused if !self.has_asked_for_token && !matches!(self.state, State::AskingWhen) => {
                self.has_asked_for_token = true;
                return Command::AskForToken;
            }
            Event::Due => {}
            _ => self.has_asked_for_token = false,
        }
        self.keep_date(now, &event);
        match self.take_state() {
            State::Requesting { retries_made } => self.after_request(now, event, retries_made),
            State::AskingWhen => self.after_asking_when(now, event),
            State::Looking(look) => self.after_look(now, event, look),
            State::Triggering { attempt, schedule } => self.after_trigger(now, event, attempt, schedule),
            State::Watching(watch) => self.after_watch(now, event, watch),
            State::TooSoon { received, retry_after } => {
                self.after_too_soon(now, event, received, retry_after)
            }
            State::Stopped => Command::Stop(StopReason::RequestFailed),
        }
    }
}

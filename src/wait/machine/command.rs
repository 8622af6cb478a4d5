//! What the machine orders, and why it stops.

use std::time::Duration;

use crate::wait::phase::Phase;

/// What to do next. Tell the machine what came of it as an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    ReadSettings,
    SendTrigger,
    /// Ask the caller for a new token. The event is [`Event::Due`](super::Event::Due) if there is one, and
    /// [`Event::NoToken`](super::Event::NoToken) if not.
    AskForToken,
    /// Wait until this time, counted from the start of the call. The caller is told of the next step: the time of the
    /// next trigger in the window, `until` otherwise.
    Pause {
        until: Duration,
        next_step: Duration,
        phase: Phase,
    },
    /// The call is over.
    Stop(StopReason),
}

/// Why a call is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StopReason {
    /// The settings are read.
    Read,
    /// The service accepted the trigger, and the call does not wait for more.
    Accepted,
    /// A sync is already running, and the call does not wait for its end.
    AlreadyRunning,
    /// The triggered sync completed.
    Completed,
    /// A sync that was already running completed.
    JoinedCompleted,
    /// A sync that counts had completed before the wait. Nothing was triggered.
    UpToDate,
    /// The service reports that the sync failed.
    SyncFailed,
    /// The service accepts the next trigger at this time, counted from the start of the call. None: no more is known than
    /// the service has said.
    TooSoon(Option<Duration>),
    /// A sync was accepted or joined, but its end cannot be observed.
    Unconfirmed,
    /// The deadline passed while a sync was being watched.
    DeadlinePassed,
    /// The last request failed: its failure is the result.
    RequestFailed,
    /// A trigger may have run, but nothing shows it: that trigger's failure is the result.
    TriggerMayHaveRun,
    /// The caller cancelled the call. Only its driver knows that, never the machine.
    Cancelled,
}

//! What the machine orders, and why it stops.

use std::time::Duration;

use crate::wait::progress::Phase;

/// What to do next. Tell the machine what came of it as an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Read the settings: with ordinary retries if a trigger is to follow, without them in repeated readings.
    ReadSettings {
        with_retries: bool,
    },
    SendTrigger,
    /// Wait until this time, counted from the start of the wait. The caller is told of the next step: the time of the
    /// next trigger in the window, `until` otherwise.
    Pause {
        until: Duration,
        next_step: Duration,
        phase: Phase,
    },
    /// The wait is over.
    Stop(StopReason),
}

/// Why a wait is over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StopReason {
    /// The triggered sync completed.
    Completed,
    /// A sync that was already running completed.
    JoinedCompleted,
    /// A sync that counts had completed before the wait. Nothing was triggered.
    UpToDate,
    /// The service reports that the sync failed.
    SyncFailed,
    /// The service accepts the next trigger at this time, counted from the start of the wait. None: it is not known.
    TooSoon(Option<Duration>),
    /// A sync was accepted or joined, but its end cannot be observed.
    Unconfirmed,
    /// The deadline passed while a sync was being watched.
    DeadlinePassed,
    /// The last request failed: its failure is the result.
    RequestFailed,
    /// A trigger may have run, but nothing shows it: that trigger's failure is the result.
    TriggerMayHaveRun,
    /// The caller cancelled the wait. Only the driver knows that, never the machine.
    Cancelled,
}

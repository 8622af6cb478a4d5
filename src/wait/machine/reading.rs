//! One reading of the settings, and how it compares with another.
//!
//! All times compared here are the service's own. Two are compared at the coarser of their precisions.

use std::cmp::Ordering;
use std::time::Duration;

use crate::outcome::{Settings, SyncStatus};
use crate::text::time;

/// The settings, with the times of the request and of the reply, counted from the start of the wait.
pub(super) struct Reading<'a> {
    pub(super) settings: &'a Settings,
    pub(super) requested: Duration,
    pub(super) received: Duration,
}

pub(super) fn is_running(settings: &Settings) -> bool {
    settings.status() == Some(&SyncStatus::InProgress)
}

pub(super) fn is_completed(settings: &Settings) -> bool {
    settings.status() == Some(&SyncStatus::Completed)
}

/// Whether the status says that the last sync completed or failed.
pub(super) fn has_ended(settings: &Settings) -> bool {
    matches!(settings.status(), Some(SyncStatus::Completed | SyncStatus::Failed))
}

/// Compares the `lastSyncDateTime` of two readings.
pub(super) fn compare_last_sync(one: &Settings, other: &Settings) -> Ordering {
    time::compare(one.last_sync_time(), other.last_sync_time())
}

/// Compares the `lastManualSyncTriggerDateTime` of two readings.
pub(super) fn compare_last_trigger(one: &Settings, other: &Settings) -> Ordering {
    time::compare(one.last_manual_sync_time(), other.last_manual_sync_time())
}

/// Whether one of the times is older than in an earlier reading: a replica that lags behind sent it.
pub(super) fn is_stale(settings: &Settings, earlier: &Settings) -> bool {
    compare_last_sync(settings, earlier).is_lt() || compare_last_trigger(settings, earlier).is_lt()
}

/// Whether one of the times differs from another reading's.
pub(super) fn times_differ(settings: &Settings, earlier: &Settings) -> bool {
    compare_last_sync(settings, earlier).is_ne() || compare_last_trigger(settings, earlier).is_ne()
}

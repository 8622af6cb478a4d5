use super::convert::from_unix_milliseconds;
use crate::outcome::Error;
use crate::wait::Goal;

/// What a call of autopilot_wait_new() or autopilot_fleet_add() is for.
#[allow(non_camel_case_types)] // C's spelling
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum autopilot_goal {
    /// The settings, as by autopilot_client_settings(). The detail has them.
    Settings = 0,
    /// The reply to a trigger, as by autopilot_client_sync().
    Sync = 1,
    /// The end of a sync, as by autopilot_client_sync_and_wait().
    SyncAndWait = 2,
    /// A completed sync since a change, as by autopilot_client_sync_since().
    SyncSince = 3,
}

/// The goal with this number. `since_ms` counts only for a sync since a change.
pub(super) fn goal(number: i32, since_ms: i64) -> Result<Goal, Error> {
    Ok(match number {
        _ if number == autopilot_goal::Settings as i32 => Goal::Settings,
        _ if number == autopilot_goal::Sync as i32 => Goal::Sync,
        _ if number == autopilot_goal::SyncAndWait as i32 => Goal::SyncAndWait,
        _ if number == autopilot_goal::SyncSince as i32 => Goal::SyncSince(from_unix_milliseconds(since_ms)),
        _ => return Err(Error::invalid_argument("no goal has this number")),
    })
}

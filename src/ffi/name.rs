use std::ffi::{CStr, c_char};

use super::{autopilot_event, autopilot_goal, autopilot_sync_status};
use crate::config::Cloud;
use crate::outcome::Trigger;
use crate::wait::Phase;

/// The name that a table has for a number.
fn name(table: &[(i32, &'static CStr)], number: i32) -> *const c_char {
    let known = table.iter().find(|(known, _)| *known == number);
    known.map_or(c"AUTOPILOT_UNKNOWN", |(_, name)| name).as_ptr()
}

/// The name of a phase, such as "AUTOPILOT_PHASE_WATCHING", for a log.
///
/// Returns a static string, never NULL. It is "AUTOPILOT_UNKNOWN" for a number that this version does not know. Any
/// thread may call it.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_phase_name(phase: i32) -> *const c_char {
    const NAMES: [(i32, &CStr); 5] = [
        (Phase::Starting as i32, c"AUTOPILOT_PHASE_STARTING"),
        (Phase::Window as i32, c"AUTOPILOT_PHASE_WINDOW"),
        (Phase::Watching as i32, c"AUTOPILOT_PHASE_WATCHING"),
        (Phase::TokenRejected as i32, c"AUTOPILOT_PHASE_TOKEN_REJECTED"),
        (Phase::Retrying as i32, c"AUTOPILOT_PHASE_RETRYING"),
    ];
    name(&NAMES, phase)
}

/// The name of what became of a trigger, such as "AUTOPILOT_TRIGGER_ACCEPTED".
///
/// Returns a static string, as autopilot_phase_name() does, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_trigger_name(trigger: i32) -> *const c_char {
    const NAMES: [(i32, &CStr); 5] = [
        (Trigger::NotSent as i32, c"AUTOPILOT_TRIGGER_NOT_SENT"),
        (Trigger::MayHaveRun as i32, c"AUTOPILOT_TRIGGER_MAY_HAVE_RUN"),
        (Trigger::Refused as i32, c"AUTOPILOT_TRIGGER_REFUSED"),
        (Trigger::Accepted as i32, c"AUTOPILOT_TRIGGER_ACCEPTED"),
        (Trigger::Joined as i32, c"AUTOPILOT_TRIGGER_JOINED"),
    ];
    name(&NAMES, trigger)
}

/// The name of the state of a sync, such as "AUTOPILOT_SYNC_STATUS_COMPLETED". autopilot_settings_status_text() has the
/// service's own word.
///
/// Returns a static string, as autopilot_phase_name() does, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_sync_status_name(status: i32) -> *const c_char {
    const NAMES: [(i32, &CStr); 6] = [
        (autopilot_sync_status::Unknown as i32, c"AUTOPILOT_SYNC_STATUS_UNKNOWN"),
        (autopilot_sync_status::InProgress as i32, c"AUTOPILOT_SYNC_STATUS_IN_PROGRESS"),
        (autopilot_sync_status::Completed as i32, c"AUTOPILOT_SYNC_STATUS_COMPLETED"),
        (autopilot_sync_status::Failed as i32, c"AUTOPILOT_SYNC_STATUS_FAILED"),
        (autopilot_sync_status::Other as i32, c"AUTOPILOT_SYNC_STATUS_OTHER"),
        (autopilot_sync_status::None as i32, c"AUTOPILOT_SYNC_STATUS_NONE"),
    ];
    name(&NAMES, status)
}

/// The name of a cloud, such as "AUTOPILOT_CLOUD_GLOBAL".
///
/// Returns a static string, as autopilot_phase_name() does, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_cloud_name(cloud: i32) -> *const c_char {
    const NAMES: [(i32, &CStr); 4] = [
        (Cloud::Global as i32, c"AUTOPILOT_CLOUD_GLOBAL"),
        (Cloud::UsGovernment as i32, c"AUTOPILOT_CLOUD_US_GOVERNMENT"),
        (Cloud::UsGovernmentDod as i32, c"AUTOPILOT_CLOUD_US_GOVERNMENT_DOD"),
        (Cloud::China as i32, c"AUTOPILOT_CLOUD_CHINA"),
    ];
    name(&NAMES, cloud)
}

/// The name of a goal, such as "AUTOPILOT_GOAL_SYNC_AND_WAIT".
///
/// Returns a static string, as autopilot_phase_name() does, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_goal_name(goal: i32) -> *const c_char {
    const NAMES: [(i32, &CStr); 4] = [
        (autopilot_goal::Settings as i32, c"AUTOPILOT_GOAL_SETTINGS"),
        (autopilot_goal::Sync as i32, c"AUTOPILOT_GOAL_SYNC"),
        (autopilot_goal::SyncAndWait as i32, c"AUTOPILOT_GOAL_SYNC_AND_WAIT"),
        (autopilot_goal::SyncSince as i32, c"AUTOPILOT_GOAL_SYNC_SINCE"),
    ];
    name(&NAMES, goal)
}

/// The name of an event, such as "AUTOPILOT_EVENT_ENDED".
///
/// Returns a static string, as autopilot_phase_name() does, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_event_name(event: i32) -> *const c_char {
    const NAMES: [(i32, &CStr); 5] = [
        (autopilot_event::Pause as i32, c"AUTOPILOT_EVENT_PAUSE"),
        (autopilot_event::WantsToken as i32, c"AUTOPILOT_EVENT_WANTS_TOKEN"),
        (autopilot_event::Ended as i32, c"AUTOPILOT_EVENT_ENDED"),
        (autopilot_event::Behind as i32, c"AUTOPILOT_EVENT_BEHIND"),
        (autopilot_event::Finished as i32, c"AUTOPILOT_EVENT_FINISHED"),
    ];
    name(&NAMES, event)
}

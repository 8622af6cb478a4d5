use std::ffi::{CString, c_char};

use super::convert::{pointer, to_c};
use super::guard::guard;
use crate::outcome::{Settings, SyncStatus};

/// The state of the current or last sync. 0 to 3 are the service's own numbers.
#[allow(non_camel_case_types)] // C's spelling
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum autopilot_sync_status {
    /// The service says that it does not know the state.
    Unknown = 0,
    /// A sync is running.
    InProgress = 1,
    /// The last sync completed.
    Completed = 2,
    /// The last sync failed.
    Failed = 3,
    /// A state that this version does not know. See autopilot_settings_status_text().
    Other = -1,
    /// The service gave no state.
    None = -2,
}

impl From<Option<&SyncStatus>> for autopilot_sync_status {
    fn from(status: Option<&SyncStatus>) -> autopilot_sync_status {
        match status {
            None => autopilot_sync_status::None,
            Some(SyncStatus::Unknown) => autopilot_sync_status::Unknown,
            Some(SyncStatus::InProgress) => autopilot_sync_status::InProgress,
            Some(SyncStatus::Completed) => autopilot_sync_status::Completed,
            Some(SyncStatus::Failed) => autopilot_sync_status::Failed,
            Some(SyncStatus::Other(_)) => autopilot_sync_status::Other,
        }
    }
}

/// What the service says about its Windows Autopilot sync. It never changes, so any threads may read it at once. Its
/// strings live as long as it does.
#[allow(non_camel_case_types)]
pub struct autopilot_settings {
    status: autopilot_sync_status,
    status_text: Option<CString>,
    id: Option<CString>,
    last_sync_ms: i64,
    last_sync_text: Option<CString>,
    last_manual_sync_ms: i64,
    last_manual_sync_text: Option<CString>,
    next_sync_ms: i64,
}

impl From<&Settings> for autopilot_settings {
    fn from(settings: &Settings) -> autopilot_settings {
        autopilot_settings {
            status: settings.status().into(),
            status_text: settings.status().map(|status| to_c(status.as_str())),
            id: settings.id().map(to_c),
            last_sync_ms: settings.last_sync_unix_ms().unwrap_or(0),
            last_sync_text: settings.last_sync_text().map(to_c),
            last_manual_sync_ms: settings.last_manual_sync_unix_ms().unwrap_or(0),
            last_manual_sync_text: settings.last_manual_sync_text().map(to_c),
            next_sync_ms: settings.next_sync_unix_ms().unwrap_or(0),
        }
    }
}

/// The state of the current or last sync. AUTOPILOT_SYNC_STATUS_NONE for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_settings_status(settings: Option<&autopilot_settings>) -> autopilot_sync_status {
    settings.map_or(autopilot_sync_status::None, |settings| settings.status)
}

/// The state in the service's own word, such as "inProgress". NULL if the service gave none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_settings_status_text(settings: Option<&autopilot_settings>) -> *const c_char {
    pointer(settings.and_then(|settings| settings.status_text.as_ref()))
}

/// The id of the resource. NULL if there is none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_settings_id(settings: Option<&autopilot_settings>) -> *const c_char {
    pointer(settings.and_then(|settings| settings.id.as_ref()))
}

/// lastSyncDateTime in milliseconds since 1970 (UTC). 0 for never, and for NULL. The service does not document whether
/// it marks the start or the end of a sync.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_settings_last_sync_ms(settings: Option<&autopilot_settings>) -> i64 {
    settings.map_or(0, |settings| settings.last_sync_ms)
}

/// lastSyncDateTime as the service wrote it: a time in year 1 means never. NULL if there is none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_settings_last_sync_text(settings: Option<&autopilot_settings>) -> *const c_char {
    pointer(settings.and_then(|settings| settings.last_sync_text.as_ref()))
}

/// lastManualSyncTriggerDateTime in milliseconds since 1970 (UTC). 0 for never, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_settings_last_manual_sync_ms(settings: Option<&autopilot_settings>) -> i64 {
    settings.map_or(0, |settings| settings.last_manual_sync_ms)
}

/// lastManualSyncTriggerDateTime as the service wrote it: a time in year 1 means never. NULL if there is none, and for
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_settings_last_manual_sync_text(
    settings: Option<&autopilot_settings>,
) -> *const c_char {
    pointer(settings.and_then(|settings| settings.last_manual_sync_text.as_ref()))
}

/// When the service should accept the next trigger, in milliseconds since 1970 by the service's clock: the later of
/// the two times above, plus the documented ten minutes, plus a margin of ten seconds. 0 if there was never a sync, and
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_settings_next_sync_ms(settings: Option<&autopilot_settings>) -> i64 {
    settings.map_or(0, |settings| settings.next_sync_ms)
}

/// Frees settings that came from autopilot_client_settings(). Do not free those of a detail or a progress. NULL is
/// allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_settings_free(settings: Option<Box<autopilot_settings>>) {
    guard((), || drop(settings));
}

use std::ffi::c_char;
use std::ptr;

use super::{autopilot_client_sync, autopilot_result};

/// Triggers a Windows Autopilot sync of the token's tenant, in the global cloud. Returns when the service has replied.
/// The sync itself runs on.
///
/// token: a bearer token with the permission DeviceManagementServiceConfig.ReadWrite.All, without the word "Bearer" and
/// without quotes. It is visible ASCII, at most 64 KiB, NUL-terminated; one line break at its end is allowed. It stays
/// the caller's, and the library keeps no copy after the call.
///
/// Blocks for 30 seconds at most, including retries. It sends a trigger again only if the first one cannot have run.
///
/// Returns AUTOPILOT_OK, AUTOPILOT_SYNC_ALREADY_RUNNING, AUTOPILOT_SYNC_TOO_SOON or an error. For NULL, or a text that
/// cannot be a token, it returns AUTOPILOT_ERROR_INVALID_ARGUMENT and sends nothing. It is always safe to call it
/// again: the service then answers that a sync is running, or that it is too soon.
///
/// Any number of threads may call it at once, and so may a child made by fork(). The calls share connections, which
/// stay open. The first call reads the environment. If the environment cannot be used, the next call reads it again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_sync(token: *const c_char) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated token, or NULL; the rest may be NULL.
    unsafe { autopilot_client_sync(None, token, None, ptr::null_mut()) }
}

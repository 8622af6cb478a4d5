use std::ffi::c_char;
use std::ptr;

use super::{autopilot_client_sync, autopilot_result};

/// Triggers a Windows Autopilot sync of the token's tenant, in the global cloud, and returns when the service has
/// answered. The sync itself runs on afterwards.
///
/// token: a bearer token with the permission DeviceManagementServiceConfig.ReadWrite.All, without the word "Bearer":
/// visible ASCII, at most 64 KiB, NUL-terminated. One trailing line break is forgiven. It stays the caller's; no copy
/// of it is kept after the call.
///
/// Blocks for 30 seconds at most, retries included. A trigger is sent again only where the first cannot have run.
///
/// Returns AUTOPILOT_OK, AUTOPILOT_SYNC_ALREADY_RUNNING, AUTOPILOT_SYNC_TOO_SOON or an error. NULL and a text that
/// cannot be a token give AUTOPILOT_ERROR_INVALID_ARGUMENT, and nothing is sent. Calling it again is always harmless:
/// the service answers that a sync is running, or that it is too soon.
///
/// Any number of threads may call it at once. They share connections, which stay open between calls, and the
/// environment as the first call that could use it found it. A child made by fork() may call it too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_sync(token: *const c_char) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated token, or NULL; the rest may be NULL.
    unsafe { autopilot_client_sync(None, token, None, ptr::null_mut()) }
}

use std::ffi::{c_char, c_void};
use std::ptr;

use super::guard::{call, guard, invalid, milliseconds, token};
use super::progress::tell;
use super::{
    autopilot_cancel, autopilot_detail, autopilot_options, autopilot_progress_fn, autopilot_result,
    autopilot_settings,
};
use crate::client::Client;
use crate::outcome::{Answer, Error, SyncOutcome};
use crate::text::Token;
use crate::{Detail, shared};

/// Connections to one cloud's Microsoft Graph. The token comes with each call, so one client serves many tenants. Any
/// number of threads may use one at once, and share its connections, which stay open between calls. Free it when no call
/// has it.
///
/// Where a function takes a client, NULL means the one that autopilot_sync() uses: default options, shared by the whole
/// process, never freed.
#[allow(non_camel_case_types)]
pub struct autopilot_client {
    client: Client,
}

/// A client, to be freed with autopilot_client_free(). Reads the environment and the named CA file now, and connects to
/// nothing.
///
/// options: NULL for the defaults. They stay the caller's, and may be changed or freed afterwards.
/// client: set to the new client, or to NULL where the result is not AUTOPILOT_OK.
///
/// Returns AUTOPILOT_OK; AUTOPILOT_ERROR_CONFIGURATION where an environment variable or the CA file cannot be used (the
/// detail's message names it); AUTOPILOT_ERROR_INVALID_ARGUMENT if client is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_client_new(
    options: Option<&autopilot_options>,
    client: *mut *mut autopilot_client,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        if client.is_null() {
            return Err(invalid("the place for the client is NULL"));
        }
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { client.write(ptr::null_mut()) };
        let made = options.map(|options| options.builder.clone()).unwrap_or_default().build()?;
        // SAFETY: as above.
        unsafe { client.write(Box::into_raw(Box::new(autopilot_client { client: made }))) };
        Ok(done(Detail::default()))
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Frees a client and closes its connections. Does not block. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_client_free(client: Option<Box<autopilot_client>>) {
    guard((), || drop(client));
}

/// Triggers a sync, and returns when the service has answered; the sync itself runs on afterwards. As autopilot_sync(),
/// with a client, a cancel and a detail.
///
/// client: NULL for the process-wide one. token: as for autopilot_sync(). cancel: NULL for none. detail: NULL for none.
///
/// Blocks for the client's timeout at most. Returns what autopilot_sync() returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_client_sync(
    client: Option<&autopilot_client>,
    token: *const c_char,
    cancel: Option<&autopilot_cancel>,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    // SAFETY: the caller promises a NUL-terminated token, or NULL.
    let body = || with(client, cancel, unsafe { self::token(token) }?, |client, token| client.sync(token));
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Reads how the last sync went, and when.
///
/// client, token, cancel, detail: as for autopilot_client_sync(); the permission
/// DeviceManagementServiceConfig.Read.All is enough.
/// settings: set to the settings, to be freed with autopilot_settings_free(), or to NULL where the result is not
/// AUTOPILOT_OK.
///
/// Blocks for the client's timeout at most. Returns AUTOPILOT_OK or an error; AUTOPILOT_ERROR_INVALID_ARGUMENT if
/// settings is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_client_settings(
    client: Option<&autopilot_client>,
    token: *const c_char,
    cancel: Option<&autopilot_cancel>,
    settings: *mut *mut autopilot_settings,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        if settings.is_null() {
            return Err(invalid("the place for the settings is NULL"));
        }
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { settings.write(ptr::null_mut()) };
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        let token = unsafe { self::token(token) }?;
        let (read, known) = with(client, cancel, token, |client, token| client.settings_and_detail(token))?;
        // SAFETY: as above.
        unsafe { settings.write(Box::into_raw(Box::new((&read).into()))) };
        Ok(done(known))
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Triggers a sync and waits until it is really done; joins one that is running already; waits for the time at which the
/// service accepts a trigger, if that comes before the deadline.
///
/// client, token, cancel, detail: as for autopilot_client_sync(). The token needs the right to read too, which
/// DeviceManagementServiceConfig.ReadWrite.All includes: else the end cannot be observed.
/// It is copied: the callback may change or free the caller's.
/// timeout_ms: the deadline of the whole wait, from 1 to 86,400,000. Small tenants need seconds, large ones minutes; a
/// wait that meets the service's window needs ten minutes more.
/// progress: NULL for none. user_data: handed to it, NULL or not.
///
/// Blocks for timeout_ms at most; a callback's own time comes on top.
///
/// Returns:
/// AUTOPILOT_OK: the sync that was triggered is completed: by the service's own times, which moved since they were read
/// before the trigger, or by a status that was in progress, and then stands.
/// AUTOPILOT_SYNC_ALREADY_RUNNING: a sync that was running already was joined, and is completed.
/// AUTOPILOT_SYNC_TOO_SOON: a trigger is not accepted before the deadline; the detail says when.
/// AUTOPILOT_SYNC_UNCONFIRMED: accepted or running, but its end cannot be observed.
/// AUTOPILOT_ERROR_SYNC_FAILED: the service says that the sync failed.
/// AUTOPILOT_ERROR_TIMEOUT: the end was not seen before the deadline; the detail's trigger says whether a sync runs.
/// Or the error of a request.
///
/// The service documents neither when it shows a sync nor how old a reading may be. So these cannot be told apart:
/// Where lastSyncDateTime tells of a start, and the status follows more than five seconds later, the status of the sync
/// before may be taken for the end of this one.
/// Where one sync follows another at once, and its status more than five seconds later, the end of the one before may
/// be taken for its own.
/// Where another sync ends before the end of this one has stood, its end is told, a failure too.
/// Where the reply to the trigger was lost, a sync that ended since the reading before counts as joined, and one that
/// somebody else triggered meanwhile as the one triggered here.
///
/// The detail has the settings that were read last, whatever the result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_client_sync_and_wait(
    client: Option<&autopilot_client>,
    token: *const c_char,
    timeout_ms: i64,
    cancel: Option<&autopilot_cancel>,
    progress: autopilot_progress_fn,
    user_data: *mut c_void,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        let token = Token::new(unsafe { self::token(token) }?)?;
        // A borrow that lasts as long as the wait would forbid the callback to touch the text.
        let token = token.kept();
        with(client, cancel, &token, |client, token| {
            // SAFETY: the caller promises a function as the header declares it, with its data.
            client.sync_and_wait(token, milliseconds(timeout_ms), |known| unsafe {
                tell(progress, user_data, known)
            })
        })
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Runs a call on the client that is meant, ended by the cancel if there is one.
fn with<T>(
    client: Option<&autopilot_client>,
    cancel: Option<&autopilot_cancel>,
    token: &str,
    body: impl FnOnce(&Client, &str) -> Result<T, Error>,
) -> Result<T, Error> {
    let client = match client {
        Some(client) => &client.client,
        None => {
            // As in crate::sync: a wrong token is refused before a wrong environment.
            Token::new(token)?;
            shared::client()?
        }
    };
    match cancel {
        Some(cancel) => body(&client.with_canceller(&cancel.canceller), token),
        None => body(client, token),
    }
}

fn done(detail: Detail) -> SyncOutcome {
    SyncOutcome { answer: Answer::Accepted, detail }
}

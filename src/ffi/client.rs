use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::time::SystemTime;

use once_cell::race::OnceBox;

use super::call::{call, make, success};
use super::convert::{access, from_milliseconds, from_unix_milliseconds};
use super::guard::guard;
use super::progress::run_callback;
use super::{
    autopilot_cancel, autopilot_detail, autopilot_options, autopilot_progress_fn, autopilot_result,
    autopilot_settings,
};
use crate::client::Client;
use crate::config::limits;
use crate::credential::{Access, Credential};
use crate::outcome::{Error, SyncOutcome};
use crate::shared;
use crate::wait::{Goal, OnProgress, Progress};

/// Connections to one cloud's Microsoft Graph. Each call brings its token, so one client serves many tenants. Any number
/// of threads may use a client at once. They share its connections, which stay open between calls. Free a client when
/// no call uses it.
///
/// If its options have a credential, its calls may be given NULL for the token: the credential then gets one, and a new
/// one if the service refuses it. The request for a token is one of the call's, with its retries, within its deadline.
///
/// If a function gets NULL for the client, it uses the client of autopilot_sync(): the whole process shares that one,
/// with default options, and it is never freed.
#[allow(non_camel_case_types)]
pub struct autopilot_client {
    pub(super) client: Client,
    /// Used if the token is NULL.
    pub(super) credential: Option<Credential>,
    /// Made when somebody asks for it.
    pub(super) description: OnceBox<CString>,
}

/// Makes a client. Free it with autopilot_client_free(). Reads the environment and the CA file now, and connects to
/// nothing.
///
/// options: NULL for the defaults. They stay the caller's, who may change or free them afterwards.
/// client: set to the new client, or to NULL if the result is not AUTOPILOT_OK.
/// detail: NULL for none.
///
/// Returns AUTOPILOT_OK. If an environment variable or the CA file cannot be used, returns
/// AUTOPILOT_ERROR_CONFIGURATION, and the detail's message names it. If no file descriptor is left to read the CA file,
/// returns AUTOPILOT_ERROR_CONNECT. If client is NULL, returns AUTOPILOT_ERROR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_client_new(
    options: Option<&autopilot_options>,
    client: *mut *mut autopilot_client,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        let (client, credential) = match options {
            Some(options) => (options.builder.clone().build()?, options.credential.clone()),
            None => (Client::new()?, None),
        };
        Ok(autopilot_client { client, credential, description: OnceBox::new() })
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { make("client", client, detail, body) }
}

/// Frees a client and closes its connections. Does not block. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_client_free(client: Option<Box<autopilot_client>>) {
    guard((), || drop(client));
}

/// Triggers a sync, and returns when the service has replied. The sync itself runs on. This is autopilot_sync() with a
/// client, a cancel and a detail.
///
/// client: NULL for the shared one. token: as for autopilot_sync(), or NULL for the credential of the client's options.
/// cancel: NULL for none. detail: NULL for none.
///
/// Blocks for the client's timeout at most. If the service answers "too soon" without saying until when, and the detail
/// is not NULL, it reads the settings once, for the detail. Returns the same results as autopilot_sync().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_client_sync(
    client: Option<&autopilot_client>,
    token: *const c_char,
    cancel: Option<&autopilot_cancel>,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let send = if detail.is_null() { Client::trigger } else { Client::sync };
    let body = || {
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        let access = unsafe { access(token, instead_of_token(client)) }?;
        on_client(client, cancel, |client| send(client, access))
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Reads the state and the times of the last sync.
///
/// client, token, cancel, detail: as for autopilot_client_sync(). The permission DeviceManagementServiceConfig.Read.All
/// is enough.
/// settings: set to the settings, or to NULL if the result is not AUTOPILOT_OK. Free them with
/// autopilot_settings_free().
///
/// Blocks for the client's timeout at most. Returns AUTOPILOT_OK or an error. If settings is NULL, returns
/// AUTOPILOT_ERROR_INVALID_ARGUMENT.
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
            return Err(Error::invalid_argument("the place for the settings is NULL"));
        }
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { settings.write(ptr::null_mut()) };
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        let access = unsafe { access(token, instead_of_token(client)) }?;
        let (read, known) = on_client(client, cancel, |client| client.settings_and_detail(access))?;
        // SAFETY: as above.
        unsafe { settings.write(Box::into_raw(Box::new((&read).into()))) };
        Ok(success(known))
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Triggers a sync and waits until it ends. If a sync is already running, joins it. If the service does not accept a
/// trigger yet, pauses until it does, as long as that is before the deadline. Meanwhile it looks on, and joins a sync
/// that runs or completes. If the service fails for a while, tries again until the deadline.
///
/// client, token, cancel, detail: as for autopilot_client_sync(). To observe the end, the token needs the right to read
/// too; DeviceManagementServiceConfig.ReadWrite.All includes it. The wait keeps its own copy of the token, and wipes it
/// at the end. So the callback may change or free the caller's.
/// timeout_ms: the deadline of the whole wait, from 1 to 86,400,000 milliseconds. A sync takes seconds in a small
/// tenant and minutes in a large one. Add ten minutes if another sync may have run just before.
/// progress: NULL for none. user_data: passed to progress, NULL or not.
///
/// Blocks for timeout_ms at most, plus the time that the callback takes.
///
/// Returns:
/// AUTOPILOT_OK: the sync that this call triggered completed.
/// AUTOPILOT_SYNC_ALREADY_RUNNING: a sync that was already running completed.
/// AUTOPILOT_SYNC_TOO_SOON: the service accepts no trigger before the deadline. The detail says when it does.
/// AUTOPILOT_SYNC_UNCONFIRMED: a sync was accepted or is running, but its end cannot be observed.
/// AUTOPILOT_ERROR_SYNC_FAILED: the service reports that the sync failed.
/// AUTOPILOT_ERROR_TIMEOUT: no end was seen before the deadline. The detail's trigger says whether a sync runs.
/// Or the error of a request.
///
/// The wait believes the service's status only if the service's own times have moved since the reading before the
/// trigger, or if a reading showed the sync in progress and the status that follows holds. It can still be
/// wrong, because the service does not document enough to tell all syncs apart: the page docs/readings.md of the library
/// lists the cases.
///
/// Whatever the result, the detail has the settings that were read last.
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
        // SAFETY: the caller promises the token, and the callback with its data, as the header describes them.
        unsafe { wait(client, token, Goal::SyncAndWait, timeout_ms, cancel, progress, user_data) }
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Makes sure that a sync has completed since a change: looks, and triggers only if none has. Call it when you have
/// imported, assigned or deleted devices, or to check that the last sync is recent enough.
///
/// client: NULL for the shared one. token, timeout_ms, cancel, progress, user_data, detail: as for
/// autopilot_client_sync_and_wait().
/// since_ms: the moment at which your change was finished: now, or a time in the past. In milliseconds since 1970, by
/// this machine's clock; the wait carries it into the service's clock with the first reply's Date. If a sync may have
/// been running at that moment, pass a moment that is a sync's length later.
///
/// Blocks for timeout_ms at most, plus the time that the callback takes.
///
/// Returns:
/// AUTOPILOT_SYNC_UP_TO_DATE: a completed sync was recorded at or after the change. Nothing was triggered.
/// AUTOPILOT_OK: the sync that this call triggered completed.
/// AUTOPILOT_SYNC_ALREADY_RUNNING: another sync, which began after the change, completed. One that began before the
/// change does not count, so the wait lets it end first.
/// AUTOPILOT_SYNC_TOO_SOON: the service accepted no trigger, and no sync that counts completed before the deadline, or
/// before the callback ended the wait. The detail says when the service accepts one.
/// AUTOPILOT_ERROR_INVALID_ARGUMENT: since_ms is before the year 2000, or more than five minutes ahead. Nothing was
/// sent.
/// Or another result of autopilot_client_sync_and_wait().
///
/// A sync that counts may have begun a little before the change. The page docs/readings.md of the library says why, and
/// what else the wait cannot tell apart.
///
/// Whatever the result, the detail has the settings that were read last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_client_sync_since(
    client: Option<&autopilot_client>,
    token: *const c_char,
    since_ms: i64,
    timeout_ms: i64,
    cancel: Option<&autopilot_cancel>,
    progress: autopilot_progress_fn,
    user_data: *mut c_void,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        let goal = Goal::SyncSince(from_unix_milliseconds(since_ms));
        goal.check(SystemTime::now()).map_err(Error::invalid_argument)?;
        // SAFETY: the caller promises the token, and the callback with its data, as the header describes them.
        unsafe { wait(client, token, goal, timeout_ms, cancel, progress, user_data) }
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// The body of both waits.
///
/// # Safety
/// `token` is NULL, or a NUL-terminated string. `progress` is a function as the header declares it, with its data.
unsafe fn wait(
    client: Option<&autopilot_client>,
    token: *const c_char,
    goal: Goal,
    timeout_ms: i64,
    cancel: Option<&autopilot_cancel>,
    progress: autopilot_progress_fn,
    user_data: *mut c_void,
) -> Result<SyncOutcome, Error> {
    // SAFETY: as promised by the caller.
    let access = unsafe { access(token, instead_of_token(client)) }?;
    let timeout = from_milliseconds(timeout_ms);
    limits::timeout("timeout", timeout).map_err(Error::invalid_argument)?;
    // A borrow that lasts as long as the wait would forbid the callback to touch the text.
    let kept = access.keep()?;
    on_client(client, cancel, |client| {
        // SAFETY: as promised by the caller.
        let mut report = |known: &mut Progress<'_>| unsafe { run_callback(progress, user_data, known) };
        let report = progress.map(|_| &mut report as OnProgress<'_>);
        client.run(kept.as_ref().map_or(Access::Later, Access::from), goal, timeout, report)
    })
}

/// Runs a call on this client, or on the shared one, with the cancel if there is one. Check the arguments before, as
/// for `shared::client`.
pub(super) fn on_client<T>(
    client: Option<&autopilot_client>,
    cancel: Option<&autopilot_cancel>,
    body: impl FnOnce(&Client) -> Result<T, Error>,
) -> Result<T, Error> {
    let client = match client {
        Some(client) => &client.client,
        None => shared::client()?,
    };
    match cancel {
        Some(cancel) => body(&client.with_canceller(&cancel.canceller)),
        None => body(client),
    }
}

/// What a client uses if the token is NULL.
pub(super) fn instead_of_token(client: Option<&autopilot_client>) -> Option<Access<'_>> {
    client?.credential.as_ref().map(Access::Credential)
}

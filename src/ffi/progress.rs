use std::ffi::{CString, c_char, c_void};
use std::ops::ControlFlow;
use std::ptr;

use super::convert::{pointer, to_c, to_milliseconds, token};
use super::guard::guard;
use super::{autopilot_result, autopilot_settings};
use crate::outcome::{Error, Trigger};
use crate::wait::{Phase, Progress};

/// The state of a wait. A callback gets one, which is valid only during the callback, on the same thread. For a call in
/// steps, autopilot_wait_progress() makes one. Its strings live as long as it does.
#[allow(non_camel_case_types)]
pub struct autopilot_progress {
    phase: Phase,
    trigger: Trigger,
    elapsed_ms: i64,
    next_step_ms: i64,
    settings: Option<Box<autopilot_settings>>,
    claims: Option<CString>,
    new_token: Option<zeroize::Zeroizing<String>>,
}

/// A wait calls this function on its own thread, before the first request and then about once a second. It does not
/// call it during a request, which takes the client's timeout at most.
///
/// Return 0 to go on. Any other number ends the wait: with AUTOPILOT_SYNC_TOO_SOON in AUTOPILOT_PHASE_WINDOW, otherwise
/// with AUTOPILOT_ERROR_CANCELLED. In AUTOPILOT_PHASE_TOKEN_REJECTED, give the wait a new token with
/// autopilot_progress_set_token().
///
/// The function may call every function of this library, but must not free what the wait was given. It must return: no
/// longjmp, no exception, no end of the thread.
#[allow(non_camel_case_types)]
pub type autopilot_progress_fn =
    Option<unsafe extern "C" fn(progress: *mut autopilot_progress, user_data: *mut c_void) -> i32>;

impl autopilot_progress {
    pub(super) fn new(progress: &Progress<'_>) -> autopilot_progress {
        autopilot_progress {
            phase: progress.phase(),
            trigger: progress.trigger(),
            elapsed_ms: to_milliseconds(progress.elapsed()),
            next_step_ms: to_milliseconds(progress.next_step()),
            settings: progress.settings().map(|settings| Box::new(settings.into())),
            claims: progress.claims().map(to_c),
            new_token: None,
        }
    }

    /// Gives the wait the token that was handed in here, if any.
    pub(super) fn hand_in_token(&self, progress: &mut Progress<'_>) -> Result<(), Error> {
        self.new_token.as_ref().map_or(Ok(()), |token| progress.set_token(token))
    }
}

/// Calls a C callback.
///
/// # Safety
/// `function` is a function as the header declares it, and `user_data` what it expects.
pub(super) unsafe fn run_callback(
    function: autopilot_progress_fn,
    user_data: *mut c_void,
    progress: &mut Progress<'_>,
) -> ControlFlow<()> {
    let Some(function) = function else { return ControlFlow::Continue(()) };
    let mut c_progress = autopilot_progress::new(progress);
    // SAFETY: as promised by the caller; the progress lives during the call.
    let returned = unsafe { function(&mut c_progress, user_data) };
    c_progress.hand_in_token(progress).expect("checked when it was handed in");
    if returned == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}

/// What the wait is doing. AUTOPILOT_PHASE_STARTING for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_progress_phase(progress: Option<&autopilot_progress>) -> Phase {
    progress.map_or(Phase::Starting, |progress| progress.phase)
}

/// What became of the trigger so far. AUTOPILOT_TRIGGER_NOT_SENT for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_progress_trigger(progress: Option<&autopilot_progress>) -> Trigger {
    progress.map_or(Trigger::NotSent, |progress| progress.trigger)
}

/// The milliseconds since the wait began. -1 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_progress_elapsed_ms(progress: Option<&autopilot_progress>) -> i64 {
    progress.map_or(-1, |progress| progress.elapsed_ms)
}

/// The milliseconds until the next step: in AUTOPILOT_PHASE_WINDOW until the service accepts a trigger, else until the
/// next request. -1 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_progress_next_step_ms(progress: Option<&autopilot_progress>) -> i64 {
    progress.map_or(-1, |progress| progress.next_step_ms)
}

/// The settings that the wait read last. They belong to the progress: do not free them. NULL if it has read none, and
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_progress_settings(
    progress: Option<&autopilot_progress>,
) -> *const autopilot_settings {
    progress.and_then(|progress| progress.settings.as_deref()).map_or(ptr::null(), ptr::from_ref)
}

/// In AUTOPILOT_PHASE_TOKEN_REJECTED: the claims that the new token must answer, as JSON. NULL if the service asked for
/// none, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_progress_claims(progress: Option<&autopilot_progress>) -> *const c_char {
    pointer(progress.and_then(|progress| progress.claims.as_ref()))
}

/// Gives the wait a new token. The library copies it, and wipes the copy when the wait ends. The wait uses it from the
/// next request on; in AUTOPILOT_PHASE_TOKEN_REJECTED it repeats the refused request with it at once.
///
/// Returns AUTOPILOT_OK. For NULL, or a text that cannot be a token, returns AUTOPILOT_ERROR_INVALID_ARGUMENT and
/// changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_progress_set_token(
    progress: Option<&mut autopilot_progress>,
    new_token: *const c_char,
) -> autopilot_result {
    guard(autopilot_result::AUTOPILOT_ERROR_INTERNAL, || {
        let Some(progress) = progress else { return autopilot_result::AUTOPILOT_ERROR_INVALID_ARGUMENT };
        // SAFETY: the caller promises a NUL-terminated string, or NULL.
        match unsafe { token(new_token) } {
            Ok(token) => {
                progress.new_token = Some(token.wiped_copy());
                autopilot_result::AUTOPILOT_OK
            }
            Err(error) => (&error).into(),
        }
    })
}

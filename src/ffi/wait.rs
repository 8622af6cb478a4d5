use std::ffi::c_char;
use std::ptr;
use std::time::{Duration, Instant};

use super::call::{call, hand_out, make, success};
use super::client::{instead_of_token, on_client};
use super::convert::{access, from_milliseconds, to_milliseconds, token};
use super::credential::given;
use super::goal::goal;
use super::guard::guard;
use super::{
    autopilot_cancel, autopilot_client, autopilot_credential, autopilot_detail, autopilot_event,
    autopilot_progress, autopilot_result,
};
use crate::outcome::{Detail, Error, SyncOutcome};
use crate::wait::{Step, Wait};

/// A call that you drive step by step, from an event loop or a scheduler of your own. It makes no thread, calls nothing
/// back and never sleeps. Only one thread at a time may use it, but not always the same. For many tenants, a fleet does
/// the scheduling.
///
/// If the process forks between two steps, either it or its child may go on with the wait, but not both. If it forks
/// during a step, the child must leave the wait alone.
#[allow(non_camel_case_types)]
pub struct autopilot_wait {
    wait: Wait,
    /// What autopilot_wait_progress() has returned, if it was called last.
    progress: Option<Box<autopilot_progress>>,
}

impl autopilot_wait {
    fn step(&mut self) -> Step {
        guard((), || self.end_progress());
        self.wait.guarded_step()
    }

    /// The token that was handed in with the progress is the wait's, and the progress is no longer valid.
    fn end_progress(&mut self) {
        if let Some(progress) = self.progress.take() {
            // A call that is over needs no token.
            let _ = progress.hand_in_token(&mut self.wait.progress());
        }
    }
}

/// Makes a call in steps. Free it with autopilot_wait_free(). Sends nothing yet.
///
/// client: NULL for the shared one. It may be freed before the wait. token: as for autopilot_client_sync(); the wait
/// keeps a copy, and wipes it when the call has ended.
/// goal: one of AUTOPILOT_GOAL_*. since_ms: for AUTOPILOT_GOAL_SYNC_SINCE only, as for autopilot_client_sync_since().
/// timeout_ms: the deadline of the whole call, from 1 to 86,400,000 milliseconds. It counts from the first step.
/// cancel: NULL for none. It may be freed before the wait. Once it is triggered, the step that runs ends at once, or
/// else the next one does, and with it the call.
/// wait: set to the new wait, or to NULL if the result is not AUTOPILOT_OK. detail: NULL for none.
///
/// Returns AUTOPILOT_OK, or an error if an argument or the environment cannot be used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_wait_new(
    client: Option<&autopilot_client>,
    token: *const c_char,
    goal: i32,
    since_ms: i64,
    timeout_ms: i64,
    cancel: Option<&autopilot_cancel>,
    wait: *mut *mut autopilot_wait,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        let access = unsafe { access(token, instead_of_token(client)) }?;
        let goal = self::goal(goal, since_ms)?;
        let timeout = from_milliseconds(timeout_ms);
        let wait = on_client(client, cancel, |client| client.wait(access, goal, timeout))?;
        Ok(autopilot_wait { wait, progress: None })
    };
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { make("wait", wait, detail, body) }
}

/// Does what is due: sends one request, or the reading before a trigger together with the trigger. If nothing is due
/// yet, does nothing. A step may come late, by any time: nothing goes wrong, but the call ends later. Blocks for the
/// client's timeout at most for each request.
///
/// pause_ms: set to the milliseconds until the next step is due, or to 0 if it is not AUTOPILOT_EVENT_PAUSE. NULL for
/// none.
/// result: set to the result of the call if it has ended, to AUTOPILOT_ERROR_UNAUTHORIZED if the service refused the
/// token, else to AUTOPILOT_OK. NULL for none.
/// detail: set to a new detail if the call has ended, or if the service refused the token, else to NULL. NULL for none.
///
/// Returns:
/// AUTOPILOT_EVENT_PAUSE: step again after the pause.
/// AUTOPILOT_EVENT_WANTS_TOKEN: hand in a new token with autopilot_wait_set_token(), and step again. Without a new one,
/// the next step ends the call. The detail's claims say what the token must satisfy.
/// AUTOPILOT_EVENT_ENDED: the call is over. The results are those of the function that the goal names. If the wait is
/// NULL, or was over already, the result is AUTOPILOT_ERROR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_wait_step(
    wait: Option<&mut autopilot_wait>,
    pause_ms: *mut i64,
    result: *mut autopilot_result,
    detail: *mut *mut autopilot_detail,
) -> autopilot_event {
    let (event, pause, end) = match wait.map(|wait| (wait.step(), wait)) {
        None => {
            (autopilot_event::Ended, Duration::ZERO, Some(Err(Error::invalid_argument("the wait is NULL"))))
        }
        Some((Step::Done(end), _)) => (autopilot_event::Ended, Duration::ZERO, Some(end)),
        Some((Step::WantsToken, wait)) => {
            let refusal = guard(None, || wait.wait.refusal());
            (autopilot_event::WantsToken, Duration::ZERO, refusal.map(Err))
        }
        Some((Step::Pause(until), _)) => {
            (autopilot_event::Pause, until.saturating_duration_since(Instant::now()), None)
        }
    };
    if !pause_ms.is_null() {
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { pause_ms.write(to_milliseconds(pause)) };
    }
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { tell(end, result, detail) };
    event
}

/// Writes the result and the detail of a call that has ended or whose token was refused, or that there is nothing to
/// tell.
///
/// # Safety
/// Each pointer is NULL, or may be written.
pub(super) unsafe fn tell(
    end: Option<Result<SyncOutcome, Error>>,
    result: *mut autopilot_result,
    detail: *mut *mut autopilot_detail,
) {
    if !detail.is_null() {
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { detail.write(ptr::null_mut()) };
    }
    // SAFETY: as promised by the caller.
    let told = end.map_or(autopilot_result::AUTOPILOT_OK, |end| unsafe { hand_out(detail, end) });
    if !result.is_null() {
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { result.write(told) };
    }
}

/// Hands in a new token, for all requests from the next one on. The wait keeps a copy, and wipes it when the call has
/// ended.
///
/// Returns AUTOPILOT_OK. If the wait is NULL or over, or the text cannot be a token, returns
/// AUTOPILOT_ERROR_INVALID_ARGUMENT, and the old token stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_wait_set_token(
    wait: Option<&mut autopilot_wait>,
    token: *const c_char,
) -> autopilot_result {
    let body = || {
        let wait = wait.ok_or_else(|| Error::invalid_argument("the wait is NULL"))?;
        wait.end_progress();
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        wait.wait.set_token(unsafe { self::token(token) }?.as_str())?;
        Ok(success(Detail::default()))
    };
    // SAFETY: NULL for no detail.
    unsafe { call(ptr::null_mut(), body) }
}

/// Hands in a credential, which gets the tokens of all requests from the next one on. The wait keeps what is in it
/// until the call has ended, so you may free it.
///
/// Returns AUTOPILOT_OK, or AUTOPILOT_ERROR_INVALID_ARGUMENT if the wait is NULL or over, or the credential is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_wait_set_credential(
    wait: Option<&mut autopilot_wait>,
    credential: Option<&autopilot_credential>,
) -> autopilot_result {
    let body = || {
        let wait = wait.ok_or_else(|| Error::invalid_argument("the wait is NULL"))?;
        wait.end_progress();
        wait.wait.set_token(given(credential)?)?;
        Ok(success(Detail::default()))
    };
    // SAFETY: NULL for no detail.
    unsafe { call(ptr::null_mut(), body) }
}

/// What the call is doing: its phase, its next step, the settings that it read last. When it has ended, its detail says
/// what came of it, and no longer the progress.
///
/// The progress belongs to the wait: it is valid until the next function that takes the wait, and does not change
/// meanwhile. autopilot_progress_set_token() on it is like autopilot_wait_set_token().
///
/// Returns NULL for NULL, and after a fault in the library.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_wait_progress(wait: Option<&mut autopilot_wait>) -> *mut autopilot_progress {
    guard(ptr::null_mut(), || {
        let Some(wait) = wait else { return ptr::null_mut() };
        wait.end_progress();
        let progress = autopilot_progress::new(&wait.wait.progress());
        ptr::from_mut(&mut **wait.progress.insert(Box::new(progress)))
    })
}

/// Ends the call now: with AUTOPILOT_SYNC_TOO_SOON in AUTOPILOT_PHASE_WINDOW, otherwise with AUTOPILOT_ERROR_CANCELLED.
/// Does not block. A sync that it has triggered runs on, and the detail's trigger says whether there is one. The wait
/// remains to be freed.
///
/// detail: NULL for none.
///
/// Returns one of those two. If the wait is NULL or was over already, returns AUTOPILOT_ERROR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_wait_stop(
    wait: Option<&mut autopilot_wait>,
    detail: *mut *mut autopilot_detail,
) -> autopilot_result {
    let body = || {
        let wait = wait.ok_or_else(|| Error::invalid_argument("the wait is NULL"))?;
        wait.end_progress();
        wait.wait.stop_in_place()
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Frees a wait, whether its call is over or not. A sync that it has triggered runs on. Does not block. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_wait_free(wait: Option<Box<autopilot_wait>>) {
    guard((), || drop(wait));
}

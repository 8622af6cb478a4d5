use std::ffi::c_char;
use std::ptr;
use std::time::Instant;

use super::call::{call, hand_out};
use super::client::{on_client, success};
use super::convert::{from_milliseconds, to_milliseconds, token};
use super::goal::goal;
use super::guard::guard;
use super::{autopilot_cancel, autopilot_client, autopilot_detail, autopilot_event, autopilot_result};
use crate::outcome::{Detail, Error, SyncOutcome};
use crate::wait::{Step, Wait};

/// A call that you drive step by step, from an event loop or a scheduler of your own. It makes no thread, calls nothing
/// back and never sleeps. Only one thread at a time may use it. For many tenants, a fleet does the scheduling.
#[allow(non_camel_case_types)]
pub struct autopilot_wait {
    wait: Wait,
}

/// Makes a call in steps. Free it with autopilot_wait_free(). Sends nothing yet.
///
/// client: NULL for the shared one. It may be freed before the wait. token: as for autopilot_sync(); the wait keeps a
/// copy, and wipes it at its end. cancel: NULL for none; after it is triggered, the next step ends the call.
/// goal: one of AUTOPILOT_GOAL_*. since_ms: for AUTOPILOT_GOAL_SYNC_SINCE only, as for autopilot_client_sync_since().
/// timeout_ms: the deadline of the whole call, from 1 to 86,400,000 milliseconds. It counts from the first step.
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
        if wait.is_null() {
            return Err(Error::invalid_argument("the place for the wait is NULL"));
        }
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { wait.write(ptr::null_mut()) };
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        let token = unsafe { self::token(token) }?;
        let goal = self::goal(goal, since_ms)?;
        let timeout = from_milliseconds(timeout_ms);
        let made = on_client(client, cancel, |client| client.wait(token.as_str(), goal, timeout))?;
        // SAFETY: as above.
        unsafe { wait.write(Box::into_raw(Box::new(autopilot_wait { wait: made }))) };
        Ok(success(Detail::default()))
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

/// Does what is due: sends one request, or the reading before a trigger together with the trigger. Blocks for the
/// client's timeout at most for each. If nothing is due yet, does nothing. A step may come late, by any time.
///
/// pause_ms: set to the milliseconds until the next step is due; 0 if there is no pause. NULL for none.
/// result: set to the result of the call if it has ended, to AUTOPILOT_OK otherwise. NULL for none.
/// detail: set to a new detail if the call has ended, or if the service refused the token; to NULL otherwise. NULL for
/// none.
///
/// Returns:
/// AUTOPILOT_EVENT_PAUSE: step again after the pause.
/// AUTOPILOT_EVENT_WANTS_TOKEN: hand in a new token with autopilot_wait_set_token(), and step again. Without a new one,
/// the next step ends the call. The detail's claims say what the token must satisfy.
/// AUTOPILOT_EVENT_ENDED: the call is over. The results are those of the function that the goal names. For a wait that
/// is NULL, or over already, the result is AUTOPILOT_ERROR_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_wait_step(
    wait: Option<&mut autopilot_wait>,
    pause_ms: *mut i64,
    result: *mut autopilot_result,
    detail: *mut *mut autopilot_detail,
) -> autopilot_event {
    let step = guard(None, || wait.map(|wait| (wait.wait.step(), wait.wait.refusal())));
    let (event, pause, end) = match step {
        Some((Step::Pause(until), _)) => {
            let pause = until.saturating_duration_since(Instant::now());
            (autopilot_event::Pause, to_milliseconds(pause), None)
        }
        Some((Step::WantsToken, refusal)) => (autopilot_event::WantsToken, 0, refusal.map(Err)),
        Some((Step::Done(end), _)) => (autopilot_event::Ended, 0, Some(end)),
        None => (autopilot_event::Ended, 0, Some(Err(Error::invalid_argument("the wait is NULL")))),
    };
    if !pause_ms.is_null() {
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { pause_ms.write(pause) };
    }
    // SAFETY: the caller promises that both may be written, or NULL.
    unsafe { tell(event, end, result, detail) };
    event
}

/// Writes the result of a call that has ended, and the detail if there is something to tell.
///
/// # Safety
/// Each pointer is NULL, or may be written.
pub(super) unsafe fn tell(
    event: autopilot_event,
    end: Option<Result<SyncOutcome, Error>>,
    result: *mut autopilot_result,
    detail: *mut *mut autopilot_detail,
) {
    let of_end = match end {
        // SAFETY: as promised by the caller.
        Some(end) => unsafe { hand_out(detail, end) },
        None => {
            if !detail.is_null() {
                // SAFETY: not NULL, and the caller promises that it may be written.
                unsafe { detail.write(ptr::null_mut()) };
            }
            autopilot_result::AUTOPILOT_OK
        }
    };
    if !result.is_null() {
        let of_end = if event == autopilot_event::Ended { of_end } else { autopilot_result::AUTOPILOT_OK };
        // SAFETY: as above.
        unsafe { result.write(of_end) };
    }
}

/// Hands in a new token, for all requests from the next one on. The wait keeps a copy, and wipes it at its end.
///
/// Returns AUTOPILOT_OK. If the wait is NULL, or the text cannot be a token, returns
/// AUTOPILOT_ERROR_INVALID_ARGUMENT, and the old token stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn autopilot_wait_set_token(
    wait: Option<&mut autopilot_wait>,
    token: *const c_char,
) -> autopilot_result {
    let body = || {
        let wait = wait.ok_or_else(|| Error::invalid_argument("the wait is NULL"))?;
        // SAFETY: the caller promises a NUL-terminated token, or NULL.
        wait.wait.set_token(unsafe { self::token(token) }?.as_str())?;
        Ok(success(Detail::default()))
    };
    // SAFETY: NULL for no detail.
    unsafe { call(ptr::null_mut(), body) }
}

/// Frees a wait, whether its call is over or not. A sync that it has triggered runs on. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_wait_free(wait: Option<Box<autopilot_wait>>) {
    guard((), || drop(wait));
}

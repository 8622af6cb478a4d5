//! Runs a call that C makes, and hands out its result and detail.

use std::panic::{self, AssertUnwindSafe};
use std::ptr;

use super::guard::guard;
use super::{autopilot_detail, autopilot_result};
use crate::outcome::{Answer, Detail, Error, ErrorKind, SyncOutcome};

/// Runs the body of a C function that has a detail, and writes the detail whatever the result.
///
/// # Safety
/// `detail` is NULL, or may be written.
pub(super) unsafe fn call(
    detail: *mut *mut autopilot_detail,
    body: impl FnOnce() -> Result<SyncOutcome, Error>,
) -> autopilot_result {
    let end = panic::catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a panic was caught")));
    // SAFETY: as promised by the caller.
    unsafe { hand_out(detail, end) }
}

/// Writes the detail of an end, and returns its result.
///
/// # Safety
/// As for [`call`].
pub(super) unsafe fn hand_out(
    detail: *mut *mut autopilot_detail,
    end: Result<SyncOutcome, Error>,
) -> autopilot_result {
    let result = match &end {
        Ok(outcome) => outcome.answer().into(),
        Err(error) => error.into(),
    };
    if !detail.is_null() {
        let made = guard(ptr::null_mut(), || Box::into_raw(Box::new(autopilot_detail::new(result, end))));
        // SAFETY: not NULL, and the caller promises that it may be written. What was there is not ours to free.
        unsafe { detail.write(made) };
    }
    result
}

/// Makes something and hands it out in a new box. `what` names it in an error.
///
/// # Safety
/// `place` and `detail` are NULL, or may be written.
pub(super) unsafe fn make<T>(
    what: &str,
    place: *mut *mut T,
    detail: *mut *mut autopilot_detail,
    body: impl FnOnce() -> Result<T, Error>,
) -> autopilot_result {
    let body = || {
        if place.is_null() {
            return Err(Error::invalid_argument(format!("the place for the {what} is NULL")));
        }
        // SAFETY: not NULL, and the caller promises that it may be written.
        unsafe { place.write(ptr::null_mut()) };
        let made = Box::into_raw(Box::new(body()?));
        // SAFETY: as above.
        unsafe { place.write(made) };
        Ok(success(Detail::default()))
    };
    // SAFETY: the caller promises that the detail may be written, or NULL.
    unsafe { call(detail, body) }
}

pub(super) fn success(detail: Detail) -> SyncOutcome {
    SyncOutcome { answer: Answer::Accepted, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_call_is_an_internal_error_with_a_detail() {
        let mut detail = ptr::null_mut();
        // SAFETY: a pointer to a local variable.
        let result = unsafe { call(&mut detail, || panic!("on purpose")) };
        assert_eq!(result, autopilot_result::AUTOPILOT_ERROR_INTERNAL);
        assert!(!detail.is_null());
        // SAFETY: it was made by `Box::into_raw`, and nobody else has it.
        drop(unsafe { Box::from_raw(detail) });
    }
}

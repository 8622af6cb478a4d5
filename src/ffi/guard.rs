//! Stops panics at the border to C, and converts arguments and results.

use std::ffi::{CStr, CString, c_char};
use std::panic::{self, AssertUnwindSafe};
use std::ptr;
use std::time::Duration;

use super::{autopilot_detail, autopilot_result};
use crate::outcome::{Error, ErrorKind, SyncOutcome};
use crate::text::Token;

/// Runs the body of a C function, and returns the given result if it panics: unwinding into C is undefined.
pub(super) fn guard<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or(on_panic)
}

/// Runs the body of a C function that has a detail, and writes the detail whatever the outcome.
///
/// # Safety
/// `detail` is NULL, or may be written.
pub(super) unsafe fn call(
    detail: *mut *mut autopilot_detail,
    body: impl FnOnce() -> Result<SyncOutcome, Error>,
) -> autopilot_result {
    let end = panic::catch_unwind(AssertUnwindSafe(body))
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a panic was caught")));
    let result = match &end {
        Ok(outcome) => outcome.answer().into(),
        Err(error) => error.into(),
    };
    if !detail.is_null() {
        let made = guard(ptr::null_mut(), || Box::into_raw(Box::new(autopilot_detail::new(result, &end))));
        // SAFETY: not NULL, and the caller promises that it may be written. What was there is not ours to free.
        unsafe { detail.write(made) };
    }
    result
}

/// A string argument, which must not be NULL. An error calls it by this name.
///
/// # Safety
/// `text` is NULL, or a NUL-terminated string that lives while the result is used.
pub(super) unsafe fn text<'a>(name: &str, text: *const c_char) -> Result<&'a str, Error> {
    if text.is_null() {
        return Err(Error::invalid_argument(format!("{name} is NULL")));
    }
    // SAFETY: as promised by the caller.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| Error::invalid_argument(format!("{name} is not UTF-8")))
}

/// A token argument.
///
/// # Safety
/// As for [`text`].
pub(super) unsafe fn token<'a>(token: *const c_char) -> Result<Token<'a>, Error> {
    // SAFETY: as promised by the caller.
    Ok(Token::new(unsafe { text("the token", token) }?)?)
}

/// A duration argument. One below zero becomes zero, which is as far out of range.
pub(super) fn milliseconds(value: i64) -> Duration {
    Duration::from_millis(u64::try_from(value).unwrap_or(0))
}

/// A duration for C, in milliseconds, rounded up.
pub(super) fn to_milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

/// A text for C, up to a NUL in it.
pub(super) fn to_c(text: &str) -> CString {
    let until_nul = text.split('\0').next().unwrap_or_default();
    CString::new(until_nul).unwrap_or_default()
}

/// NULL for none.
pub(super) fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_result() {
        assert_eq!(guard(-12, || 7), 7);
        assert_eq!(guard(-12, || panic!("on purpose")), -12);
    }

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

    #[test]
    fn durations_cross_the_boundary() {
        assert_eq!(milliseconds(1500), Duration::from_millis(1500));
        assert_eq!(milliseconds(-1), Duration::ZERO);
        assert_eq!(to_milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(to_milliseconds(Duration::MAX), i64::MAX);
    }

    #[test]
    fn a_text_ends_at_a_nul() {
        assert_eq!(to_c("a\0b").as_c_str(), c"a");
        assert_eq!(to_c("").as_c_str(), c"");
    }
}

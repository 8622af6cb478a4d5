//! Converts the arguments that come from C, and the values that go to it.

use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::credential::Access;
use crate::outcome::Error;
use crate::text::Token;

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

/// A token argument, and what NULL stands for, if it may be NULL.
///
/// # Safety
/// As for [`text`].
pub(super) unsafe fn access<'a>(token: *const c_char, null: Option<Access<'a>>) -> Result<Access<'a>, Error> {
    match null {
        Some(access) if token.is_null() => Ok(access),
        // SAFETY: as promised by the caller.
        _ => Ok(Access::Token(unsafe { self::token(token) }?.as_str())),
    }
}

/// A duration argument, in milliseconds. One below zero becomes zero, which is as far out of range.
pub(super) fn from_milliseconds(value: i64) -> Duration {
    Duration::from_millis(u64::try_from(value).unwrap_or(0))
}

/// 10000-01-01T00:00:00Z, in milliseconds since 1970.
const YEAR_10000: i64 = 253_402_300_800_000;

/// A time argument, in milliseconds since 1970. One that no system's clock may have becomes one that is as far out of
/// range.
pub(super) fn from_unix_milliseconds(value: i64) -> SystemTime {
    UNIX_EPOCH + from_milliseconds(value.min(YEAR_10000))
}

/// A duration for C, in milliseconds, rounded up.
pub(super) fn to_milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

/// A text for C, up to a NUL in it.
pub(super) fn to_c(text: &str) -> CString {
    CString::new(text).or_else(|error| CString::new(&text[..error.nul_position()])).unwrap_or_default()
}

/// NULL for none.
pub(super) fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_cross_the_boundary() {
        assert_eq!(from_milliseconds(1500), Duration::from_millis(1500));
        assert_eq!(from_milliseconds(-1), Duration::ZERO);
        assert_eq!(to_milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(to_milliseconds(Duration::MAX), i64::MAX);
    }

    #[test]
    fn times_cross_the_boundary() {
        let after = |value| from_unix_milliseconds(value).duration_since(UNIX_EPOCH).unwrap().as_millis();
        assert_eq!([i64::MIN, -1, 0].map(after), [0; 3]);
        assert_eq!(after(1_767_312_000_001), 1_767_312_000_001);
        assert_eq!(after(i64::MAX), after(YEAR_10000));
    }

    #[test]
    fn a_text_ends_at_a_nul() {
        assert_eq!(to_c("a\0b").as_c_str(), c"a");
        assert_eq!(to_c("").as_c_str(), c"");
    }
}

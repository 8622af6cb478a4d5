use std::ffi::{CStr, c_char};

use super::guard::guard;

/// The version of the library that is loaded, such as "0.1.0". The AUTOPILOT_VERSION_* macros are the header's.
///
/// Returns a static string, never NULL. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    guard(c"", || CStr::from_bytes_with_nul(VERSION.as_bytes()).unwrap_or(c"")).as_ptr()
}

use std::ffi::{CStr, c_char};

/// The version of the loaded library, such as "0.1.0". The AUTOPILOT_VERSION_* macros have the version of the header.
///
/// Returns a static string, never NULL. Any thread may call it.
#[unsafe(no_mangle)]
pub extern "C" fn autopilot_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => panic!("a version has no NUL"),
        };
    VERSION.as_ptr()
}

//! Whether the process has more rights than the user who started it: set-uid, set-gid or file capabilities.

#![allow(unsafe_code)] // two calls of the C library: /proc gives no answer if it cannot be opened

/// The kernel stores the answer when it starts a process.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn is_raised() -> bool {
    // SAFETY: the call reads a value that the kernel stored, and has no precondition.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// The C library knows the answer.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(crate) fn is_raised() -> bool {
    // SAFETY: the call reads a flag of the process, and has no precondition.
    unsafe { libc::issetugid() != 0 }
}

/// Other systems have no such processes.
#[cfg(not(unix))]
pub(crate) fn is_raised() -> bool {
    false
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tests_run_with_plain_rights() {
        assert!(!super::is_raised());
    }
}

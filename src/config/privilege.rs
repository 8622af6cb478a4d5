//! Whether the process runs with more rights than who started it: set-uid, set-gid, file capabilities.

#![allow(unsafe_code)] // two questions to the C library; a file under /proc has no answer where it cannot be opened

/// As the kernel told the process when it started.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn is_raised() -> bool {
    // SAFETY: it reads a value that the kernel left at the start, and has no precondition.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// As the C library tells.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
pub(crate) fn is_raised() -> bool {
    // SAFETY: it reads a flag of the process, and has no precondition.
    unsafe { libc::issetugid() != 0 }
}

/// There is no such thing.
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

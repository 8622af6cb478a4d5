//! Limits a process, for tests in a forked child.

/// Lets this process have no more than this of something that the system counts.
#[allow(unsafe_code)] // the standard library knows no limits
pub(in crate::transport) fn limit(resource: libc::__rlimit_resource_t, most: u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer to the limit is valid.
    assert_eq!(unsafe { libc::getrlimit(resource, &mut limit) }, 0);
    limit.rlim_cur = most;
    // SAFETY: as above.
    assert_eq!(unsafe { libc::setrlimit(resource, &limit) }, 0);
}

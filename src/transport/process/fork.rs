//! Tells a process from its forked children.

use std::process;

/// A process. Its number alone is not unique: a grandchild may get it after its parent has ended, and a child in
/// another PID namespace at once. No ancestor has the same number and the same count of forks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    number: u32,
    forks: u64,
}

impl Process {
    pub(super) fn current() -> Process {
        Process { number: process::id(), forks: system::forks() }
    }
}

/// Holds forks back: other threads' forks wait until this is dropped. The holder must not fork itself.
pub(super) struct ForkGuard(());

impl ForkGuard {
    pub(super) fn new() -> ForkGuard {
        system::hold_forks();
        ForkGuard(())
    }
}

impl Drop for ForkGuard {
    fn drop(&mut self) {
        system::release_forks();
    }
}

#[cfg(unix)]
#[allow(unsafe_code)] // for a C function that the crate libc does not declare on every system
mod system {
    use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
    use std::thread;

    static FORKS: AtomicU64 = AtomicU64::new(0);
    static FORKING: AtomicUsize = AtomicUsize::new(0);
    static HOLDERS: AtomicUsize = AtomicUsize::new(0);

    type Handler = Option<unsafe extern "C" fn()>;

    unsafe extern "C" {
        fn pthread_atfork(before: Handler, in_parent: Handler, in_child: Handler) -> libc::c_int;
    }

    /// The number of forks between the process that first asked and this one.
    pub(super) fn forks() -> u64 {
        static IS_WATCHED: AtomicBool = AtomicBool::new(false);
        if !IS_WATCHED.load(Ordering::Acquire) {
            // No lock, because a fork could leave it held. So several threads may register the handlers, which does no
            // harm, because the handlers only count.
            // SAFETY: the handlers live as long as the process, because the library is never unloaded, and they only
            // count and wait.
            unsafe { pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
            IS_WATCHED.store(true, Ordering::Release);
        }
        FORKS.load(Ordering::Relaxed)
    }

    /// Either the fork sees the holder, or the holder sees the fork, because both write first and then read.
    pub(super) fn hold_forks() {
        forks();
        HOLDERS.fetch_add(1, Ordering::SeqCst);
        while FORKING.load(Ordering::SeqCst) > 0 {
            HOLDERS.fetch_sub(1, Ordering::SeqCst);
            thread::yield_now();
            HOLDERS.fetch_add(1, Ordering::SeqCst);
        }
    }

    pub(super) fn release_forks() {
        HOLDERS.fetch_sub(1, Ordering::SeqCst);
    }

    extern "C" fn before() {
        FORKING.fetch_add(1, Ordering::SeqCst);
        while HOLDERS.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
    }

    extern "C" fn in_parent() {
        FORKING.fetch_sub(1, Ordering::SeqCst);
    }

    extern "C" fn in_child() {
        FORKING.store(0, Ordering::SeqCst);
        HOLDERS.store(0, Ordering::SeqCst); // a thread may have counted itself before it saw the fork
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
}

/// This system has no fork.
#[cfg(not(unix))]
mod system {
    pub(super) fn forks() -> u64 {
        0
    }

    pub(super) fn hold_forks() {}

    pub(super) fn release_forks() {}
}

/// Forks, and returns whether the check holds in the child. It must take no lock that the parent may hold.
#[cfg(all(test, unix))]
#[allow(unsafe_code)] // to fork
pub(in crate::transport) fn holds_in_child(check: impl FnOnce() -> bool) -> bool {
    // SAFETY: the check takes no lock of the parent, and the child ends by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: `alarm` has no precondition. It ends a child that waits for ever.
        unsafe { libc::alarm(60) };
        // The child of a test is not to go on as the test.
        let holds = std::panic::catch_unwind(std::panic::AssertUnwindSafe(check)).unwrap_or(false);
        // SAFETY: `_exit` has no precondition.
        unsafe { libc::_exit(i32::from(!holds)) };
    }
    let mut status = -1;
    // SAFETY: the pointer to the status is valid.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    status == 0
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_another_process_whatever_its_number() {
        let parent = Process::current();
        assert_eq!(Process::current(), parent);
        assert!(holds_in_child(|| Process::current().forks > parent.forks));
        assert_eq!(Process::current(), parent);
    }
}

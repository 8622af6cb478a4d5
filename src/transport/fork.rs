//! Tells a process from its forked children.

use std::process;

/// A process. Its number alone is not unique: a grandchild may get it after its parent has ended, and a child in
/// another PID namespace at once. No ancestor has the same number and the same count of forks.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    number: u32,
    forks: u64,
}

/// The current process.
pub(super) fn process() -> Process {
    Process { number: process::id(), forks: system::forks() }
}

/// Holds forks back: a fork waits until this is dropped. The holder must not fork itself.
pub(super) struct Undisturbed(());

impl Undisturbed {
    pub(super) fn begin() -> Undisturbed {
        system::begin();
        Undisturbed(())
    }
}

impl Drop for Undisturbed {
    fn drop(&mut self) {
        system::end();
    }
}

#[cfg(unix)]
#[allow(unsafe_code)] // for a C function that the crate libc does not declare on every system
mod system {
    use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
    use std::thread;

    static FORKS: AtomicU64 = AtomicU64::new(0);
    static FORKING: AtomicUsize = AtomicUsize::new(0);
    static WORKING: AtomicUsize = AtomicUsize::new(0);

    type Handler = Option<unsafe extern "C" fn()>;

    unsafe extern "C" {
        fn pthread_atfork(before: Handler, in_parent: Handler, in_child: Handler) -> libc::c_int;
    }

    /// The number of forks between the process that first asked and this one.
    pub(super) fn forks() -> u64 {
        static IS_WATCHED: AtomicBool = AtomicBool::new(false);
        if !IS_WATCHED.load(Ordering::Acquire) {
            // No lock, because a fork could leave it held. Threads that come first together register the handlers more
            // than once, which does no harm, because they only count.
            // SAFETY: the handlers live as long as the process, because the library is never unloaded, and they only
            // count and wait.
            unsafe { pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
            IS_WATCHED.store(true, Ordering::Release);
        }
        FORKS.load(Ordering::Relaxed)
    }

    /// Either the fork sees the work, or the work sees the fork, because both write first and then read.
    pub(super) fn begin() {
        forks();
        WORKING.fetch_add(1, Ordering::SeqCst);
        while FORKING.load(Ordering::SeqCst) > 0 {
            WORKING.fetch_sub(1, Ordering::SeqCst);
            thread::yield_now();
            WORKING.fetch_add(1, Ordering::SeqCst);
        }
    }

    pub(super) fn end() {
        WORKING.fetch_sub(1, Ordering::SeqCst);
    }

    extern "C" fn before() {
        FORKING.fetch_add(1, Ordering::SeqCst);
        while WORKING.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
    }

    extern "C" fn in_parent() {
        FORKING.fetch_sub(1, Ordering::SeqCst);
    }

    extern "C" fn in_child() {
        FORKING.store(0, Ordering::SeqCst);
        WORKING.store(0, Ordering::SeqCst); // a thread may have counted itself before it saw the fork
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
}

/// This system has no fork.
#[cfg(not(unix))]
mod system {
    pub(super) fn forks() -> u64 {
        0
    }

    pub(super) fn begin() {}

    pub(super) fn end() {}
}

#[cfg(all(test, unix))]
#[allow(unsafe_code)] // to fork
mod tests {
    use super::*;

    #[test]
    fn a_child_is_another_process_whatever_its_number() {
        let parent = process();
        assert_eq!(process(), parent);
        // SAFETY: the child takes no lock of its parent, and ends by `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let has_forked = process().forks > parent.forks;
            // SAFETY: `_exit` has no precondition.
            unsafe { libc::_exit(i32::from(!has_forked)) };
        }
        let mut status = -1;
        // SAFETY: the pointer to the status is valid.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!((status, process()), (0, parent));
    }
}

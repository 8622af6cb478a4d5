//! Which process this is, among those that fork has made of one.

use std::process;

/// A process. Its number alone can come again: for a grandchild once its parent has ended, in another PID namespace at
/// once. With the count of forks that lead to it, no ancestor has both.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Process {
    number: u32,
    forks: u64,
}

/// The current process.
pub(super) fn process() -> Process {
    Process { number: process::id(), forks: system::forks() }
}

/// Work that no fork comes into: a fork waits until this is dropped. It must not fork itself.
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
#[allow(unsafe_code)] // a function of the C library that libc does not offer on every system
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

    /// The forks between the process that first asked and this one.
    pub(super) fn forks() -> u64 {
        static IS_WATCHED: AtomicBool = AtomicBool::new(false);
        if !IS_WATCHED.load(Ordering::Acquire) {
            // Without a lock, which a fork could leave behind: threads that are first together register the handlers more
            // than once. So these count, and what they do twice does no harm.
            // SAFETY: the handlers live as long as the process, because the library is never unloaded, and do nothing
            // but count and wait.
            unsafe { pthread_atfork(Some(before), Some(in_parent), Some(in_child)) };
            IS_WATCHED.store(true, Ordering::Release);
        }
        FORKS.load(Ordering::Relaxed)
    }

    /// Either the fork sees the work, or the work sees the fork: each writes first, and then looks.
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
        WORKING.store(0, Ordering::SeqCst); // of a thread that has just seen the fork, and stepped back in the parent
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
}

/// There is no fork.
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
        // SAFETY: the child takes no lock of the parent's, and leaves by `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let has_forked = process().forks > parent.forks;
            // SAFETY: it has no precondition.
            unsafe { libc::_exit(i32::from(!has_forked)) };
        }
        let mut status = -1;
        // SAFETY: the status may be written.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert_eq!((status, process()), (0, parent));
    }
}

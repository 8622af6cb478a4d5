//! Which process this is, among those that fork has made of one.

use std::process;

/// A process. Its number alone can come again: for a grandchild once its parent has ended, in another PID namespace at
/// once. With the count of forks that lead to it, no ancestor has both.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    number: u32,
    forks: u64,
}

/// The current process.
pub(crate) fn process() -> Process {
    Process { number: process::id(), forks: count::forks() }
}

#[cfg(unix)]
#[allow(unsafe_code)] // one question to the C library, which libc does not offer on every system
mod count {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    static FORKS: AtomicU64 = AtomicU64::new(0);
    static IS_COUNTED: AtomicBool = AtomicBool::new(false);

    type Handler = Option<unsafe extern "C" fn()>;

    unsafe extern "C" {
        fn pthread_atfork(prepare: Handler, parent: Handler, child: Handler) -> libc::c_int;
    }

    /// The forks between the process that first asked and this one. Without a lock: threads that are first together
    /// register the count more than once, and then a fork counts more than once, which does no harm.
    pub(super) fn forks() -> u64 {
        if !IS_COUNTED.load(Ordering::Acquire) {
            // SAFETY: the handlers live as long as the process, for the library is never unloaded. The one before a
            // fork runs in a thread that may run anything; the one in the child adds to a number.
            unsafe { pthread_atfork(Some(before), None, Some(in_child)) };
            IS_COUNTED.store(true, Ordering::Release);
        }
        FORKS.load(Ordering::Relaxed)
    }

    extern "C" fn before() {
        super::super::statics::complete();
    }

    extern "C" fn in_child() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
}

/// There is no fork.
#[cfg(not(unix))]
mod count {
    pub(super) fn forks() -> u64 {
        0
    }
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

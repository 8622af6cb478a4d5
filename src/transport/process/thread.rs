//! Starts the library's own threads. They hold no token and end by themselves.

use std::io;
use std::thread::{self, JoinHandle};

use crate::transport::shortage::Shortage;

/// What a thread and its work need besides a stack: the standard library's signal stack, which it panics without, and
/// the certificates and buffers of a connection.
const BESIDES_STACK: usize = 1024 * 1024;

/// Always sets the stack size, because the environment can make the default too small.
pub(crate) fn spawn(
    name: &str,
    stack: usize,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    #[cfg(windows)] // elsewhere a linker option does this
    crate::config::windows::stay_loaded();
    let thread = thread::Builder::new().name(name.to_owned()).stack_size(stack);
    try_memory(stack + BESIDES_STACK).and_then(|()| thread.spawn(work)).map_err(Shortage::of_threads)
}

/// Whether so much memory is left. A thread that starts with less may not end well, because an allocation that fails
/// aborts the process.
#[cfg(unix)]
#[allow(unsafe_code)] // asks the system
fn try_memory(size: usize) -> io::Result<()> {
    let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping overlaps no other, and nobody has its address.
    let memory = unsafe { libc::mmap(std::ptr::null_mut(), size, access, kind, -1, 0) };
    if memory == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is that mapping.
    unsafe { libc::munmap(memory, size) };
    Ok(())
}

/// This system has no limit of a process's memory.
#[cfg(not(unix))]
fn try_memory(_: usize) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::transport::process::{holds_in_child, limit};

    /// In bytes.
    fn memory_of_this_process() -> u64 {
        let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
        4096 * pages.split(' ').next().unwrap().parse::<u64>().unwrap()
    }

    #[test]
    fn a_thread_without_memory_does_not_start() {
        const STACK: usize = 8 * 1024 * 1024; // no stack of an earlier thread is so large
        assert!(holds_in_child(|| {
            (0..).step_by(4096).any(|more| {
                limit(libc::RLIMIT_AS, memory_of_this_process() + STACK as u64 + more);
                spawn("test", STACK, || ()).is_ok_and(|thread| thread.join().is_ok())
            })
        }));
    }
}

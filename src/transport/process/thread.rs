//! Starts the library's own threads. They hold no token and end by themselves.

use std::io;
use std::thread::{self, JoinHandle};

/// Always sets the stack size, because the environment can make the default too small.
pub(crate) fn spawn(
    name: &str,
    stack: usize,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    #[cfg(windows)] // elsewhere a linker option does this
    crate::config::windows::stay_loaded();
    thread::Builder::new().name(name.to_owned()).stack_size(stack).spawn(work)
}

//! Threads of the library's own. They hold no token and end by themselves.

use std::io;
use std::thread::{self, JoinHandle};

/// The size of the stack is always said: the default is the environment's to change, down to one that is too small.
pub(super) fn spawn(
    name: &str,
    stack: usize,
    work: impl FnOnce() + Send + 'static,
) -> io::Result<JoinHandle<()>> {
    #[cfg(windows)] // elsewhere the linker is told
    crate::windows::stay_loaded();
    thread::Builder::new().name(name.to_owned()).stack_size(stack).spawn(work)
}

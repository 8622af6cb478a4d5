//! What each process must have for itself, because forked children copy the memory of their parents; and threads.

mod fork;
mod per_process;
pub(super) mod thread;
pub(super) mod ureq_statics;

#[cfg(all(test, unix))]
pub(super) use fork::holds_in_child;
pub(crate) use per_process::PerProcess;

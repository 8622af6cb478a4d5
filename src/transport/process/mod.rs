//! What each process must have for itself, because forked children copy the memory of their parents; and threads.

mod fork;
#[cfg(all(test, target_os = "linux"))]
mod limit;
mod per_process;
pub(super) mod thread;
pub(super) mod ureq_statics;

#[cfg(all(test, unix))]
pub(super) use fork::holds_in_child;
#[cfg(all(test, target_os = "linux"))]
pub(super) use limit::limit;
pub(crate) use per_process::PerProcess;

//! What each process must have for itself, because forked children copy the memory of their parents; and threads.

mod fork;
mod per_process;
pub(super) mod thread;
pub(super) mod ureq_statics;

pub(super) use per_process::PerProcess;

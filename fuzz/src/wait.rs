//! The library's rule of the wait, without what drives it.

#[path = "../../src/wait/machine/mod.rs"]
pub(crate) mod machine;
#[path = "../../src/wait/progress.rs"]
mod progress;

pub use progress::Phase;

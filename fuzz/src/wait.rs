//! The library's state machine of a wait, without its driver.

#[path = "../../src/wait/machine/mod.rs"]
pub(crate) mod machine;
#[path = "../../src/wait/progress.rs"]
mod progress;

pub use progress::Phase;

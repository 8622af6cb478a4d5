//! The library's state machine of a wait, without the steps that do what it orders.

#[path = "../../src/wait/machine/mod.rs"]
pub(crate) mod machine;
#[path = "../../src/wait/phase.rs"]
mod phase;

pub use phase::Phase;

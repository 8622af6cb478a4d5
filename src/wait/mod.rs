//! Waits until a sync is done: [`machine`] decides, [`drive`] does what it says, [`progress`] tells the caller.

mod drive;
pub(crate) mod machine;
mod progress;

pub(crate) use drive::run;
pub use progress::{Phase, Progress};

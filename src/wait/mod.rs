//! Waits until a sync ends: [`machine`] decides what to do, [`driver`] does it, [`progress`] tells the caller.

mod driver;
pub(crate) mod machine;
#[cfg(test)]
mod matrix;
mod meaning;
mod progress;
mod tokens;
mod unconfirmed;

pub(crate) use driver::run;
pub(crate) use machine::Goal;
pub use progress::{Phase, Progress};

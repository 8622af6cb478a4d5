//! Calls in steps: [`machine`] decides what to do, [`steps`] does it, [`progress`] tells the caller, and [`blocking`] takes
//! all the steps of a call.

mod blocking;
pub(crate) mod machine;
#[cfg(test)]
mod matrix;
mod meaning;
mod phase;
mod progress;
mod steps;
mod tokens;
mod unconfirmed;

pub(crate) use blocking::{OnProgress, run};
pub use machine::Goal;
pub use phase::Phase;
pub use progress::Progress;
pub use steps::{Step, Wait};

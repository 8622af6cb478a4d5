//! The C ABI: the functions of `include/autopilot_sync.h`. The comments here become the header's.
//!
//! Rust programs do not need it. It has no logic, and promises nothing but its symbols. Functions that allocate, free
//! or call run in a guard, which turns a panic into a result; they check their arguments inside it. A call also hands
//! out a detail. Getters only return stored values.

#![allow(clippy::missing_safety_doc)] // the comments are a C header's, and say it in C's words

mod call;
mod cancel;
mod client;
mod convert;
mod credential;
mod describe;
mod detail;
mod event;
mod fleet;
mod goal;
mod guard;
mod name;
mod options;
mod progress;
mod result;
mod settings;
mod sync;
mod version;
mod wait;

pub use cancel::*;
pub use client::*;
pub use credential::*;
pub use describe::*;
pub use detail::*;
pub use event::*;
pub use fleet::*;
pub use goal::*;
pub use name::*;
pub use options::*;
pub use progress::*;
pub use result::*;
pub use settings::*;
pub use sync::*;
pub use version::*;
pub use wait::*;

//! The C ABI: the functions of `include/autopilot_sync.h`, which is made from the comments here.
//!
//! Not for Rust programs: it has no logic and promises nothing but its symbols. What allocates, frees or calls runs in
//! a guard, so that a panic ends as a result; arguments are checked inside of it. Getters only hand out what is there.

#![allow(clippy::missing_safety_doc)] // the comments are a C header's, and say it in C's words

mod cancel;
mod client;
mod detail;
mod guard;
mod options;
mod progress;
mod result;
mod settings;
mod sync;
mod version;

pub use cancel::*;
pub use client::*;
pub use detail::*;
pub use options::*;
pub use progress::*;
pub use result::*;
pub use settings::*;
pub use sync::*;
pub use version::*;

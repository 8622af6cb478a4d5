//! The C libraries: exports the functions of `include/autopilot_sync.h`.
pub use autopilot_sync::ffi::*;

//! The C libraries: exports the functions of `include/autopilot_sync.h`.
//!
//! On Windows none of them may be called from `DllMain`: a call waits for a thread, which the loader's lock holds up.
//! With its first connection the DLL stays in the process for good, for such a thread may outlive its call.
pub use autopilot_sync::ffi::*;

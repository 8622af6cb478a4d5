//! Programs in C, C++, Python and Rust, run against the emulator; the header that they include; the programs in the
//! README and in `docs/`; a package that depends on the crate; the Python package's own tests.

mod agents;
mod c_api;
mod compiler;
mod conditions;
mod consumer;
mod cpp;
mod credentials;
mod documented;
mod emulators;
mod fleets;
mod forks;
mod header;
mod hostile;
mod idle;
mod kept;
mod languages;
mod manual;
mod pages;
mod panic;
mod program;
mod python;
mod raised;
mod readme;
mod residue;
mod sanitizer;
mod secrets;
mod soak;
mod steps;
mod threads;
mod venv;
mod waits;

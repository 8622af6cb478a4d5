//! Programs in C, C++, Python and Rust, made of these sources and run against the emulator; the header they include; and
//! the README that shows them.

mod c_api;
mod compiler;
mod cpp;
mod header;
mod languages;
mod manual;
mod program;
mod readme;

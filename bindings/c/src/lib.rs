//! The C libraries.

//! What Graph and Intune say, and what it means. Pure decisions, tested by tables.

mod challenge;
mod envelope;
pub(crate) mod reply;
pub(crate) mod retry;

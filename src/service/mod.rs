//! The meaning of the replies of Graph and Intune. Pure decisions, tested by tables.

mod challenge;
mod envelope;
mod hint;
mod identity;
pub(crate) mod reply;
pub(crate) mod retry;

pub(crate) use challenge::Challenge;

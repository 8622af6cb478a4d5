//! Calls of the library, in words.

use autopilot_sync::{Client, ClientBuilder, Error, SyncOutcome};

pub(crate) const TOKEN: &str = "a-token";

/// Default options, without the environment of whoever runs the tests.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder().ignore_environment()
}

/// What came of a call, and what became of the trigger: `Done Accepted`, `Connect NotSent` ...
pub(crate) fn told(end: &Result<SyncOutcome, Error>) -> String {
    match end {
        Ok(outcome) => format!("{:?} {:?}", outcome.answer(), outcome.detail().trigger()),
        Err(error) => format!("{:?} {:?}", error.kind(), error.detail().trigger()),
    }
}

/// The same, and the error's whole text.
pub(crate) fn told_in_full(end: &Result<SyncOutcome, Error>) -> String {
    let text = end.as_ref().err().map(|error| format!(": {error:#}"));
    told(end) + &text.unwrap_or_default()
}

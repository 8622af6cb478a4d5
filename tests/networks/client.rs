//! Calls the library, and describes the results.

use autopilot_sync::{Client, ClientBuilder, Error, SyncOutcome};

pub(crate) const TOKEN: &str = "a-token";

/// Default options, without the tester's environment.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder().ignore_environment()
}

/// The result of a call and the state of its trigger: `Accepted Accepted`, `Connect NotSent` ...
pub(crate) fn told(end: &Result<SyncOutcome, Error>) -> String {
    match end {
        Ok(outcome) => format!("{:?} {:?}", outcome.answer(), outcome.detail().trigger()),
        Err(error) => format!("{:?} {:?}", error.kind(), error.detail().trigger()),
    }
}

/// The same, with the error's whole text.
pub(crate) fn told_in_full(end: &Result<SyncOutcome, Error>) -> String {
    let text = end.as_ref().err().map(|error| format!(": {error:#}"));
    told(end) + &text.unwrap_or_default()
}

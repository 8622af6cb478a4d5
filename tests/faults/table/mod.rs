//! The matrix. A line has the fault, the result of a call that meets it, the number of requests that the service sees,
//! and the peer with the fault. A call that ends with a time-out would never end without its deadline of a second. All
//! other calls have three minutes.

use crate::case::{Call, Case, Stage};
use crate::peer::Peer;

#[rustfmt::skip] // The table has columns.
mod answer;
#[rustfmt::skip]
mod course;
#[rustfmt::skip]
mod credential;
mod status;
mod unasked;
#[rustfmt::skip]
mod way;

// The most frequent results: the kind, what became of the trigger, the status if there was one.
const ACCEPTED: &str = "Accepted Accepted 204";
const RUNNING: &str = "AlreadyRunning Refused 409";
const TOO_SOON: &str = "TooSoon Refused 429";
const CONNECT: &str = "Connect NotSent";
const TLS: &str = "Tls NotSent";
const TIMEOUT: &str = "Timeout NotSent";
const LATE: &str = "Timeout MayHaveRun";
const LOST: &str = "ConnectionLost MayHaveRun";
const NO_HTTP: &str = "Protocol MayHaveRun";
const A_BOX: &str = "Protocol Refused 403";
const FORBIDDEN: &str = "Forbidden Refused 403";
const NO_TOKEN: &str = "Unauthorized Refused 401";
const REFUSED: &str = "Service Refused 400";

/// The calls with a token.
fn with_token() -> Vec<Case> {
    [way::lines(), answer::lines(), course::lines(), status::cells(), unasked::lines()].concat()
}

pub(crate) fn lines() -> Vec<Case> {
    [with_token(), credential::lines()].concat()
}

/// The calls by the machine's identity.
pub(crate) fn identity() -> Vec<Case> {
    credential::of_identity()
}

fn stage<const N: usize>(stage: Stage, call: Call, lines: [(&str, &str, usize, Peer); N]) -> Vec<Case> {
    let case = |(fault, end, requests, peer): (&str, &str, usize, Peer)| Case {
        stage,
        call,
        fault: fault.to_owned(),
        peer,
        end: end.to_owned(),
        requests,
    };
    lines.into_iter().map(case).collect()
}

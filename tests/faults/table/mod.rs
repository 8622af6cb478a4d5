//! The matrix, line by line. A line has the fault; what a call that meets it comes to; the number of requests that the
//! service sees; and the peer that has the fault. What ends in a time-out would last for ever without its deadline, of a
//! second; all other calls have three minutes.

use crate::case::{Call, Case, Stage};
use crate::peer::Peer;

#[rustfmt::skip] // Columns, as in all of the table.
mod answer;
#[rustfmt::skip]
mod course;
mod status;
mod unasked;
#[rustfmt::skip]
mod way;

// What most calls come to: the kind, what became of the trigger, the status if there was one.
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

pub(crate) fn lines() -> Vec<Case> {
    [way::lines(), answer::lines(), course::lines(), status::cells(), unasked::lines()].concat()
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

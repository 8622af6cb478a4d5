//! Unasked bytes after the answer to the first call. They never answer the second call, which uses a new connection.

use super::FORBIDDEN;
use crate::case::{Call, Case, Stage};
use crate::peer::{Flight, Part, Peer, direct, https_proxy, service};
use crate::reply::{FATAL, GOODBYE, announcing, chunked, graph, head};
use crate::shown::Shown::{self, *};

/// From one byte to more than a socket and all buffers hold, including the size of a buffer and of a record.
const SIZES: [usize; 8] = [1, 5, 100, 4_000, 4_096, 16_384, 20_000, 100_000];

const VERSIONS: [(&str, Shown); 2] = [("TLS 1.2", OnlyTls12), ("TLS 1.3", OnlyTls13)];

/// When the records after an answer come.
const PLACES: [(&str, fn(Peer, &[u8], Flight) -> Peer); 3] = [
    ("with the answer", |peer, answer, more| peer.sends(Flight::data(answer).and(more))),
    ("after the answer", |peer, answer, more| peer.sends(Flight::data(answer)).sends(more)),
    ("after the call", |peer, answer, more| peer.sends(Flight::data(answer)).awaits_called().sends(more)),
];

pub(super) fn lines() -> Vec<Case> {
    [bytes(), parts_of_records(), in_a_proxys_tls()].concat()
}

/// A forged answer with this size, or the beginning of one.
fn forged(size: usize) -> Vec<u8> {
    let (head, end) = ("HTTP/1.1 204 No Content\r\nX: ", "\r\n\r\n");
    let filler = "y".repeat(size.saturating_sub(head.len() + end.len()));
    let mut answer = format!("{head}{filler}{end}").into_bytes();
    answer.truncate(size);
    answer
}

/// Answers that let the first call succeed, one for each way to mark the end of a body.
fn answers() -> [(&'static str, Vec<u8>); 3] {
    let (refusal, body) = ("409 Conflict", graph("m"));
    let in_chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    [
        ("no body", head("204 No Content")),
        ("a length", [&announcing(refusal, body.len() as u64)[..], body.as_bytes()].concat()),
        ("chunks", chunked(refusal, in_chunks)),
    ]
}

fn bytes() -> Vec<Case> {
    let mut cases = Vec::new();
    for (version, shown) in VERSIONS {
        for (body, answer) in answers() {
            let whole = [("a whole answer".to_owned(), head("204 No Content"))];
            let sizes = SIZES.map(|size| (format!("{size} bytes"), forged(size)));
            for (size, more) in whole.into_iter().chain(sizes) {
                let first = || direct().shows(shown);
                let fault = |place| format!("{version}, {body}: {size} {place}");
                let at_once = first().sends(Flight::data([&answer[..], &more].concat()));
                cases.push(case(fault("in the answer's record"), of_service(at_once)));
                for (place, put) in PLACES {
                    cases.push(case(fault(place), of_service(put(first(), &answer, Flight::data(&more)))));
                }
            }
        }
    }
    cases
}

/// Incomplete records, or records without HTTP. A server that sends these is not about to answer.
fn parts_of_records() -> Vec<Case> {
    let part = |part| Flight::data(forged(4_000)).cut(part);
    let mut cases = Vec::new();
    for (version, shown) in VERSIONS {
        for (name, flight) in [
            ("the header of a record", part(Part::Header)),
            ("half a record", part(Part::Half)),
            ("a record without its last byte", part(Part::ButTheLastByte)),
            ("a goodbye, and TCP stays open,", Flight::of([GOODBYE])),
            ("a fatal alert, and TCP stays open,", Flight::of([FATAL])),
        ] {
            for (place, put) in PLACES {
                let first = put(direct().shows(shown), &head("204 No Content"), flight.clone());
                cases.push(case(format!("{version}: {name} {place}"), of_service(first)));
            }
        }
    }
    cases
}

/// The proxy's TLS has its own buffers, around those of the service's TLS.
fn in_a_proxys_tls() -> Vec<Case> {
    let tunnel = || https_proxy().tls_of_proxy(Valid).hears().heads("200 OK");
    let then_refused = |first: Peer| first.hears().then(tunnel().serves().replies("403 No", graph("m")));
    let answer = || Flight::data(head("204 No Content"));
    let mut cases = Vec::new();
    for size in SIZES {
        for (place, put) in PLACES {
            let first = put(tunnel().serves(), &head("204 No Content"), Flight::data(forged(size)));
            cases.push(case(format!("an HTTPS proxy: {size} bytes {place}"), then_refused(first)));
        }
    }
    for (name, flight) in [
        ("a byte", Flight::data([23])),
        ("the header of a record", Flight::data(forged(100)).cut(Part::Header)),
        ("half of a record", Flight::data(forged(4_000)).cut(Part::Half)),
        ("a goodbye", Flight::of([GOODBYE])),
        ("a fatal alert", Flight::of([FATAL])),
    ] {
        let first = tunnel().serves().sends(answer()).awaits_called().sends_below(flight);
        cases.push(case(format!("an HTTPS proxy: {name} in its own TLS"), then_refused(first)));
    }
    cases
}

fn of_service(first: Peer) -> Peer {
    first.hears().then(service().replies("403 No", graph("m")))
}

fn case(fault: String, peer: Peer) -> Case {
    let fault = format!("unasked, by {fault}");
    let (stage, call) = (Stage::KeepAlive, Call::SecondSync);
    Case { stage, fault, call, peer, end: FORBIDDEN.to_owned(), requests: 2 }
}

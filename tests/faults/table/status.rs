//! The result of a trigger for every status with every kind of body.

use crate::case::{Call, Case, Stage};
use crate::peer::{Peer, service};
use crate::reply::{chunked, graph, intune, page};

/// The columns of [`TABLE`].
const BODIES: [(&str, fn(&str) -> Peer); 11] = [
    ("no body", |status| service().replies(status, "")),
    ("no body, with an id of Graph's", |status| service().replies(&format!("{status}\nrequest-id: r"), "")),
    ("Graph's error", |status| service().replies(status, graph("m"))),
    ("Intune's envelope", |status| service().replies(status, intune("m"))),
    ("a page", |status| service().replies(status, page())),
    ("broken JSON", |status| service().replies(status, r#"{"error":{"code":"#)),
    ("a mebibyte of JSON", |status| service().replies(status, graph(&"m".repeat(1 << 20)))),
    ("more than announced", |status| service().announces(status, 9).says(graph("m"))),
    ("less than announced", |status| service().announces(status, 9).says("{}")),
    ("chunks without a number", |status| service().says(chunked(status, "many\r\n{}\r\n"))),
    ("chunks that break off", |status| service().says(chunked(status, "9\r\n{}"))),
];

/// A line has a status, what became of the trigger, and a letter for the result with each of the bodies:
///
/// - `A` accepted, `J` a sync runs already, `T` too soon;
/// - `U` unauthorized, `F` forbidden, `S` refused by the service, `B` the answer of a proxy or firewall;
/// - `L` connection lost, `N` not HTTP; for both there is no status, and the trigger may have run.
#[rustfmt::skip]
const TABLE: &[(u16, &str, &str)] = &[
    //                   none
    //                   | an id
    //                   | | Graph
    //                   | | | Intune
    //                   | | | | page
    //                   | | | | | broken JSON
    //                   | | | | | | a mebibyte
    //                   | | | | | | | more than announced
    //                   | | | | | | | | less
    //                   | | | | | | | | | chunks without a number
    //                   | | | | | | | | | | chunks that break off
    (100, "MayHaveRun", "L L N N N N N N N N N"),
    (101, "MayHaveRun", "B S B B B B B B B B B"),
    (102, "MayHaveRun", "L L N N N N N N N N N"),
    (103, "MayHaveRun", "L L N N N N N N N N N"),
    (199, "MayHaveRun", "L L N N N N N N N N N"),
    (200, "MayHaveRun", "B S S S B B B B L N L"),
    (201, "MayHaveRun", "B S S S B B B B L N L"),
    (202, "MayHaveRun", "B S S S B B B B L N L"),
    (203, "MayHaveRun", "B S S S B B B B L N L"),
    (204, "Accepted",   "A A A A A A A A A A A"),
    (205, "MayHaveRun", "B S S S B B B B L N L"),
    (206, "MayHaveRun", "B S S S B B B B L N L"),
    (207, "MayHaveRun", "B S S S B B B B L N L"),
    (299, "MayHaveRun", "B S S S B B B B L N L"),
    (300, "Refused",    "B S S S B B B B L N L"),
    (301, "Refused",    "B S S S B B B B L N L"),
    (302, "Refused",    "B S S S B B B B L N L"),
    (303, "Refused",    "B S S S B B B B L N L"),
    (304, "Refused",    "B S B B B B B B B B B"),
    (305, "Refused",    "B S S S B B B B L N L"),
    (306, "Refused",    "B S S S B B B B L N L"),
    (307, "Refused",    "B S S S B B B B L N L"),
    (308, "Refused",    "B S S S B B B B L N L"),
    (399, "Refused",    "B S S S B B B B L N L"),
    (400, "Refused",    "B S S S B B B B L N L"),
    (401, "Refused",    "B U U F B B B B L N L"),
    (402, "Refused",    "B S S S B B B B L N L"),
    (403, "Refused",    "B F F F B B B B L N L"),
    (404, "Refused",    "B S S S B B B B L N L"),
    (405, "Refused",    "B S S S B B B B L N L"),
    (406, "Refused",    "B S S S B B B B L N L"),
    (407, "Refused",    "B S S S B B B B L N L"),
    (408, "Refused",    "B S S S B B B B L N L"),
    (409, "Refused",    "B J J J B B B B L N L"),
    (410, "Refused",    "B S S S B B B B L N L"),
    (411, "Refused",    "B S S S B B B B L N L"),
    (412, "Refused",    "B S S S B B B B L N L"),
    (413, "Refused",    "B S S S B B B B L N L"),
    (415, "Refused",    "B S S S B B B B L N L"),
    (417, "Refused",    "B S S S B B B B L N L"),
    (421, "Refused",    "B S S S B B B B L N L"),
    (422, "Refused",    "B S S S B B B B L N L"),
    (423, "Refused",    "B S S S B B B B L N L"),
    (425, "Refused",    "B S S S B B B B L N L"),
    (428, "Refused",    "B S S S B B B B L N L"),
    (429, "Refused",    "B T T T B B B B L N L"),
    (431, "Refused",    "B S S S B B B B L N L"),
    (451, "Refused",    "B S S S B B B B L N L"),
    (499, "Refused",    "B S S S B B B B L N L"),
    (500, "MayHaveRun", "B S S S B B B B L N L"),
    (501, "MayHaveRun", "B S S S B B B B L N L"),
    (502, "MayHaveRun", "B S S S B B B B L N L"),
    (503, "Refused",    "B S S S B B B B L N L"),
    (504, "MayHaveRun", "B S S S B B B B L N L"),
    (505, "MayHaveRun", "B S S S B B B B L N L"),
    (507, "MayHaveRun", "B S S S B B B B L N L"),
    (509, "Refused",    "B S S S B B B B L N L"),
    (511, "MayHaveRun", "B S S S B B B B L N L"),
    (520, "MayHaveRun", "B S S S B B B B L N L"),
    (599, "MayHaveRun", "B S S S B B B B L N L"),
];

pub(super) fn cells() -> Vec<Case> {
    TABLE.iter().flat_map(|(status, trigger, letters)| line(*status, trigger, letters)).collect()
}

fn line(status: u16, trigger: &str, letters: &str) -> Vec<Case> {
    let letters: Vec<&str> = letters.split(' ').collect();
    assert_eq!(letters.len(), BODIES.len(), "{status}");
    let cell = |((body, peer), letter): (&(&str, fn(&str) -> Peer), &str)| Case {
        stage: Stage::Status(status),
        fault: (*body).to_owned(),
        call: Call::Sync,
        peer: peer(&format!("{status} Some reason")),
        end: end(letter, trigger, status),
        requests: 1,
    };
    BODIES.iter().zip(letters).map(cell).collect()
}

fn end(letter: &str, trigger: &str, status: u16) -> String {
    let kind = match letter {
        "A" => "Accepted",
        "J" => "AlreadyRunning",
        "T" => "TooSoon",
        "U" => "Unauthorized",
        "F" => "Forbidden",
        "S" => "Service",
        "B" => "Protocol",
        "L" => return "ConnectionLost MayHaveRun".to_owned(),
        "N" => return "Protocol MayHaveRun".to_owned(),
        _ => panic!("{letter} means nothing"),
    };
    format!("{kind} {trigger} {status}")
}

//! The request for a token, if the library gets one itself. Whatever becomes of it, the trigger is not sent.

use super::{ACCEPTED, CONNECT, FORBIDDEN, LOST, TIMEOUT, stage, with_token};
use crate::case::{Call, Case, Stage, TOKEN};
use crate::peer::{Door, Peer, Way, by_tunnel, identity, machine, nobody};
use crate::reply::{chunked, graph, page};

const NO_TOKEN: &str = "Protocol NotSent 200";
const REFUSED: &str = "Unauthorized NotSent 401";
const UNUSABLE: &str = "Configuration NotSent 400";
const UNHEARD: &str = "ConnectionLost NotSent";
const NO_HTTP: &str = "Protocol NotSent";

pub(super) fn lines() -> Vec<Case> {
    [as_with_token(), token(), retry(), of_identity()].concat()
}

pub(super) fn of_identity() -> Vec<Case> {
    [identity_reply(), identity_retry()].concat()
}

/// The faults that a call with a token meets, met by the request for one.
fn as_with_token() -> Vec<Case> {
    let is_meant = |case: &Case| match case.stage {
        Stage::Status(status) => [101, 200, 302, 401, 429, 503].contains(&status),
        _ => case.call == Call::Sync,
    };
    let mut lines: Vec<Case> = Vec::new();
    for case in with_token().into_iter().filter(is_meant) {
        let (fault, end) = (case.name(), end(&case));
        // By a proxy, some are the same.
        let peer = case.peer.in_place_of_entra().filter(|peer| lines.iter().all(|line| line.peer != *peer));
        lines.extend(peer.map(|peer| Case { stage: Stage::Token, fault, call: Call::SyncByCredential, peer, end, ..case }));
    }
    lines
}

/// What the same reply means if it comes from who gives tokens.
fn end(case: &Case) -> String {
    let words: Vec<&str> = case.end.split(' ').collect();
    let Some(status) = words.get(2) else { return format!("{} NotSent", words[0]) };
    let kind = match status.as_bytes()[0] {
        b'5' => "Service",
        _ if *status == "429" => "Service",
        b'4' if has_words(case) => "Unauthorized",
        _ => "Protocol",
    };
    format!("{kind} NotSent {status}")
}

/// Whether the body has an error that Microsoft Entra could have written.
fn has_words(case: &Case) -> bool {
    match case.stage {
        Stage::Status(_) => ["Graph's error", "Intune's envelope"].contains(&&*case.fault),
        Stage::Body => [
            "to the close", "to an end without a goodbye", "JSON with what is not fit for a log",
            "JSON in JSON in JSON in JSON in JSON",
        ].contains(&&*case.fault),
        Stage::Head => case.fault.ends_with("then a refusal"),
        Stage::Echo => case.fault.starts_with("in Graph's") || case.fault == "in Intune's message",
        _ => false,
    }
}

/// A reply with a token.
fn given() -> String {
    format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{TOKEN}"}}"#)
}

/// The same, made longer.
fn given_in(length: usize) -> String {
    given() + &" ".repeat(length - given().len())
}

fn with(text: &str) -> String {
    given().replace(TOKEN, text)
}

/// What Microsoft Entra replies, and whether Microsoft Graph is asked after it.
fn token() -> Vec<Case> {
    let gives = |body: &str| by_tunnel().replies("200 OK", body);
    let then_accepts = |peer: Peer| peer.then(by_tunnel().accepts());
    let chunks = || chunked("200 OK", format!("{:x}\r\n{}\r\n0\r\n\r\n", given().len(), given()));
    let denies = |body: &str| by_tunnel().replies("401 No", body.replace("TOKEN", TOKEN));
    let then_echoes = || gives(&given()).then(by_tunnel().replies("403 No", graph(TOKEN)));
    let elsewhere = "307 No\nLocation: https://evil.example/token";
    stage(Stage::Token, Call::SyncByCredential, [
    ("none: it comes",                       ACCEPTED,  2, then_accepts(gives(&given()))),
    ("none: it comes in chunks",             ACCEPTED,  2, then_accepts(by_tunnel().says(chunks()))),
    ("none: it comes, without a goodbye",    ACCEPTED,  2, then_accepts(gives(&given()).vanishes())),
    ("none: it comes, and more without end", ACCEPTED,  2, then_accepts(gives(&given()).floods("HTTP/1.1 401 No\r\n\r\n"))),
    ("none: the longest reply",              ACCEPTED,  2, then_accepts(gives(&given_in(65_535)))),
    ("a reply of a byte more",               NO_TOKEN,  1, gives(&given_in(65_536))),
    ("it comes, and Graph is lost",          LOST,      2, gives(&given()).then(by_tunnel().resets())),
    ("it comes, and Graph repeats it",       FORBIDDEN, 2, then_echoes()),
    ("it has a blank",                       NO_TOKEN,  1, gives(&with(&format!("{TOKEN} {TOKEN}")))),
    ("it has a line break",                  NO_TOKEN,  1, gives(&with(&format!("{TOKEN}\\r\\nX: {TOKEN}")))),
    ("it is empty",                          NO_TOKEN,  1, gives(&with(""))),
    ("it comes twice",                       NO_TOKEN,  1, gives(&given().repeat(2))),
    ("it comes with another status",         "Protocol NotSent 201", 1, by_tunnel().replies("201 Created", given())),
    ("a redirect",                           "Protocol NotSent 307", 1, by_tunnel().announces(elsewhere, 0)),
    ("a refusal that repeats the secret",    REFUSED,   1, denies(r#"{"error":"e","error_description":"TOKEN"}"#)),
    ("a code that is the secret",            REFUSED,   1, denies(r#"{"error":"TOKEN","error_description":"m"}"#)),
    ("a trace id that is the secret",        REFUSED,   1, denies(r#"{"error":"e","trace_id":"TOKEN"}"#)),
    ("a correlation id that is the secret",  REFUSED,   1, denies(r#"{"error":"e","correlation_id":"TOKEN"}"#)),
    ])
}

/// Which failures are retried, up to twice.
fn retry() -> Vec<Case> {
    let soon = |status: &str| by_tunnel().announces(&format!("{status}\nRetry-After: 1"), 0);
    let then_given = |peer: Peer| peer.then(by_tunnel().replies("200 OK", given())).then(by_tunnel().accepts());
    let tomorrow = || by_tunnel().announces("503 No\nRetry-After: 86400", 0);
    stage(Stage::Token, Call::SyncByCredentialWithRetries, [
    ("a loss, then given",            ACCEPTED, 3, then_given(by_tunnel().vanishes())),
    ("503, then given",               ACCEPTED, 3, then_given(soon("503 No\nConnection: close"))),
    ("429, then given",               ACCEPTED, 3, then_given(soon("429 No\nConnection: close"))),
    ("503 until the end",             "Service NotSent 503", 3, soon("503 No\nConnection: close").again(2)),
    ("503 until tomorrow",            "Service NotSent 503", 1, tomorrow()),
    ("400",                           "Protocol NotSent 400", 1, soon("400 No")),
    ("401",                           "Protocol NotSent 401", 1, soon("401 No")),
    ("a loss, until the end",         UNHEARD,  3, by_tunnel().vanishes().again(2)),
    ])
}

/// What the endpoint of the machine's identity replies, without TLS and without a proxy.
fn identity_reply() -> Vec<Case> {
    let gives = |body: &str| identity().replies("200 OK", body);
    let then_accepts = |peer: Peer| peer.then(by_tunnel().accepts());
    let denies = |body: &str| identity().replies("400 No", body.replace("TOKEN", TOKEN));
    let says = |words: &str| identity().says(words.replace("TOKEN", TOKEN));
    let heads = |lines: &str| identity().announces(&lines.replace("TOKEN", TOKEN), 0);
    let there = "302 No\nLocation: http://169.254.169.254/TOKEN";
    let elsewhere = "307 No\nLocation: https://evil.example/TOKEN";
    let closed = || nobody(Way::Identity, Door::Closed);
    stage(Stage::Identity, Call::SyncByCredential, [
    ("none: it comes",                       ACCEPTED, 2, then_accepts(gives(&given()))),
    ("none: it comes byte by byte",          ACCEPTED, 2, then_accepts(identity().announces("200 OK", given().len() as u64).spells(given()))),
    ("none: it comes in the longest reply",  ACCEPTED, 2, then_accepts(gives(&given_in(65_535)))),
    ("a reply of a byte more",               NO_TOKEN, 1, gives(&given_in(65_536))),
    ("a reply without end",                  NO_TOKEN, 1, identity().announces("200 OK", 1 << 40).floods(" ")),
    ("its port is closed",                   CONNECT,  0, closed()),
    ("it speaks TLS",                        NO_HTTP,  1, identity().says([21, 3, 3, 0, 2, 2, 40, b'\r', b'\n', b'\r', b'\n'])),
    ("reset before the request is read",     UNHEARD,  0, machine().resets()),
    ("closed after the request",             UNHEARD,  1, identity()),
    ("reset after the request",              UNHEARD,  1, identity().resets()),
    ("never read",                           TIMEOUT,  0, machine().ignores()),
    ("no reply",                             TIMEOUT,  1, identity().stays()),
    ("a reply that trickles",                TIMEOUT,  1, identity().trickles("HTTP/1.1 200 OK\r\nX: y")),
    ("half a body, then nothing",            TIMEOUT,  1, identity().announces("200 OK", 999).says("{").stays()),
    ("half a body, then closed",             UNHEARD,  1, identity().announces("200 OK", 999).says("{")),
    ("a head without end",                   NO_HTTP,  1, says("HTTP/1.1 200 OK\r\n").floods("X: y\r\n")),
    ("nonsense",                             NO_HTTP,  1, says("nonsense\r\n\r\n")),
    ("a page",                               NO_TOKEN, 1, gives(&page())),
    ("a page of 400",                        UNUSABLE, 1, identity().replies("400 No", page())),
    ("a redirect to the machine",            "Protocol NotSent 302", 1, heads(there)),
    ("a redirect to elsewhere",              "Protocol NotSent 307", 1, heads(elsewhere)),
    ("401, a challenge",                     "Configuration NotSent 401", 1, heads("401 No\nWWW-Authenticate: Basic realm=/etc/passwd")),
    ("403, as of Docker Desktop",            "Configuration NotSent 403", 1, identity().replies("403 No", "unreachable")),
    ("the header repeated: as a message",    UNUSABLE, 1, denies(r#"{"statusCode":400,"message":"no TOKEN"}"#)),
    ("the header repeated: as a code",       UNUSABLE, 1, denies(r#"{"error":{"code":"TOKEN","message":"m"}}"#)),
    ("the header repeated: in a page",       UNUSABLE, 1, denies("<html>TOKEN</html>")),
    ("the header repeated: as the reason",   UNUSABLE, 1, heads("400 TOKEN")),
    ("the header repeated: in headers",      UNUSABLE, 1, heads("400 No\nDate: TOKEN\nRetry-After: TOKEN\nrequest-id: TOKEN")),
    ("the header repeated: as a header",     NO_HTTP,  1, heads("400 No\nTOKEN")),
    ("the header repeated: as the head",     NO_HTTP,  1, says("TOKEN\r\n\r\n")),
    ])
}

/// Which failures are retried. The first second of a machine's service is like a start, so the number does not count.
fn identity_retry() -> Vec<Case> {
    let soon = |status: &str| identity().announces(&format!("{status}\nRetry-After: 1\nConnection: close"), 0);
    let then_given = |peer: Peer| peer.then(identity().replies("200 OK", given())).then(by_tunnel().accepts());
    let tomorrow = || identity().announces("503 No\nRetry-After: 86400", 0);
    stage(Stage::Identity, Call::SyncByCredentialWithRetries, [
    ("404, then given",               ACCEPTED, 3, then_given(soon("404 No"))),
    ("410, then given",               ACCEPTED, 3, then_given(soon("410 No"))),
    ("500, then given",               ACCEPTED, 3, then_given(soon("500 No"))),
    ("503 four times, then given",    ACCEPTED, 6, then_given(soon("503 No").again(3))),
    ("503 until tomorrow",            "Service NotSent 503", 1, tomorrow()),
    ("a loss, then given",            ACCEPTED, 3, then_given(identity())),
    ("a loss, until the end",         UNHEARD,  3, identity().again(2)),
    ("a closed port, until the end",  CONNECT,  0, nobody(Way::Identity, Door::Closed)),
    ])
}

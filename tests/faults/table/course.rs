//! Several requests: on a kept connection, in retries and in a wait; and reading the settings.

use super::{A_BOX, ACCEPTED, CONNECT, FORBIDDEN, LATE, LOST, NO_HTTP, NO_TOKEN, REFUSED, RUNNING, TIMEOUT, TLS};
use super::{TOO_SOON, stage};
use crate::case::{Call, Case, Stage, TOKEN};
use crate::peer::{
    Door, Flight, Peer, Way, direct, nobody, proxy, service, socks, socks_asked, socks_with_password, tls, tunnel,
};
use crate::reply::{bound, chunked, graph, head, intune, page, settings, ticket};
use crate::shown::Shown::*;

// The results of a reading.
const COMPLETED: &str = "Settings Some(Completed)";
const NO_SETTINGS: &str = "Protocol NotSent 200";
const LOST_READING: &str = "ConnectionLost NotSent";
const NO_READING: &str = "Service NotSent 400";
const NO_TOKEN_TO_READ: &str = "Unauthorized NotSent 401";

pub(super) fn lines() -> Vec<Case> {
    [keep_alive(), retry(), read(), retried_read(), wait()].concat()
}

/// The first trigger was accepted. The second call finds the connection in this state.
fn keep_alive() -> Vec<Case> {
    let first = || service().accepts();
    let later = || first().awaits_called();
    let then_sound = |first: Peer| first.then(service().accepts());
    let left_open = |head: &str| then_sound(service().says(head).hears().heads("409 No"));
    let answer = || Flight::data(head("204 No Content"));
    // Messages of TLS itself are not answers, so the connection can be used again.
    let sends_after_it = |shown, records: &[(u8, Vec<u8>)]| {
        let answered = direct().shows(shown).sends(answer()).awaits_called();
        answered.sends(Flight::of(records.to_vec())).hears().accepts()
    };
    let ticketed = |tickets: &[_]| sends_after_it(OnlyTls13, tickets);
    let emptied = |shown| sends_after_it(shown, &[(23, vec![])]);
    let rekeyed = || direct().shows(OnlyTls13).accepts().awaits_called().rekeys().hears().accepts();
    stage(Stage::KeepAlive, Call::SecondSync, [
    ("none: it is there",                  ACCEPTED, 2, first().hears().accepts()),
    ("closed meanwhile",                   ACCEPTED, 2, then_sound(later())),
    ("ended meanwhile, without a goodbye", ACCEPTED, 2, then_sound(later().vanishes())),
    ("reset meanwhile",                    ACCEPTED, 2, then_sound(later().resets())),
    ("said to be closed, and left open",   ACCEPTED, 2, left_open("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n")),
    ("of HTTP/1.0, and left open",         ACCEPTED, 2, left_open("HTTP/1.0 204 No\r\n\r\n")),
    ("another answer in advance",          ACCEPTED, 2, then_sound(later().replies("409 No", "{}").hears())),
    ("nonsense in advance",                ACCEPTED, 2, then_sound(later().says("nonsense").hears())),
    ("a ticket of TLS 1.3, sent late",     ACCEPTED, 2, ticketed(&[ticket()])),
    ("four tickets of TLS 1.3, sent late", ACCEPTED, 2, ticketed(&[ticket(), ticket(), ticket(), ticket()])),
    ("new keys of TLS 1.3",                ACCEPTED, 2, rekeyed()),
    ("an empty record of TLS 1.2",         ACCEPTED, 2, emptied(OnlyTls12)),
    ("an empty record of TLS 1.3",         ACCEPTED, 2, emptied(OnlyTls13)),
    ("closed upon the second request",     LOST,     2, first().hears()),
    ("ended upon it, without a goodbye",   LOST,     2, first().hears().vanishes()),
    ("reset upon it",                      LOST,     2, first().hears().resets()),
    ("no answer to it",                    LATE,     2, first().hears().stays()),
    ("half an answer to it",               LATE,     2, first().hears().says("HTTP/1.1 204 No").stays()),
    ("nonsense to it",                     NO_HTTP,  2, first().hears().says("nonsense\r\n\r\n")),
    ("closed, and then a bad certificate", TLS,      1, first().then(tls(SelfSigned))),
    ("closed, and then no handshake",      TIMEOUT,  1, first().then(direct().stays())),
    ("closed, and then nonsense",          TLS,      1, first().then(direct().says("nonsense"))),
    ])
}

/// Which failures are retried, up to twice, and which are not.
fn retry() -> Vec<Case> {
    let soon = |status: &str| service().announces(&format!("{status}\nrequest-id: r\nRetry-After: 1"), 0);
    let tomorrow = |status: &str| service().announces(&format!("{status}\nrequest-id: r\nRetry-After: 86400"), 0);
    let graph = |status: &str| service().replies(&format!("{status}\nRetry-After: 1"), graph("m"));
    let boxed = |status: &str| service().replies(&format!("{status}\nRetry-After: 1"), page());
    let sound = || service().accepts();
    let reset = || direct().takes(5).resets();
    let password = || socks_with_password().says([5, 2]).takes(1 + 5 + 7);
    let socks_fails = |code| socks_asked().says(bound(code));
    let tunnelled = || tunnel().serves().accepts();
    let by_socks = || socks_asked().says(bound(0)).serves().accepts();
    stage(Stage::Retry, Call::SyncWithRetries, [
    ("503, then accepted, on a new connection", ACCEPTED, 2, soon("503 No").then(sound())),
    ("509, then accepted, on the same one",     ACCEPTED, 2, soon("509 No").hears().accepts()),
    ("503 until the end",                       "Service Refused 503", 3, soon("503 No").again(2)),
    ("503 until tomorrow",                      "Service Refused 503", 1, tomorrow("503 No")),
    ("503 of a box in between, then accepted",  ACCEPTED, 2, boxed("503 No").then(sound())),
    ("503 of a box in between, until the end",  "Protocol Refused 503", 3, boxed("503 No").again(2)),
    ("502 of a box in between",                 "Protocol MayHaveRun 502", 1, boxed("502 No")),
    ("503, then a loss",                        LOST,     2, soon("503 No").then(service())),
    ("503, then no answer",                     LATE,     2, soon("503 No").then(service().stays())),
    ("503, then a bad certificate",             "Tls Refused", 1, soon("503 No").then(tls(Expired))),
    ("500",                                     "Service MayHaveRun 500", 1, soon("500 No")),
    ("502",                                     "Service MayHaveRun 502", 1, soon("502 No")),
    ("504",                                     "Service MayHaveRun 504", 1, soon("504 No")),
    ("408",                                     "Service Refused 408", 1, soon("408 No")),
    ("429 of Graph",                            TOO_SOON, 1, graph("429 No")),
    ("409 of Graph",                            RUNNING,  1, graph("409 No")),
    ("a loss",                                  LOST,     1, service().vanishes()),
    ("nonsense",                                NO_HTTP,  1, service().says("nonsense\r\n\r\n")),
    ("a handshake reset, then accepted",        ACCEPTED, 1, reset().then(sound())),
    ("a handshake closed, then accepted",       ACCEPTED, 1, direct().then(sound())),
    ("a handshake reset, until the end",        TLS,      0, reset().again(2)),
    ("a handshake that never ends",             TIMEOUT,  0, direct().stays()),
    ("a bad certificate",                       TLS,      0, tls(OfANamesake)),
    ("a proxy reset, then accepted",            ACCEPTED, 1, proxy().resets().then(tunnel().serves().accepts())),
    ("a proxy's 403",                           CONNECT,  0, proxy().announces("403 No", 0)),
    ("a proxy's 407",                           CONNECT,  0, proxy().heads("407 No")),
    ("a proxy's 502, then accepted",            ACCEPTED, 1, proxy().announces("502 No", 0).then(tunnelled())),
    ("a proxy's 503, then accepted",            ACCEPTED, 1, proxy().announces("503 No", 0).then(tunnelled())),
    ("a proxy's 504 until the end",             CONNECT,  0, proxy().announces("504 No", 0).again(2)),
    // A retry could lock the account.
    ("SOCKS: the password is refused",          CONNECT,  0, password().says([1, 1])),
    ("SOCKS: the password is refused oddly",    CONNECT,  0, password().says([1, 0xff])),
    ("SOCKS: closed after the password",        CONNECT,  0, password()),
    ("SOCKS: reset after the password",         CONNECT,  0, password().resets()),
    ("SOCKS: no method is agreed to",           CONNECT,  0, socks().says([5, 0xff])),
    ("SOCKS: not even with a password",         CONNECT,  0, socks_with_password().says([5, 0xff])),
    ("SOCKS: a method that was not offered",    CONNECT,  0, socks().says([5, 1])),
    ("SOCKS: a password is wanted",             CONNECT,  0, socks().says([5, 2])),
    ("SOCKS: general failure, then accepted",   ACCEPTED, 1, socks_fails(1).then(by_socks())),
    ("SOCKS: no network, then accepted",        ACCEPTED, 1, socks_fails(3).then(by_socks())),
    ("SOCKS: no host, then accepted",           ACCEPTED, 1, socks_fails(4).then(by_socks())),
    ("SOCKS: refused there, then accepted",     ACCEPTED, 1, socks_fails(5).then(by_socks())),
    ("SOCKS: closed, then accepted",            ACCEPTED, 1, socks().then(by_socks())),
    ])
}

fn read() -> Vec<Case> {
    let reads = |body: &str| service().replies("200 OK", body);
    let replies = |status: &str, body: String| service().replies(status, body);
    let announces = |length: u64| service().announces("200 OK", length);
    let open = || service().heads("200 OK\nConnection: close");
    let sound = || settings("completed", 0);
    let elsewhere = "302 No\nLocation: https://evil.example/";
    stage(Stage::Read, Call::Settings, [
    ("none: they are there",        COMPLETED,    1, reads(&sound())),
    ("a bad certificate",           TLS,          0, tls(ForAnotherHost).replies("200 OK", sound())),
    ("a page",                      NO_SETTINGS,  1, reads(&page())),
    ("no body",                     NO_SETTINGS,  1, reads("")),
    ("an empty object",             NO_SETTINGS,  1, reads("{}")),
    ("an empty list",               NO_SETTINGS,  1, reads("[]")),
    ("an error in place of them",   NO_SETTINGS,  1, reads(&graph("m"))),
    ("a time that is none",         NO_SETTINGS,  1, reads(&settings("completed", 99))),
    ("a status that is a number",   NO_SETTINGS,  1, reads(&sound().replace("\"completed\"", "2"))),
    ("a status that is new",        "Settings Some(Other(\"paused\"))", 1, reads(&settings("paused", 0))),
    ("a status that is the token",  "Settings Some(Other(\"[token]\"))", 1, reads(&settings(TOKEN, 0))),
    ("larger than is read",         NO_SETTINGS,  1, reads(&format!("{}{}", sound(), " ".repeat(300_000)))),
    ("cut off",                     LOST_READING, 1, announces(99).says("{")),
    ("cut off, without a length",   NO_SETTINGS,  1, open().says(&sound()[..50]).vanishes()),
    ("chunks that break off",       LOST_READING, 1, service().says(chunked("200 OK", "2\r\n{}"))),
    ("nothing",                     TIMEOUT,      1, service().stays()),
    ("half of them",                TIMEOUT,      1, announces(99).says("{").stays()),
    ("half of them, without end",   TIMEOUT,      1, announces(999_999).trickles("{")),
    ("204",                         "Service NotSent 204", 1, service().accepts()),
    ("304, which nobody asked for", "Protocol NotSent 304", 1, service().heads("304 No")),
    ("302 to elsewhere",            "Protocol NotSent 302", 1, service().announces(elsewhere, 0)),
    ("401 of a box in between",     "Protocol NotSent 401", 1, replies("401 No", page())),
    ("401 of Graph",                NO_TOKEN_TO_READ, 1, replies("401 No", graph("m"))),
    ("401 of Intune",               "Forbidden NotSent 401", 1, replies("401 No", intune("m"))),
    ("403 of Graph",                "Forbidden NotSent 403", 1, replies("403 No", graph("m"))),
    ("404 of a box in between",     "Protocol NotSent 404", 1, replies("404 No", page())),
    ("404",                         "Service NotSent 404", 1, replies("404 No", graph("m"))),
    ("409",                         "Service NotSent 409", 1, replies("409 No", graph("m"))),
    ])
}

/// A reading may be retried after any failure.
fn retried_read() -> Vec<Case> {
    let sound = || settings("completed", 0);
    let soon = |status: &str| service().replies(&format!("{status}\nRetry-After: 1"), graph("m"));
    let then_there = |faulty: Peer| faulty.hears().replies("200 OK", sound());
    let then_anew = |faulty: Peer| faulty.then(service().replies("200 OK", sound()));
    stage(Stage::Retry, Call::SettingsWithRetries, [
    ("reading: 429, then there",      COMPLETED,    2, then_there(soon("429 No"))),
    ("reading: 500, then there",      COMPLETED,    2, then_there(soon("500 No"))),
    ("reading: 502, then there",      COMPLETED,    2, then_there(soon("502 No"))),
    ("reading: 503, then there",      COMPLETED,    2, then_anew(soon("503 No"))),
    ("reading: 504, then there",      COMPLETED,    2, then_there(soon("504 No"))),
    ("reading: 509, then there",      COMPLETED,    2, then_there(soon("509 No"))),
    ("reading: 503 until the end",    "Service NotSent 503", 3, soon("503 No").again(2)),
    ("reading: 503, then no answer",  TIMEOUT,      2, soon("503 No").then(service().stays())),
    ("reading: no answer",            TIMEOUT,      1, service().stays()),
    ("reading: a loss, then there",   COMPLETED,    2, then_anew(service())),
    ("reading: a reset, then there",  COMPLETED,    2, then_anew(service().resets())),
    ("reading: cut off, then there",  COMPLETED,    2, then_anew(service().announces("200 OK", 9))),
    ("reading: losses until the end", LOST_READING, 3, service().vanishes().again(2)),
    ("reading: SOCKS refuses",        CONNECT,      0, socks().says([5, 0xff])),
    ("reading: 400",                  "Service NotSent 400", 1, soon("400 No")),
    ("reading: 401",                  NO_TOKEN_TO_READ, 1, soon("401 No")),
    ("reading: a page",               NO_SETTINGS,  1, service().replies("200 OK", page())),
    ("reading: nonsense",             "Protocol NotSent", 1, service().says("nonsense\r\n\r\n")),
    ])
}

/// A wait reads, triggers, and reads again until the sync has ended.
fn wait() -> Vec<Case> {
    let sound = || settings("completed", 0);
    let reads = |status: &str, body: String| service().replies(status, body);
    let triggers = || reads("200 OK", sound()).hears();
    let answers = |status: &str, body: String| triggers().replies(status, body);
    let accepted = || triggers().accepts().hears();
    let never_heals = || reads("400 No", graph("m"));
    let denied = || reads("403 No", graph("m")).hears();
    let elsewhere = "307 No\nLocation: https://evil.example/";
    let tomorrow = || answers("429 No\nRetry-After: 86400", graph("m"));
    let nobody = |url| nobody(Way::BaseUrl(url), Door::Closed);
    let refused_by_socks = || socks_with_password().says([5, 2]).takes(1 + 5 + 7).says([1, 1]);
    stage(Stage::Wait, Call::SyncAndWait, [
    ("the name is not known",             CONNECT,      0, nobody("https://nobody.invalid")),
    ("a bad certificate",                 TLS,          0, tls(Expired)),
    ("a proxy's 407",                     CONNECT,      0, proxy().heads("407 No\nProxy-Authenticate: Basic")),
    ("a SOCKS proxy refuses the password", CONNECT,     0, refused_by_socks()),
    ("first reading: none",               TIMEOUT,      1, service().stays()),
    ("first reading: lost, then 400",     NO_READING,   2, service().vanishes().then(never_heals())),
    ("first reading: a page, then 400",   NO_READING,   2, reads("200 OK", page()).then(never_heals())),
    ("first reading: 401",                NO_TOKEN_TO_READ, 1, reads("401 No", graph("m"))),
    ("first reading: 400",                NO_READING,   1, never_heals()),
    ("first reading: 503, then 400",      NO_READING,   2, reads("503 No", page()).then(never_heals())),
    ("first reading and trigger: 403",    FORBIDDEN,    2, denied().replies("403 No", graph("m"))),
    ("first reading: 403, then accepted", "Unconfirmed Accepted 204", 2, denied().accepts()),
    ("trigger: 401",                      NO_TOKEN,     2, answers("401 No", graph("m"))),
    ("trigger: 401 of Intune",            "Forbidden Refused 401", 2, answers("401 No", intune("m"))),
    ("trigger: 403",                      FORBIDDEN,    2, answers("403 No", graph("m"))),
    ("trigger: 403 of a box in between",  A_BOX,        2, answers("403 No", page())),
    ("trigger: 400",                      REFUSED,      2, answers("400 No", graph("m"))),
    ("trigger: 307 to elsewhere",         "Protocol Refused 307", 2, triggers().announces(elsewhere, 0)),
    ("trigger: 429 until tomorrow",       "TooSoon Refused 200", 3, tomorrow().hears().replies("200 OK", sound())),
    ("trigger: no answer",                LATE,         2, triggers().stays()),
    ("trigger: an answer that trickles",  LATE,         2, triggers().trickles("HTTP/1.1 204 No\r\nX: y")),
    ("next reading: none",                "Timeout Accepted", 3, accepted().stays()),
    ("next reading: 400",                 "Service Accepted 400", 3, accepted().replies("400 No", graph("m"))),
    ])
}

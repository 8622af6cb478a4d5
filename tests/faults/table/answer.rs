//! The request of a call, and the answer.

use base64::Engine as _;
use base64::engine::general_purpose;

use super::{A_BOX, ACCEPTED, FORBIDDEN, LATE, LOST, NO_HTTP, NO_TOKEN, REFUSED, RUNNING, TLS, stage};
use crate::case::{Call, Case, Stage, TOKEN};
use crate::peer::{Flight, direct, service, tls};
use crate::reply::{FATAL, chunked, graph, head, intune, page};
use crate::shown::Shown::*;

pub(super) fn lines() -> Vec<Case> {
    [request(), longest_request(), heads(), interim(), body(), echo(), close()].concat()
}

fn request() -> Vec<Case> {
    let unheard = || direct().tls(Valid);
    stage(Stage::Request, Call::Sync, [
    ("reset before it is read",            LOST, 0, unheard().resets()),
    ("answered and closed unread",         "Protocol Refused 408", 1, unheard().heads("408 No\nConnection: close")),
    ("never read",                         LATE, 0, unheard().ignores()),
    ("closed after it",                    LOST, 1, service()),
    ("closed after it, without a goodbye", LOST, 1, service().vanishes()),
    ("reset after it",                     LOST, 1, service().resets()),
    ("no answer",                          LATE, 1, service().stays()),
    ])
}

fn longest_request() -> Vec<Case> {
    let unheard = || direct().tls(Valid);
    stage(Stage::Request, Call::SyncWithTheLongestToken, [
    ("the longest token, answered",       ACCEPTED, 1, service().accepts()),
    ("the longest token, refused unread", "Protocol Refused 431", 1, unheard().heads("431 No\nConnection: close")),
    ("the longest token, never read",     LATE,     0, unheard().ignores()),
    ("the longest token, no service",     TLS,      0, tls(SelfSigned).accepts()),
    ])
}

fn heads() -> Vec<Case> {
    let says = |words: &[u8]| service().says(words);
    let heads = |lines: &str| service().heads(lines);
    let (length, chunks) = ("409 No\nrequest-id: r\nContent-Length", "2\r\n{}\r\n0\r\n\r\n");
    stage(Stage::Head, Call::Sync, [
    ("not HTTP but SSH",                        NO_HTTP,  1, says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")),
    ("not HTTP but HTTP/2",                     NO_HTTP,  1, says(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64")),
    ("not HTTP but FTP",                        NO_HTTP,  1, says(b"220 ready\r\n\r\n")),
    ("a page without a head",                   NO_HTTP,  1, service().says(page())),
    ("zeros",                                   NO_HTTP,  1, says(&[0; 64])),
    ("zeros without end",                       NO_HTTP,  1, service().floods([0])),
    ("empty lines without end",                 NO_HTTP,  1, service().floods("\r\n")),
    ("an empty line before it",                 ACCEPTED, 1, says(b"\r\nHTTP/1.1 204 No Content\r\n\r\n")),
    ("lines without a carriage return",         ACCEPTED, 1, says(b"HTTP/1.1 204 No Content\n\n")),
    ("a version of HTTP before",                ACCEPTED, 1, says(b"HTTP/1.0 204 No Content\r\n\r\n")),
    ("a version of HTTP after",                 NO_HTTP,  1, says(b"HTTP/2 204 No Content\r\n\r\n")),
    ("a version that is none",                  NO_HTTP,  1, says(b"HTTP/9.9 204 No Content\r\n\r\n")),
    ("a protocol in small letters",             NO_HTTP,  1, says(b"http/1.1 204 No Content\r\n\r\n")),
    ("no status",                               NO_HTTP,  1, says(b"HTTP/1.1\r\n\r\n")),
    ("a status of words",                       NO_HTTP,  1, heads("accepted")),
    ("a status of two digits",                  NO_HTTP,  1, heads("20 Short")),
    ("a status of four digits",                 NO_HTTP,  1, heads("2040 Long")),
    ("a status below zero",                     NO_HTTP,  1, heads("-204 No")),
    ("a status below all classes",              NO_HTTP,  1, heads("099 No")),
    ("a status of no class",                    "Protocol MayHaveRun 999", 1, heads("999 No\nContent-Length: 0")),
    ("no reason phrase",                        ACCEPTED, 1, heads("204")),
    ("a reason phrase that is not UTF-8",       ACCEPTED, 1, says(b"HTTP/1.1 204 \xff\xfe\r\n\r\n")),
    ("a header without a colon",                NO_HTTP,  1, heads("204 No\nnonsense")),
    ("a header without a name",                 NO_HTTP,  1, heads("204 No\n: value")),
    ("a header with a blank in its name",       NO_HTTP,  1, heads("204 No\nX Y: value")),
    ("a header with a zero byte",               NO_HTTP,  1, heads("204 No\nX: a\0b")),
    ("a header with a lone carriage return",    NO_HTTP,  1, heads("204 No\nX: a\rb")),
    ("a header over two lines",                 NO_HTTP,  1, heads("204 No\nX: a\n b")),
    ("a header that is not UTF-8",              ACCEPTED, 1, says(b"HTTP/1.1 204 No\r\nDate: \xff\r\n\r\n")),
    ("a thousand headers",                      NO_HTTP,  1, heads(&format!("204 No{}", "\nX: y".repeat(1000)))),
    ("a header longer than is read",            NO_HTTP,  1, heads(&format!("204 No\nX: {}", "y".repeat(70_000)))),
    ("a header without end",                    NO_HTTP,  1, says(b"HTTP/1.1 204 No\r\nX: ").floods("y")),
    ("headers without end",                     NO_HTTP,  1, says(b"HTTP/1.1 204 No\r\n").floods("X: y\r\n")),
    ("a length that is no number",              NO_HTTP,  1, heads(&format!("{length}: many"))),
    ("a length below zero",                     NO_HTTP,  1, heads(&format!("{length}: -1"))),
    ("a length beyond all numbers",             NO_HTTP,  1, heads(&format!("{length}: 99999999999999999999"))),
    ("two lengths that differ",                 NO_HTTP,  1, heads(&format!("{length}: 0\nContent-Length: 2"))),
    ("a length, and chunks",                    RUNNING,  1, service().says(chunked(&format!("{length}: 2"), chunks))),
    ("a transfer encoding that is none",        ACCEPTED, 1, heads("204 No\nTransfer-Encoding: nonsense")),
    ("a length of what may have no body",       ACCEPTED, 1, heads("204 No\nContent-Length: 5")),
    ("closed in the status line",               LOST,     1, says(b"HTTP/1.1 204 No")),
    ("closed in the headers",                   LOST,     1, says(b"HTTP/1.1 204 No\r\nX: y\r\n")),
    ("ended in the headers, without a goodbye", LOST,     1, says(b"HTTP/1.1 204 No\r\nX: y\r\n").vanishes()),
    ("half a status line, then nothing",        LATE,     1, says(b"HTTP/1.1 204 No").stays()),
    ("half of the headers, then nothing",       LATE,     1, says(b"HTTP/1.1 204 No\r\nX: y\r\n").stays()),
    ("it trickles",                             LATE,     1, service().trickles("HTTP/1.1 204 No\r\nX: y")),
    ("a record of TLS that trickles",           LATE,     1, service().drips([0; 16_000])),
    ("new keys of TLS without end",             LOST,     1, tls(OnlyTls13).rekeys_for_ever()),
    ("101, then another protocol",              "Protocol MayHaveRun 101", 1, heads("101 No\nUpgrade: x").stays()),
    ])
}

/// Interim replies before the answer: any number, with any number of headers.
fn interim() -> Vec<Case> {
    let heads = |lines: &str| service().heads(lines);
    let more = "100 Continue\nX: y\nDate: Thu, 01 Jan 2026 10:00:00 GMT";
    let all = [head(more), head("102 Processing\nX: y"), head("103 Early Hints\nLink: x\nLink: y")].concat();
    let and_the_answer = || [&all[..], &head("204 No Content")].concat();
    stage(Stage::Head, Call::Sync, [
    ("100, then the answer",                    ACCEPTED, 1, heads("100 Continue").accepts()),
    ("100, then nothing",                       LATE,     1, heads("100 Continue").stays()),
    ("100, then closed",                        LOST,     1, heads("100 Continue")),
    ("100, then nonsense",                      NO_HTTP,  1, heads("100 Continue").says("nonsense\r\n\r\n")),
    ("100 without end",                         LATE,     1, service().floods("HTTP/1.1 100 Continue\r\n\r\n")),
    ("100 with headers, then the answer",       ACCEPTED, 1, heads(more).accepts()),
    ("100 with headers, then a refusal",        FORBIDDEN, 1, heads(more).replies("403 No", graph("m"))),
    ("100 with headers, then nothing",          LATE,     1, heads(more).stays()),
    ("100 with headers, then closed",           LOST,     1, heads(more)),
    ("100 with headers without end",            LATE,     1, service().floods(head(more))),
    ("100 with a length of nothing",            ACCEPTED, 1, heads("100 Continue\nContent-Length: 0").accepts()),
    ("102 with headers, then the answer",       ACCEPTED, 1, heads("102 Processing\nX: y").accepts()),
    ("103, then the answer",                    ACCEPTED, 1, heads("103 Early Hints\nLink: x").accepts()),
    ("103 without end",                         LATE,     1, service().floods("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n")),
    ("100, 102 and 103, then the answer",       ACCEPTED, 1, service().says(&all).accepts()),
    ("100, 102 and 103 with the answer",        ACCEPTED, 1, service().says(and_the_answer())),
    ("100, 102 and 103, byte by byte",          ACCEPTED, 1, service().spells(and_the_answer())),
    ("100, 102 and 103, then a refusal",        FORBIDDEN, 1, service().says(&all).replies("403 No", graph("m"))),
    ("100, 102 and 103, then nothing",          LATE,     1, service().says(&all).stays()),
    ])
}

fn body() -> Vec<Case> {
    let says = |body: &str| service().replies("400 No\nrequest-id: r", body);
    let boxed = |body: &str| service().replies("403 No", body);
    let bytes = |bytes: &[u8]| service().replies("403 No\nrequest-id: r", bytes);
    let zipped = |bytes: [u8; 2]| service().replies("400 No\nrequest-id: r\nContent-Encoding: gzip", bytes);
    let announces = |length: u64| service().announces("400 No\nrequest-id: r", length);
    let chunks = |chunks: &str| service().says(chunked("400 No\nrequest-id: r", chunks));
    let open = || service().heads("400 No\nrequest-id: r\nConnection: close");
    let deepest = format!(r#"{{"x":{}{},"error":{{}}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let deep = (0..6).fold(graph("m"), |inner, _| graph(&inner));
    stage(Stage::Body, Call::Sync, [
    ("to the close",                           REFUSED,   1, open().says(graph("m"))),
    ("to an end without a goodbye",            REFUSED,   1, open().says(graph("m")).vanishes()),
    ("to a close that does not come",          LATE,      1, open().says(graph("m")).stays()),
    ("without end, to a close",                REFUSED,   1, open().floods(" ")),
    ("announced, and none",                    LOST,      1, announces(9)),
    ("shorter than announced, then nothing",   LATE,      1, announces(9).says("{}").stays()),
    ("shorter than announced, then reset",     LOST,      1, announces(9).says("{}").resets()),
    ("shorter than announced, no goodbye",     LOST,      1, announces(9).says("{}").vanishes()),
    ("it trickles",                            LATE,      1, announces(999_999).trickles("{")),
    ("a terabyte is announced, and comes",     REFUSED,   1, announces(1 << 40).floods(" ")),
    ("a byte more than is read",               REFUSED,   1, says(&" ".repeat(256 * 1024 + 1))),
    ("in chunks",                              REFUSED,   1, chunks("2\r\n{}\r\n0\r\n\r\n")),
    ("in chunks with extensions",              REFUSED,   1, chunks("2;a=b;c=\"d\"\r\n{}\r\n0\r\n\r\n")),
    ("in chunks with trailers",                REFUSED,   1, chunks("2\r\n{}\r\n0\r\nX: y\r\n\r\n")),
    ("in chunks of a byte",                    REFUSED,   1, chunks(&format!("{}0\r\n\r\n", "1\r\n \r\n".repeat(999)))),
    ("in chunks without the last line",        REFUSED,   1, chunks("2\r\n{}\r\n0\r\n")),
    ("in chunks without a last",               LOST,      1, chunks("2\r\n{}\r\n")),
    ("in chunks, closed in one",               LOST,      1, chunks("9\r\n{}")),
    ("in chunks, closed in a chunk's length",  LOST,      1, chunks("2\r\n{}\r\n1")),
    ("in chunks, then nothing",                LATE,      1, chunks("2\r\n{}\r\n").stays()),
    ("in chunks without end",                  REFUSED,   1, chunks("").floods("1\r\n \r\n")),
    ("in chunks that trickle",                 LATE,      1, chunks("").trickles("999999\r\n ")),
    ("in chunks, with trailers without end",   LATE,      1, chunks("2\r\n{}\r\n0\r\n").floods("X: y\r\n")),
    ("a chunk's length is no number",          NO_HTTP,   1, chunks("many\r\n{}\r\n0\r\n\r\n")),
    ("a chunk's length is below zero",         NO_HTTP,   1, chunks("-2\r\n{}\r\n0\r\n\r\n")),
    ("a chunk's length is beyond all numbers", NO_HTTP,   1, chunks("fffffffffffffffff\r\n{}")),
    ("a chunk's length has no end",            LOST,      1, chunks("").floods("0")),
    ("a chunk is longer than its length",      NO_HTTP,   1, chunks("1\r\n{}\r\n0\r\n\r\n")),
    ("gzip, which nobody asked for",           REFUSED,   1, zipped([0x1f, 0x8b])),
    ("not UTF-8",                              FORBIDDEN, 1, bytes(&[0xff; 64])),
    ("UTF-16",                                 FORBIDDEN, 1, bytes(b"\xff\xfe{\0}\0")),
    ("JSON after a byte order mark",           A_BOX,     1, boxed("\u{feff}{}")),
    ("JSON twice",                             A_BOX,     1, boxed("{}{}")),
    ("JSON that is a number, beyond all",      A_BOX,     1, boxed("1e999999")),
    ("JSON whose error is a list",             A_BOX,     1, boxed(r#"{"error":[]}"#)),
    ("JSON of a hundred thousand levels",      REFUSED,   1, says(&"[".repeat(100_000))),
    ("JSON of as many levels, and an error",   FORBIDDEN, 1, boxed(&deepest)),
    ("JSON with what is not fit for a log",    REFUSED,   1, says(&graph("a\u{1b}[2J\r\nb\u{202e}c"))),
    ("JSON in JSON in JSON in JSON in JSON",   REFUSED,   1, says(&deep)),
    ])
}

/// The service repeats the token or a part of it. The library shows none of it.
fn echo() -> Vec<Case> {
    let filled = |text: &str| text.replace("TOKEN", TOKEN);
    let says = |words: &str| service().says(filled(words));
    let heads = |lines: &str| service().announces(&filled(lines), 0);
    let replies = |body: &str| service().replies("403 No", filled(body));
    let signature = TOKEN.rsplit('.').next().expect("a token has parts");
    let escaped: String = TOKEN.chars().map(|letter| format!("\\u{:04x}", u32::from(letter))).collect();
    let cut = format!("{}TOKEN", "m".repeat(4076));
    let lines: Vec<&str> = TOKEN.as_bytes().chunks(19).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    let blanks: String = TOKEN.chars().flat_map(|letter| [letter, ' ']).collect();
    let base64 = |text: &str| general_purpose::STANDARD.encode(filled(text));
    let claims = |json: &str| format!("error=\"insufficient_claims\", claims=\"{}\"", base64(json));
    let challenge = |parameter: &str| heads(&format!("401 No\nrequest-id: r\nWWW-Authenticate: Bearer {parameter}"));
    stage(Stage::Echo, Call::Sync, [
    ("in the reason phrase",                    REFUSED,   1, heads("400 TOKEN\nrequest-id: r")),
    ("in place of a status",                    NO_HTTP,   1, heads("TOKEN")),
    ("in place of a head",                      NO_HTTP,   1, says("TOKEN\r\n\r\n")),
    ("in a header's name",                      REFUSED,   1, heads("400 No\nrequest-id: r\nTOKEN: x")),
    ("in a broken header",                      NO_HTTP,   1, heads("400 No\nTOKEN")),
    ("in request-id",                           REFUSED,   1, heads("400 No\nrequest-id: TOKEN")),
    ("in client-request-id",                    REFUSED,   1, heads("400 No\nrequest-id: r\nclient-request-id: TOKEN")),
    ("in Retry-After",                          REFUSED,   1, heads("400 No\nrequest-id: r\nRetry-After: TOKEN")),
    ("in Date",                                 REFUSED,   1, heads("400 No\nrequest-id: r\nDate: TOKEN")),
    ("in Location",                             "Protocol Refused 302", 1, heads("302 No\nLocation: //evil/?TOKEN")),
    ("in the length",                           NO_HTTP,   1, says("HTTP/1.1 400 No\r\nContent-Length: TOKEN\r\n\r\n")),
    ("in a chunk's length",                     NO_HTTP,   1, service().says(chunked("400 No", filled("TOKEN\r\n{}")))),
    ("in a challenge, as claims",               NO_TOKEN,  1, challenge("claims=\"TOKEN!\"")),
    ("in the claims of a challenge",            NO_TOKEN,  1, challenge(&claims("{\"a\":\"TOKEN\"}"))),
    ("in claims that are lines of a log",       NO_TOKEN,  1, challenge(&claims("{\n<0>TOKEN\n}"))),
    ("in claims of several lines",              NO_TOKEN,  1, challenge(&claims("{\n\"a\":\n\"TOKEN\"}\n"))),
    ("in the realm of a challenge",             NO_TOKEN,  1, challenge("realm=\"TOKEN\"")),
    ("in a page",                               A_BOX,     1, replies("<html>TOKEN</html>")),
    ("in broken JSON",                          A_BOX,     1, replies("{\"error\":{\"message\":\"TOKEN")),
    ("in Graph's message",                      FORBIDDEN, 1, replies(&graph("no right for TOKEN"))),
    ("in Graph's message, the signature alone", FORBIDDEN, 1, replies(&graph(signature))),
    ("in Graph's message, but for its start",   FORBIDDEN, 1, replies(&graph(&TOKEN[1..]))),
    ("in Graph's message, over lines",          FORBIDDEN, 1, replies(&graph(&lines.join("\r\n")))),
    ("in Graph's message, letter by letter",    FORBIDDEN, 1, replies(&graph(&blanks))),
    ("in Graph's message, where it is cut off", FORBIDDEN, 1, replies(&graph(&cut))),
    ("in Graph's message, escaped",             FORBIDDEN, 1, replies(&graph("TEXT").replace("TEXT", &escaped))),
    ("in Graph's code",                         FORBIDDEN, 1, replies(&graph("m").replace("UnknownError", "TOKEN"))),
    ("in Intune's message",                     FORBIDDEN, 1, replies(&intune("TOKEN"))),
    ])
}

/// After the answer is complete, nothing that the peer does changes it.
fn close() -> Vec<Case> {
    let answer = || Flight::data(head("204 No Content"));
    stage(Stage::Close, Call::Sync, [
    ("without a goodbye",              ACCEPTED, 1, service().accepts().vanishes()),
    ("never",                          ACCEPTED, 1, service().accepts().stays()),
    ("announced, and never",           ACCEPTED, 1, service().heads("204 No\nConnection: close").stays()),
    ("another answer",                 ACCEPTED, 1, service().accepts().heads("409 No")),
    ("other answers without end",      ACCEPTED, 1, service().accepts().floods("HTTP/1.1 409 No\r\n\r\n")),
    ("an alert of TLS with it",        ACCEPTED, 1, service().sends(answer().and(Flight::of([FATAL])))),
    ("an alert of TLS after it",       ACCEPTED, 1, service().sends(answer()).sends(Flight::of([FATAL]))),
    ("a record of TLS that is broken", ACCEPTED, 1, service().sends(answer().and(Flight::of([(99, [0])])))),
    ("a body where there can be none", ACCEPTED, 1, service().accepts().says("{\"error\":{}}")),
    ])
}

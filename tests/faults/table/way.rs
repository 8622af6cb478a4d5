//! On the way to the service: name, TCP, proxies, TLS, certificates. If the service is not reached, nothing is sent.

use super::{ACCEPTED, CONNECT, LATE, LOST, TIMEOUT, TLS, stage};
use crate::case::{Call, Case, Stage};
use crate::peer::{
    Door, Peer, Way, direct, http_proxy, https_proxy, nobody, proxy, socks, socks_asked, socks_with_password, tls,
    tunnel,
};
use crate::reply::{alert, bound, head, page, record, server_hello};
use crate::shown::Shown::*;

/// The start of a long ServerHello.
const HALF_HELLO: [u8; 10] = [22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc, 3];

pub(super) fn lines() -> Vec<Case> {
    [name(), connect(), connect_reply(), made_tunnel(), proxy_tls(), socks_proxy(), handshake(), certificate()].concat()
}

fn name() -> Vec<Case> {
    let at = |url| nobody(Way::BaseUrl(url), Door::Closed);
    let by = |proxy| nobody(Way::Proxy(proxy), Door::Closed);
    let socks5 = |url| nobody(Way::ProxyTo("socks5://127.0.0.1:PORT", url), Door::Closed);
    let long = "https://a-label-of-sixty-four-letters-is-one-more-than-the-system-looks.up";
    stage(Stage::Name, Call::Sync, [
    ("the service's is not known",                   CONNECT, 0, at("https://nobody.invalid")),
    ("the service's has too long a label",           CONNECT, 0, at(long)),
    ("the proxy's is not known",                     CONNECT, 0, by("http://nobody.invalid:PORT")),
    ("the HTTPS proxy's is not known",               CONNECT, 0, by("https://nobody.invalid:PORT")),
    ("the SOCKS proxy's is not known",               CONNECT, 0, by("socks5h://nobody.invalid:PORT")),
    ("the service's, looked up for the SOCKS proxy", CONNECT, 0, socks5("https://nobody.invalid")),
    ])
}

fn connect() -> Vec<Case> {
    let closed = |way| nobody(way, Door::Closed);
    let silent = |way| nobody(way, Door::Silent);
    let (direct, ipv6) = (Way::BaseUrl("https://localhost:PORT"), Way::BaseUrl("https://[::1]:PORT"));
    let (http, https) = (Way::Proxy("http://127.0.0.1:PORT"), Way::Proxy("https://127.0.0.1:PORT"));
    let (socks, password) = (Way::Proxy("socks5h://127.0.0.1:PORT"), Way::Proxy("http://user:hidden@127.0.0.1:PORT"));
    stage(Stage::Connect, Call::Sync, [
    ("the service's port is closed",                CONNECT, 0, closed(direct)),
    ("the service is no IPv6 host",                 CONNECT, 0, closed(ipv6)),
    ("the proxy's port is closed",                  CONNECT, 0, closed(http)),
    ("the HTTPS proxy's port is closed",            CONNECT, 0, closed(https)),
    ("the SOCKS proxy's port is closed",            CONNECT, 0, closed(socks)),
    ("the proxy's port is closed, with a password", CONNECT, 0, closed(password)),
    ("nothing comes from the service's host",       TIMEOUT, 0, silent(direct)),
    ("nothing comes from the proxy's host",         TIMEOUT, 0, silent(http)),
    ("nothing comes from the HTTPS proxy's host",   TIMEOUT, 0, silent(https)),
    ("nothing comes from the SOCKS proxy's host",   TIMEOUT, 0, silent(socks)),
    ])
}

/// What a proxy may send when it opens the tunnel.
fn made_tunnel() -> Vec<Case> {
    let says = |reply: &str| proxy().says(reply).serves().accepts();
    let heads = |lines: &str| proxy().heads(lines).serves().accepts();
    let lines = |count: usize| heads(&format!("200 OK{}", "\nX-Line: of a header".repeat(count)));
    let interim = [head("100 Continue\nX: y"), head("103 Hints\nLink: x"), head("199 Odd")].concat();
    let made = head("200 OK");
    let in_one_piece = || [&interim[..], &made].concat();
    let at_once = |peer: Peer| peer.hears_at_once().heads("200 OK").serves().accepts();
    let https = || https_proxy().tls_of_proxy(Valid);
    let with_alert = || proxy().says([&made[..], &alert(40)].concat());
    stage(Stage::ConnectReply, Call::Sync, [
    ("none: 200",                                ACCEPTED, 1, heads("200 OK")),
    ("none: 201",                                ACCEPTED, 1, heads("201 Created")),
    ("none: 204",                                ACCEPTED, 1, heads("204 No Content")),
    ("none: 299",                                ACCEPTED, 1, heads("299 Fine")),
    ("none: HTTP/1.0",                           ACCEPTED, 1, says("HTTP/1.0 200 Connection established\r\n\r\n")),
    ("none: no reason phrase",                   ACCEPTED, 1, says("HTTP/1.1 200\r\n\r\n")),
    ("none: a length, which means nothing",      ACCEPTED, 1, heads("200 OK\nContent-Length: 5")),
    ("none: chunks, which mean nothing",         ACCEPTED, 1, heads("200 OK\nTransfer-Encoding: chunked")),
    ("none: 204 with a length",                  ACCEPTED, 1, heads("204 No\nContent-Length: 99")),
    ("none: said to be closed",                  ACCEPTED, 1, heads("200 OK\nConnection: close\nProxy-Connection: close")),
    ("none: 25 headers",                         ACCEPTED, 1, lines(25)),
    ("none: 60 headers",                         ACCEPTED, 1, lines(60)),
    ("none: a header of 30,000 bytes",           ACCEPTED, 1, heads(&format!("200 OK\nX: {}", "y".repeat(30_000)))),
    ("none: 100, then 200",                      ACCEPTED, 1, proxy().heads("100 Continue").heads("200 OK").serves().accepts()),
    ("none: 103 with headers, then 200",         ACCEPTED, 1, proxy().heads("103 No\nX: y").heads("200 OK").serves().accepts()),
    ("none: several of class 1, then 200",       ACCEPTED, 1, proxy().says(&interim).heads("200 OK").serves().accepts()),
    ("none: several of class 1 with 200",        ACCEPTED, 1, proxy().says(in_one_piece()).serves().accepts()),
    ("none: byte by byte",                       ACCEPTED, 1, proxy().spells(in_one_piece()).serves().accepts()),
    ("none: CONNECT comes in one piece",         ACCEPTED, 1, at_once(http_proxy())),
    ("none: CONNECT comes in one record of TLS", ACCEPTED, 1, at_once(https())),
    ("100, then 403",                            CONNECT,  0, proxy().heads("100 Continue\nX: y").heads("403 No")),
    ("100, then nothing",                        TIMEOUT,  0, proxy().heads("100 Continue").stays()),
    ("100 without end",                          TIMEOUT,  0, proxy().floods("HTTP/1.1 100 Continue\r\nX: y\r\n\r\n")),
    ("101, which nobody asked for",              CONNECT,  0, proxy().heads("101 No\nUpgrade: x").stays()),
    ("with TLS's first bytes: an alert",         TLS,      0, with_alert().stays()),
    ])
}

fn connect_reply() -> Vec<Case> {
    let long_line = format!("\nX: {}", "y".repeat(400));
    let with_password = || direct().by(Way::Proxy("http://user:hidden@127.0.0.1:PORT")).hears();
    let refuses = |lines| proxy().heads(lines);
    let basic = "407 No\nProxy-Authenticate: Basic";
    let three = format!("{basic}\nProxy-Authenticate: Negotiate\nProxy-Authenticate: NTLM");
    stage(Stage::ConnectReply, Call::Sync, [
    ("407 that asks for nothing",                CONNECT, 0, refuses("407 No")),
    ("407 for Basic",                            CONNECT, 0, refuses("407 No\nProxy-Authenticate: Basic realm=x")),
    ("407 for Digest",                           CONNECT, 0, refuses("407 No\nProxy-Authenticate: Digest nonce=x")),
    ("407 for NTLM",                             CONNECT, 0, refuses("407 No\nProxy-Authenticate: NTLM")),
    ("407 for Kerberos",                         CONNECT, 0, refuses("407 No\nProxy-Authenticate: Negotiate")),
    ("407 for Bearer",                           CONNECT, 0, refuses("407 No\nProxy-Authenticate: Bearer")),
    ("407 for any of three",                     CONNECT, 0, refuses(&three)),
    ("407 in spite of a password",               CONNECT, 0, with_password().heads(basic)),
    ("407 with a page",                          CONNECT, 0, proxy().replies(basic, page())),
    ("401, as of the service",                   CONNECT, 0, refuses("401 No\nWWW-Authenticate: Bearer")),
    ("400",                                      CONNECT, 0, refuses("400 No")),
    ("403",                                      CONNECT, 0, refuses("403 No")),
    ("403 with a page",                          CONNECT, 0, proxy().replies("403 No", page())),
    ("404",                                      CONNECT, 0, refuses("404 No")),
    ("405",                                      CONNECT, 0, refuses("405 No")),
    ("408",                                      CONNECT, 0, refuses("408 No")),
    ("429 until later",                          CONNECT, 0, refuses("429 No\nRetry-After: 1")),
    ("500",                                      CONNECT, 0, refuses("500 No")),
    ("502",                                      CONNECT, 0, refuses("502 No")),
    ("502 with a page",                          CONNECT, 0, proxy().replies("502 No", page())),
    ("503 until later",                          CONNECT, 0, refuses("503 No\nRetry-After: 1")),
    ("504",                                      CONNECT, 0, refuses("504 No")),
    ("301 to elsewhere",                         CONNECT, 0, refuses("301 No\nLocation: https://evil.example/")),
    ("307 to the service",                       CONNECT, 0, refuses("307 No\nLocation: https://graph.microsoft.com")),
    ("100 and no more",                          CONNECT, 0, refuses("100 Continue")),
    ("101",                                      CONNECT, 0, refuses("101 No\nUpgrade: x")),
    ("a status of no class",                     CONNECT, 0, refuses("999 No")),
    ("not HTTP but SSH",                         CONNECT, 0, proxy().says("SSH-2.0-OpenSSH_9.2\r\n\r\n")),
    ("not HTTP but TLS's alert",                 CONNECT, 0, proxy().says(alert(10))),
    ("not HTTP but SOCKS",                       CONNECT, 0, proxy().says([5, 0xff])),
    ("not HTTP but HTTP/2",                      CONNECT, 0, proxy().says("\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64")),
    ("a page without a head",                    CONNECT, 0, proxy().says(page())),
    ("a version that is none",                   CONNECT, 0, proxy().says("HTTP/9.9 200 OK\r\n\r\n")),
    ("a status that is no number",               CONNECT, 0, proxy().says("HTTP/1.1 OK\r\n\r\n")),
    ("zeros",                                    CONNECT, 0, proxy().says([0; 64])),
    ("a header without a colon",                 CONNECT, 0, refuses("200 OK\nnonsense")),
    ("a header with a zero byte",                CONNECT, 0, refuses("200 OK\nX: \0")),
    ("more headers than are read",               CONNECT, 0, refuses(&format!("200 OK{}", long_line.repeat(200)))),
    ("a header longer than is read",             CONNECT, 0, refuses(&format!("200 OK\nX: {}", "y".repeat(100_000)))),
    ("a header without an end",                  CONNECT, 0, proxy().says("HTTP/1.1 200 OK\r\nX: ").floods("y")),
    ("closed before it",                         CONNECT, 0, proxy()),
    ("closed in the status line",                CONNECT, 0, proxy().says("HTTP/1.1 20")),
    ("closed in the headers",                    CONNECT, 0, proxy().says("HTTP/1.1 200 OK\r\nX: y\r\n")),
    ("reset before it",                          CONNECT, 0, proxy().resets()),
    ("closed before CONNECT is heard",           CONNECT, 0, direct().by(Way::Proxy("http://localhost:PORT"))),
    ("none",                                     TIMEOUT, 0, proxy().stays()),
    ("none, and CONNECT is not even read",       TIMEOUT, 0, http_proxy().ignores()),
    ("half of one",                              TIMEOUT, 0, proxy().says("HTTP/1.1 200 OK\r\nX:").stays()),
    ("it trickles",                              TIMEOUT, 0, proxy().trickles("HTTP/1.1 200 OK\r\nX: y")),
    ("a tunnel to nowhere: closed",              TLS,     0, tunnel()),
    ("a tunnel to nowhere: reset",               TLS,     0, tunnel().resets()),
    ("a tunnel to nowhere: silence",             TIMEOUT, 0, tunnel().stays()),
    ("a tunnel to a page",                       TLS,     0, tunnel().replies("200 OK", page())),
    ("a tunnel that begins with a page",         TLS,     0, proxy().replies("200 OK", page())),
    ("a tunnel that answers itself",             TLS,     0, tunnel().takes(5).accepts()),
    ("a tunnel to an inspecting box",            TLS,     0, tunnel().shows(OfAnUnknownAuthority).accepts()),
    ("a tunnel to another host",                 TLS,     0, tunnel().shows(ForAnotherHost).accepts()),
    ("a tunnel to all hosts of com",             TLS,     0, tunnel().shows(ForAllOfCom).accepts()),
    ("a tunnel to the service, which closes",    LOST,    1, tunnel().serves()),
    ("a tunnel to the service, which resets",    LOST,    1, tunnel().serves().resets()),
    ("a tunnel to the service, which is silent", LATE,    1, tunnel().serves().stays()),
    ])
}

fn proxy_tls() -> Vec<Case> {
    let shows = |shown| https_proxy().tls_of_proxy(shown).hears().heads("200 OK").serves().accepts();
    let proxy = || https_proxy().tls_of_proxy(Valid).hears();
    stage(Stage::ProxyTls, Call::Sync, [
    ("a certificate of an unknown authority",    CONNECT, 0, shows(OfAnUnknownAuthority)),
    ("a self-signed certificate",                CONNECT, 0, shows(SelfSigned)),
    ("an expired certificate",                   CONNECT, 0, shows(Expired)),
    ("a certificate that is not yet valid",      CONNECT, 0, shows(NotYetValid)),
    ("a certificate for another host",           CONNECT, 0, shows(ForAnotherHost)),
    ("a certificate for clients",                CONNECT, 0, shows(ForClients)),
    ("a certificate with a broken signature",    CONNECT, 0, shows(WithABrokenSignature)),
    ("a certificate with another's key",         CONNECT, 0, shows(WithAnothersKey)),
    ("it speaks HTTP without TLS",               CONNECT, 0, https_proxy().heads("400 No")),
    ("it speaks SOCKS",                          CONNECT, 0, https_proxy().says([5, 0])),
    ("an alert",                                 CONNECT, 0, https_proxy().says(alert(40))),
    ("closed",                                   CONNECT, 0, https_proxy()),
    ("reset",                                    CONNECT, 0, https_proxy().takes(5).resets()),
    ("nothing",                                  TIMEOUT, 0, https_proxy().stays()),
    ("it trickles",                              TIMEOUT, 0, https_proxy().trickles(HALF_HELLO)),
    ("then 403",                                 CONNECT, 0, proxy().heads("403 No")),
    ("then closed",                              CONNECT, 0, proxy()),
    ("then closed without a goodbye",            CONNECT, 0, proxy().vanishes()),
    ("then nothing",                             TIMEOUT, 0, proxy().stays()),
    ("then a reply that trickles",               TIMEOUT, 0, proxy().trickles("HTTP/1.1 200 OK\r\nX: y")),
    ("then a tunnel to an inspecting box",       TLS,     0, proxy().heads("200 OK").shows(OfANamesake)),
    ("then a tunnel in which nobody speaks TLS", TLS,     0, proxy().heads("200 OK").takes(5).accepts()),
    ("it wants TLS, and is spoken to without",   CONNECT, 0, http_proxy().tls_of_proxy(Valid)),
    ])
}

fn socks_proxy() -> Vec<Case> {
    let (password, asked) = (socks_with_password, socks_asked);
    let connected = || asked().says(bound(0));
    stage(Stage::Socks, Call::Sync, [
    ("no method is agreed to",                  CONNECT, 0, socks().says([5, 0xff])),
    ("a method that was not offered",           CONNECT, 0, socks().says([5, 1])),
    ("a password is wanted, and there is none", CONNECT, 0, socks().says([5, 2])),
    ("the version is 4",                        CONNECT, 0, socks().says([0, 91, 0, 0, 0, 0, 0, 0])),
    ("it is an HTTP proxy",                     CONNECT, 0, socks().heads("400 No")),
    ("it wants TLS",                            CONNECT, 0, socks().says(alert(10))),
    ("closed after the greeting",               CONNECT, 0, socks()),
    ("reset after the greeting",                CONNECT, 0, socks().resets()),
    ("half a greeting",                         CONNECT, 0, socks().says([5])),
    ("nothing after the greeting",              TIMEOUT, 0, socks().stays()),
    ("half a greeting, then nothing",           TIMEOUT, 0, socks().says([5]).stays()),
    ("the password is refused",                 CONNECT, 0, password().says([5, 2]).takes(1 + 5 + 7).says([1, 1])),
    ("closed after the password",               CONNECT, 0, password().says([5, 2]).takes(1 + 5 + 7)),
    ("nothing after the password",              TIMEOUT, 0, password().says([5, 2]).takes(1 + 5 + 7).stays()),
    ("1, a general failure",                    CONNECT, 0, asked().says(bound(1))),
    ("2, not allowed",                          CONNECT, 0, asked().says(bound(2))),
    ("3, network unreachable",                  CONNECT, 0, asked().says(bound(3))),
    ("4, host unreachable",                     CONNECT, 0, asked().says(bound(4))),
    ("5, connection refused",                   CONNECT, 0, asked().says(bound(5))),
    ("6, time to live expired",                 CONNECT, 0, asked().says(bound(6))),
    ("7, command not supported",                CONNECT, 0, asked().says(bound(7))),
    ("8, address not supported",                CONNECT, 0, asked().says(bound(8))),
    ("255, which means nothing",                CONNECT, 0, asked().says(bound(255))),
    ("a reply of another version",              CONNECT, 0, asked().says([4, 0, 0, 1, 0, 0, 0, 0, 0, 0])),
    ("a reply with an address of no kind",      CONNECT, 0, asked().says([5, 0, 0, 9, 0, 0, 0, 0, 0, 0])),
    ("half a reply",                            CONNECT, 0, asked().says([5, 0, 0])),
    ("closed before the reply",                 CONNECT, 0, asked()),
    ("reset before the reply",                  CONNECT, 0, asked().resets()),
    ("no reply",                                TIMEOUT, 0, asked().stays()),
    ("a reply that trickles",                   TIMEOUT, 0, asked().trickles([5, 0, 0, 3, 255, b'a'])),
    ("connected, then closed",                  TLS,     0, connected()),
    ("connected to an inspecting box",          TLS,     0, connected().shows(SelfSigned)),
    ("connected to the service, which closes",  LOST,    1, connected().serves()),
    ])
}

fn handshake() -> Vec<Case> {
    let hello = |version, cipher| direct().says(server_hello(version, cipher));
    stage(Stage::Handshake, Call::Sync, [
    ("closed",                                  TLS,     0, direct()),
    ("reset",                                   TLS,     0, direct().takes(5).resets()),
    ("nothing",                                 TIMEOUT, 0, direct().stays()),
    ("nothing, and the hello is not even read", TIMEOUT, 0, direct().ignores()),
    ("it trickles",                             TIMEOUT, 0, direct().trickles(HALF_HELLO)),
    ("half a hello",                            TLS,     0, direct().says(HALF_HELLO)),
    ("half a hello, then nothing",              TIMEOUT, 0, direct().says(HALF_HELLO).stays()),
    ("a hello, then closed",                    TLS,     0, hello(0x0303, 0xc02b)),
    ("a hello, then nothing",                   TIMEOUT, 0, hello(0x0303, 0xc02b).stays()),
    ("TLS 1.1",                                 TLS,     0, hello(0x0302, 0xc013)),
    ("TLS 1.0",                                 TLS,     0, hello(0x0301, 0xc013)),
    ("SSL 3",                                   TLS,     0, hello(0x0300, 0x0005)),
    ("a version that is none",                  TLS,     0, hello(0x0399, 0xc02b)),
    ("a cipher that was not offered",           TLS,     0, hello(0x0303, 0x0005)),
    ("no encryption",                           TLS,     0, hello(0x0303, 0x0000)),
    ("HTTP without TLS",                        TLS,     0, direct().heads("400 No")),
    ("HTTP without TLS, after the hello",       TLS,     0, direct().takes(5).accepts()),
    ("not TLS but SSH",                         TLS,     0, direct().says("SSH-2.0-OpenSSH_9.2\r\n")),
    ("zeros",                                   TLS,     0, direct().says([0; 64])),
    ("zeros without end",                       TLS,     0, direct().floods([0])),
    ("a record longer than any",                TLS,     0, direct().says([22, 3, 3, 0xff, 0xff]).floods([0])),
    ("a record of no kind",                     TLS,     0, direct().says(record(99, &[0; 8]))),
    ("an empty record",                         TLS,     0, direct().says(record(22, &[]))),
    ("a message longer than any",               TLS,     0, direct().says(record(22, &[2, 0xff, 0xff, 0xff, 3, 3]))),
    ("data before there are keys",              TLS,     0, direct().says(record(23, b"HTTP/1.1 204"))),
    ("a change of cipher before the hello",     TLS,     0, direct().says(record(20, &[1]))),
    ("a ClientHello of its own",                TLS,     0, direct().says(record(22, &[1, 0, 0, 2, 3, 3]))),
    ("alert 0, close",                          TLS,     0, direct().says([21, 3, 3, 0, 2, 1, 0])),
    ("alert 40, handshake failure",             TLS,     0, direct().says(alert(40))),
    ("alert 49, access denied",                 TLS,     0, direct().says(alert(49))),
    ("alert 70, protocol version",              TLS,     0, direct().says(alert(70))),
    ("alert 71, insufficient security",         TLS,     0, direct().says(alert(71))),
    ("alert 80, internal error",                TLS,     0, direct().says(alert(80))),
    ("alert 112, unrecognized name",            TLS,     0, direct().says(alert(112))),
    ("alert 255, which means nothing",          TLS,     0, direct().says(alert(255))),
    ("alerts without end",                      TLS,     0, direct().floods([21, 3, 3, 0, 2, 1, 112])),
    ])
}

fn certificate() -> Vec<Case> {
    let answers = |shown| tls(shown).accepts();
    let by_address = |shown| answers(shown).by(Way::BaseUrl("https://127.0.0.1:PORT"));
    stage(Stage::Certificate, Call::Sync, [
    ("none: it is the service's",                   ACCEPTED, 1, answers(Valid)),
    ("none: by TLS 1.2",                            ACCEPTED, 1, answers(OnlyTls12)),
    ("none: by TLS 1.3",                            ACCEPTED, 1, answers(OnlyTls13)),
    ("none: an authority in between",               ACCEPTED, 1, answers(ByAnIntermediate)),
    ("none: for an address",                        ACCEPTED, 1, by_address(Valid)),
    ("expired",                                     TLS,      0, answers(Expired)),
    ("not yet valid",                               TLS,      0, answers(NotYetValid)),
    ("for another host",                            TLS,      0, answers(ForAnotherHost)),
    ("for a host below",                            TLS,      0, answers(ForASubdomain)),
    ("for a longer name",                           TLS,      0, answers(ForALongerName)),
    ("for the address, where a name is asked",      TLS,      0, answers(ForAnAddress)),
    ("for the name, where an address is asked",     TLS,      0, by_address(ForNamesOnly)),
    ("without any name",                            TLS,      0, answers(WithoutNames)),
    ("with its name in the subject only",           TLS,      0, answers(NameInSubjectOnly)),
    ("of an unknown authority",                     TLS,      0, answers(OfAnUnknownAuthority)),
    ("of a namesake of the authority",              TLS,      0, answers(OfANamesake)),
    ("self-signed",                                 TLS,      0, answers(SelfSigned)),
    ("without the authority in between",            TLS,      0, answers(WithoutItsIntermediate)),
    ("by an authority in between that has expired", TLS,      0, answers(ByAnExpiredIntermediate)),
    ("by a certificate of a host",                  TLS,      0, answers(ByALeaf)),
    ("below the longest path",                      TLS,      0, answers(BelowTheLongestPath)),
    ("outside of its authority's names",            TLS,      0, answers(OutsideOfItsNames)),
    ("for clients",                                 TLS,      0, answers(ForClients)),
    ("an authority's own",                          TLS,      0, answers(AnAuthority)),
    ("with a critical extension that nobody knows", TLS,      0, answers(WithACriticalUnknown)),
    ("with a broken signature",                     TLS,      0, answers(WithABrokenSignature)),
    ("with another's key",                          TLS,      0, answers(WithAnothersKey)),
    ("cut off",                                     TLS,      0, answers(CutOff)),
    ("not a certificate",                           TLS,      0, answers(NoCertificate)),
    ("the client's is wanted, by TLS 1.2",          TLS,      0, answers(WantsOneTls12)),
    ("the client's is wanted, by TLS 1.3",          LOST,     0, answers(WantsOneTls13)),
    ])
}

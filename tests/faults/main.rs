//! The fault matrix: peers that misbehave at every stage of a call, over real sockets. Each case is a line of
//! [`table`]. [`case`] plays it, and checks that the call ends in time and with the expected result, how many requests
//! reach the service, and that nobody else sees the token.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use autopilot_sync::{Canceller, ErrorKind, Trigger};

use case::{Call, Case, LONG, Stage, TOKEN};
use peer::{Way, direct, https_proxy, proxy, service, tls, tunnel};
use play::Play;
use reply::chunked;
use shown::Shown;

mod case;
mod heard;
mod line;
mod machine;
mod peer;
mod play;
mod records;
mod reply;
mod shown;
mod table;

/// How many cases run at once. Most slow ones only wait for their deadline.
const AT_A_TIME: usize = 32;

/// Longer than any case takes, unless it hangs.
const TOO_LONG: Duration = Duration::from_secs(600);

#[test]
fn every_fault_has_its_end() {
    let mut cases = table::lines();
    // Start with the cases that wait for a deadline, so that they wait beside the others.
    cases.sort_by_key(|case| !case.is_held());
    let (cases, next) = (Arc::new(cases), Arc::new(AtomicUsize::new(0)));
    let (ended, ends) = mpsc::channel();
    for _ in 0..AT_A_TIME {
        let (cases, next, ended) = (cases.clone(), next.clone(), ended.clone());
        thread::spawn(move || {
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                ended.send((case.name(), case.complaints())).expect("somebody listens");
            }
        });
    }
    drop(ended);
    let (mut open, mut complaints) = (cases.iter().map(Case::name).collect::<BTreeSet<_>>(), Vec::new());
    while let Ok((name, about_it)) = ends.recv_timeout(TOO_LONG) {
        open.remove(&name);
        complaints.extend(about_it);
    }
    // It hangs, or its thread has panicked.
    complaints.extend(open.iter().map(|name| format!("{name}: it does not end")));
    assert!(complaints.is_empty(), "of {} cases:\n{}", cases.len(), complaints.join("\n"));
}

#[test]
fn no_two_cases_are_alike() {
    let cases = table::lines();
    assert!(cases.len() >= 150, "{}", cases.len());
    let (mut names, mut doings) = (HashSet::new(), HashSet::new());
    for case in &cases {
        assert!(names.insert(case.name()), "twice: {}", case.name());
        assert!(doings.insert(format!("{:?} {:?}", case.call, case.peer)), "as another: {}", case.name());
    }
}

/// More bytes than the system buffers, so the client has read some.
const MORE_THAN_IS_KEPT: usize = 64 << 20;

/// The answer's body comes so fast that the call hardly ever blocks when it is cancelled.
#[test]
fn a_cancel_ends_what_never_blocks() {
    let peer = service().says(chunked("400 No", "0\r\n")).floods("X: y\r\n");
    let (stage, fault, call) = (Stage::Body, "cancelled".to_owned(), Call::Sync);
    let case = Case { stage, fault, call, peer, end: "Cancelled MayHaveRun".to_owned(), requests: 1 };
    let (play, canceller) = (Play::begin(&case.peer), Canceller::new());
    let client = case.client(play.port(), LONG).with_canceller(&canceller);
    let (ended, ends) = mpsc::channel();
    thread::spawn(move || ended.send(client.sync(TOKEN)).is_ok());
    play.await_said(MORE_THAN_IS_KEPT);
    canceller.cancel();
    let error = ends.recv_timeout(TOO_LONG).expect("it ends").expect_err("it was cancelled");
    assert_eq!((error.kind(), error.detail().trigger()), (ErrorKind::Cancelled, Trigger::MayHaveRun));
    assert_eq!(play.end().requests(), 1);
}

/// When the client has left the connection of a 503, it is in the pause before the retry.
#[test]
fn a_cancel_ends_the_pause_before_a_retry() {
    let refusal = "503 No\nRetry-After: 30\nConnection: close";
    for (call, trigger) in
        [(Call::SyncWithRetries, Trigger::Refused), (Call::SettingsWithRetries, Trigger::NotSent)]
    {
        let peer = service().announces(refusal, 0).stays();
        let (stage, fault) = (Stage::Retry, "cancelled".to_owned());
        let case = Case { stage, fault, call, peer, end: format!("Cancelled {trigger:?}"), requests: 1 };
        let (play, canceller) = (Play::begin(&case.peer), Canceller::new());
        let client = case.client(play.port(), LONG).with_canceller(&canceller);
        let (ended, ends) = mpsc::channel();
        thread::spawn(move || {
            let end = match call {
                Call::SettingsWithRetries => client.settings(TOKEN).map(drop),
                _ => client.sync(TOKEN).map(drop),
            };
            ended.send(end).is_ok()
        });
        play.await_left();
        canceller.cancel();
        let error = ends.recv_timeout(TOO_LONG).expect("it ends").expect_err("it was cancelled");
        assert_eq!(
            (error.kind(), error.detail().trigger()),
            (ErrorKind::Cancelled, trigger),
            "{call:?}: {error:#}"
        );
        assert_eq!(play.end().requests(), 1);
    }
}

/// The error alone tells an administrator what the proxy wants.
#[test]
fn a_proxy_that_refuses_is_told_in_words() {
    let with_password = || direct().by(Way::Proxy("http://user:hidden@127.0.0.1:PORT")).hears();
    let told = |peer| {
        let (stage, end) = (Stage::ConnectReply, String::new());
        let case = Case { stage, fault: String::new(), call: Call::Sync, peer, end, requests: 0 };
        let play = Play::begin(&case.peer);
        let error = case.client(play.port(), LONG).sync(TOKEN).expect_err("no connection");
        format!("{error:#}").replace(&play.port().to_string(), "PORT")
    };
    let (basic, two) = ("Basic realm=\"a, NTLM\"", "Negotiate\nProxy-Authenticate: NTLM");
    let wants = |schemes| format!("407 No\nProxy-Authenticate: {schemes}");
    let in_pieces = || proxy().says("HTTP/1.1 407 No\r\nProxy-Auth").says("enticate: NTLM\r\n\r");
    for (peer, words) in [
        (proxy().heads("403 No"), "HTTP 403: the proxy does not allow this connection"),
        (
            proxy().heads(&wants(basic)),
            "HTTP 407: the proxy wants a user name and password in its address (Basic)",
        ),
        (
            proxy().heads(&wants(two)),
            "HTTP 407: the proxy wants Negotiate, NTLM, but only Basic is supported",
        ),
        (in_pieces().says("\n"), "HTTP 407: the proxy wants NTLM, but only Basic is supported"),
        (
            with_password().heads(&wants(basic)),
            "HTTP 407: the proxy refuses the user name and password in its address (Basic)",
        ),
        (proxy().heads("502 No"), "HTTP 502: the proxy cannot reach the service"),
        (proxy().heads("504 No"), "HTTP 504: the proxy cannot reach the service"),
    ] {
        let expected = format!(
            "cannot connect: graph.microsoft.com:443 through the proxy http://127.0.0.1:PORT: {words}"
        );
        assert_eq!(told(peer), expected);
    }
    let behind_the_proxy = told(tunnel().takes(100).says("HTTP/1.1 403 No\r\n\r\n"));
    assert!(
        behind_the_proxy.starts_with("TLS failed: ") && !behind_the_proxy.contains("403"),
        "{behind_the_proxy}"
    );
}

/// The error alone tells what is wrong with a certificate, or what answers instead of the service.
#[test]
fn what_fails_in_tls_is_told_in_words() {
    use Shown::*;
    let told = |peer| {
        let (stage, end) = (Stage::Certificate, String::new());
        let case = Case { stage, fault: String::new(), call: Call::Sync, peer, end, requests: 0 };
        let play = Play::begin(&case.peer);
        let error = case.client(play.port(), LONG).sync(TOKEN).expect_err("no connection");
        format!("{error:#}")
    };
    let authority = "issuer CN=The fault matrix's authority";
    for (shown, words) in [
        (
            Expired,
            &["the certificate expired on 2020-12-31 00:00 UTC; this machine's clock says 2", authority][..],
        ),
        (NotYetValid, &["the certificate is not valid before 2090-01-01 00:00 UTC", authority]),
        (ForAnotherHost, &["the certificate is valid for wrong-host.example, not for localhost"]),
        (ForAnAddress, &["the certificate is valid for 127.0.0.1, not for localhost"]),
        (WithoutNames, &["the certificate names no host, so it is not valid for localhost"]),
        (
            OfAnUnknownAuthority,
            &[
                "is issued by CN=Nobody's, which is not trusted",
                "this library trusts the CA file (1 ",
                "SSL_CERT_FILE",
            ],
        ),
        (
            SelfSigned,
            &["is self-signed and not trusted", "this library trusts the CA file (1 ", "SSL_CERT_FILE"],
        ),
        (OfANamesake, &["a signature is wrong", authority]),
        (WithoutItsIntermediate, &["is issued by CN=An intermediate, which is not trusted"]),
        (
            ByAnExpiredIntermediate,
            &["expired on 2020-12-31 00:00 UTC", "(subject CN=An intermediate, issuer CN=T"],
        ),
        (ByALeaf, &["the issuer of the certificate is not an authority"]),
        (OutsideOfItsNames, &["outside the name constraints"]),
        (ForClients, &["the certificate is for clients, not for a server"]),
        (AnAuthority, &["the certificate is an authority's (CA:TRUE)"]),
        (WithACriticalUnknown, &["an unsupported critical extension"]),
        (NoCertificate, &["the certificate is malformed"]),
        (WantsOneTls12, &["it wants a client certificate, which is not supported"]),
        (WantsOneTls13, &["it wants a client certificate, which is not supported"]),
    ] {
        let told = told(tls(shown).accepts());
        assert!(words.iter().all(|words| told.contains(words)), "{shown:?}: {told}");
    }
    let https_proxy = || https_proxy().tls_of_proxy(SelfSigned).hears().heads("200 OK");
    for (peer, words) in [
        (direct().heads("400 Bad Request"), "the server speaks plain HTTP, not TLS"),
        (direct().takes(5).says("SSH-2.0-OpenSSH_9.2\r\n"), "the server speaks SSH, not TLS"),
        (direct().says("220 ready\r\n"), "the server speaks FTP or SMTP, not TLS"),
        (
            direct().says(reply::alert(70)),
            "it accepts neither TLS 1.2 nor TLS 1.3 (alert 70: protocol version)",
        ),
        (direct().says(reply::alert(112)), "it does not know this host name"),
        (direct().says(reply::server_hello(0x0302, 0xc013)), "the server speaks neither TLS 1.2 nor TLS 1.3"),
        (https_proxy(), "cannot connect: graph.microsoft.com:443 through the proxy https://localhost:"),
        (https_proxy(), "is self-signed and not trusted"),
    ] {
        let told = told(peer);
        assert!(told.contains(words), "{words}: {told}");
    }
}

/// Cases with wrong expectations, to test the checks.
#[test]
fn what_is_wrong_is_noticed() {
    let sound = || service().accepts();
    // The certificate is valid, but the case says that this is not the service.
    let stranger = || direct().tls_of_proxy(Shown::Valid).hears().accepts();
    let accepted = "Accepted Accepted 204";
    for (peer, end, requests, complaint) in [
        (sound(), accepted, 1, None),
        (
            sound(),
            "Accepted Accepted 200",
            1,
            Some("it ends in Accepted Accepted 204, not in Accepted Accepted 200"),
        ),
        (sound(), accepted, 2, Some("1 requests, not 2")),
        (sound().again(1), accepted, 1, Some("1 connections, not 2")),
        (sound(), "Timeout NotSent", 1, Some("a time-out after")),
        (stranger(), accepted, 0, Some("another than the service saw the token")),
    ] {
        let (stage, call) = (Stage::Close, Call::Sync);
        let case = Case { stage, fault: "wrong".to_owned(), call, peer, end: end.to_owned(), requests };
        let complaints = case.complaints();
        let is_noticed = match complaint {
            Some(complaint) => complaints.iter().any(|noticed| noticed.contains(complaint)),
            None => complaints.is_empty(),
        };
        assert!(is_noticed, "{complaint:?}: {complaints:?}");
    }
}

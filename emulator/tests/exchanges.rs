//! Requests and replies: what is recorded, what time does, what faults do.

mod client;

use std::io::{ErrorKind, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use autopilot_emulator::{
    Access, Behaviour, Clock, Config, Counts, Emulator, Fault, Reply, SYNC_PATH, Step, SyncStatus, Token,
};
use client::*;

const EVERY: Duration = Duration::from_millis(1);

fn start() -> Emulator {
    Emulator::start(Config::default())
}

fn manual() -> Emulator {
    Emulator::start(Config { clock: Clock::manual(), ..Config::default() })
}

fn status(tls: &mut Tls) -> String {
    get(tls).json()["syncStatus"].as_str().expect("a status").to_owned()
}

#[test]
fn a_sync_from_trigger_to_the_next() {
    let emulator = manual();
    let mut tls = dial(&emulator);
    assert_eq!(status(&mut tls), "completed");
    let accepted = post(&mut tls);
    assert_eq!((accepted.status, accepted.body.len(), accepted.header("content-length")), (204, 0, None));
    assert_eq!(accepted.header("date"), Some("Mon, 02 Mar 2026 08:00:00 GMT"));
    assert_eq!(status(&mut tls), "completed", "not yet in progress");
    emulator.advance(Duration::from_secs(1));
    assert_eq!(status(&mut tls), "inProgress");
    let conflict = post(&mut tls);
    assert_eq!((conflict.status, conflict.json()["error"]["code"].as_str()), (409, Some("Conflict")));
    emulator.advance(Duration::from_secs(10));
    assert_eq!(emulator.settings().status, SyncStatus::Completed);
    assert_eq!(post(&mut tls).status, 429);
    emulator.advance(Duration::from_secs(600));
    assert_eq!(post(&mut tls).status, 204);
    assert_eq!(emulator.counts().handshakes, 1, "all on one connection");
}

#[test]
fn the_clock_may_step_and_be_elsewhere() {
    let clock = Clock::manual().offset(chrono::TimeDelta::days(-400)).step(Duration::from_secs(12));
    let emulator = Emulator::start(Config { clock, ..Config::default() });
    let mut tls = dial(&emulator);
    assert_eq!(post(&mut tls).header("date"), Some("Sun, 26 Jan 2025 08:00:12 GMT"));
    assert_eq!(get(&mut tls).json()["lastSyncDateTime"], "2025-01-26T08:00:23.0000000Z");
}

#[test]
fn own_syncs_move_one_time_only() {
    let emulator = manual();
    let before = emulator.settings();
    emulator.advance(Duration::from_secs(5));
    assert!(emulator.own_sync() && !emulator.own_sync());
    emulator.advance(Duration::from_secs(10));
    let after = emulator.settings();
    assert_eq!(after.last_sync, Some(emulator.clock().now()));
    assert_eq!(after.last_trigger, before.last_trigger);
    assert_eq!(post(&mut dial(&emulator)).status, 429);
}

#[test]
fn requests_are_recorded_as_they_came() {
    let emulator = manual();
    let mut tls = dial(&emulator);
    send(
        &mut tls,
        &format!(
            "POST {SYNC_PATH}?a=b HTTP/1.1\r\nHOST: x\r\nauthorization: Bearer abc.d\r\nX-Two: 1\r\nx-two: 2\r\nclient-request-id: mine\r\nContent-Length: 3\r\n\r\nabc"
        ),
    );
    let answer = read_answer(&mut tls).expect("a reply");
    assert_eq!((answer.status, answer.header("request-id")), (400, None));
    get(&mut tls);
    let requests = emulator.requests();
    let request = &requests[0];
    let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["HOST", "authorization", "X-Two", "x-two", "client-request-id", "Content-Length"]);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", SYNC_PATH));
    assert_eq!((request.query.as_deref(), request.version.as_str()), (Some("a=b"), "HTTP/1.1"));
    assert_eq!((request.body.as_slice(), request.token.as_deref()), (b"abc".as_slice(), Some("abc.d")));
    assert_eq!((request.number, request.connection, request.scripted), (1, 1, false));
    assert_eq!(request.time, emulator.clock().now());
    assert_eq!(request.reply.as_ref().map(|reply| reply.status), Some(400));
    assert_eq!((requests[1].number, requests[1].header("ACCEPT")), (2, Some("application/json")));
    emulator.clear_requests();
    assert!(emulator.requests().is_empty() && emulator.counts().requests == 2);
}

#[test]
fn a_chunked_trigger_is_refused() {
    let emulator = start();
    let mut tls = dial(&emulator);
    send(
        &mut tls,
        &post_text("t").replace("Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    );
    assert_eq!(read_answer(&mut tls).expect("a reply").status, 400);
    assert_eq!(post(&mut tls).status, 204);
}

#[test]
fn a_trigger_may_have_an_empty_object() {
    let emulator = manual();
    let mut tls = dial(&emulator);
    for (body, status) in [("{}", 204), (" {\r\n} ", 409), ("{\"a\":1}", 400), ("[]", 400), ("", 409)] {
        let text = post_text("t").replace("Content-Length: 0", &format!("Content-Length: {}", body.len()));
        send(&mut tls, &format!("{text}{body}"));
        assert_eq!(read_answer(&mut tls).expect("a reply").status, status, "{body}");
    }
}

#[test]
fn ids_are_echoed_and_invented() {
    let emulator = start();
    let mut tls = dial(&emulator);
    send(&mut tls, &get_text("t").replace("Accept", "client-request-id: mine\r\nAccept"));
    let echoed = read_answer(&mut tls).expect("a reply");
    assert_eq!(echoed.header("client-request-id"), Some("mine"));
    let invented = get(&mut tls);
    assert_eq!(invented.header("client-request-id").map(str::len), Some(36));
    assert!(invented.header("x-ms-ags-diagnostic").is_some_and(|value| value.starts_with("{\"ServerInfo\"")));
    assert_ne!(invented.header("request-id"), echoed.header("request-id"));
}

#[test]
fn tokens_and_tenants() {
    let config = Config::default()
        .token("reader-token", Token::new(Access::ReadOnly))
        .token("other-token", Token::default().of("other"))
        .tenant("other", Behaviour { idle_status: SyncStatus::Unknown, ..Behaviour::default() });
    let emulator = Emulator::start(config);
    let mut tls = dial(&emulator);
    let mut exchange = |text: String| {
        send(&mut tls, &text);
        read_answer(&mut tls).expect("a reply")
    };
    assert_eq!(exchange(get_text("reader-token")).status, 200);
    assert_eq!(exchange(post_text("reader-token")).status, 403);
    assert_eq!(exchange(get_text("other-token")).json()["syncStatus"], "unknown");
    assert_eq!(exchange(post_text("other-token")).status, 204);
    assert_eq!(exchange(post_text("anything")).status, 204);
    emulator.set_token("other-token", Token::new(Access::Challenged));
    assert_eq!(exchange(get_text("other-token")).status, 401);
    emulator.set_other_tokens(Access::Invalid);
    assert_eq!(exchange(get_text("anything")).status, 401);
    emulator.set_tenant("other", Behaviour::default());
    assert_eq!(emulator.tenant("other", |tenant| tenant.behaviour().idle_status), SyncStatus::Completed);
}

#[test]
fn a_long_token_is_a_token() {
    let emulator = start();
    let (mut tls, token) = (dial(&emulator), "x".repeat(64 * 1024));
    send(&mut tls, &get_text(&token));
    assert_eq!(read_answer(&mut tls).expect("a reply").status, 200);
    let request = emulator.requests().remove(0);
    assert_eq!((request.headers.len(), request.token), (3, Some(token)));
}

#[test]
fn sixty_four_clients_at_once() {
    let emulator = start();
    std::thread::scope(|scope| {
        for client in 0..64 {
            let emulator = &emulator;
            scope.spawn(move || {
                let (mut tls, token) = (dial(emulator), format!("token-{client}"));
                emulator.set_token(&token, Token::default().of(&token));
                for expected in [204, 409] {
                    send(&mut tls, &post_text(&token));
                    assert_eq!(read_answer(&mut tls).expect("a reply").status, expected);
                }
            });
        }
    });
    assert_eq!((emulator.counts().requests, emulator.counts().handshakes), (128, 64));
}

#[test]
fn exchanges_are_logged_without_the_token() {
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("sound").write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let emulator = start();
    let log = Shared::default();
    emulator.log_to(Box::new(log.clone()));
    let mut tls = dial(&emulator);
    emulator.script([Step::echo(403)]);
    for _ in 0..2 {
        send(&mut tls, &get_text("a.secret.token"));
        read_answer(&mut tls).expect("a reply");
    }
    let text = String::from_utf8(log.0.lock().expect("sound").clone()).expect("text");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        (lines.len(), lines[0]["scripted"].as_bool(), lines[1]["scripted"].as_bool()),
        (2, Some(true), Some(false))
    );
    assert_eq!(lines[1]["reply"]["status"], 200);
    assert!(!text.contains("secret"));
}

#[test]
fn a_script_answers_in_place_of_the_service() {
    let emulator = start();
    let mut tls = dial(&emulator);
    emulator.script([
        Step::error(500).on("POST"),
        Step::reply(Reply::new(503).html()).on("GET").times(2),
        Step::reply(
            Reply::new(200).reason("Fine indeed").header("X-A", "b").json(&serde_json::json!({"a": 1})),
        ),
        Step::error(504).processed(),
        Step::reply(Reply::redirect(307, "https://elsewhere.example/")),
    ]);
    assert_eq!(emulator.steps_left(), 5);
    let page = get(&mut tls);
    assert_eq!(
        (page.status, page.header("request-id"), page.header("content-type")),
        (503, None, Some("text/html; charset=us-ascii"))
    );
    let error = post(&mut tls);
    assert_eq!((error.status, error.json()["error"]["code"].as_str()), (500, Some("InternalError")));
    assert_eq!(get(&mut tls).status, 503);
    let reply = get(&mut tls);
    assert_eq!(
        (reply.reason.as_str(), reply.header("x-a"), reply.json()["a"].as_u64()),
        ("Fine indeed", Some("b"), Some(1))
    );
    assert!(reply.header("request-id").is_some());
    assert_eq!(post(&mut tls).status, 504);
    assert_eq!(get(&mut tls).header("location"), Some("https://elsewhere.example/"));
    assert_eq!(post(&mut tls).status, 409, "the one with 504 was processed");
    emulator.script([Step::error(500).forever()]);
    emulator.clear_script();
    assert_eq!((get(&mut tls).status, emulator.steps_left(), emulator.counts().handshakes), (200, 0, 1));
}

#[test]
fn an_echo_repeats_the_token() {
    let emulator = start();
    let mut tls = dial(&emulator);
    emulator.script([Step::echo(401), Step::echo(204)]);
    let echo = get(&mut tls);
    assert_eq!(
        (echo.status, echo.reason.as_str(), echo.header("request-id")),
        (401, "Echo token", Some("token"))
    );
    assert_eq!(echo.json()["error"]["code"], "token");
    assert_eq!(post(&mut tls).reason, "Echo token");
}

#[test]
fn a_delayed_answer_is_recorded_before_it_is_sent() {
    let emulator = start();
    let mut tls = dial(&emulator);
    emulator.script([Step::service().after(Duration::from_secs(3600))]);
    send(&mut tls, &post_text("t"));
    assert!(emulator.wait(PATIENCE, |counts| counts.requests == 1));
    drop(tls);
    assert!(emulator.wait(PATIENCE, |counts| counts.open == 0), "the leaving is noticed");
    assert_eq!(emulator.requests()[0].reply.as_ref().map(|reply| reply.status), Some(204));
}

/// Sends a trigger that meets this step. Returns what came, and how it ended.
fn spoiled(step: Step) -> (String, Option<ErrorKind>, Emulator) {
    let emulator = start();
    let mut tls = dial(&emulator);
    emulator.script([step]);
    send(&mut tls, &post_text("t"));
    let (bytes, error) = read_all(&mut tls);
    (String::from_utf8_lossy(&bytes).into_owned(), error, emulator)
}

/// Whether the trigger had its effect.
fn was_processed(emulator: &Emulator) -> bool {
    emulator.settings().last_trigger > Some(emulator.clock().now() - chrono::TimeDelta::hours(1))
}

#[test]
fn replies_that_never_come() {
    let table = [
        (Fault::Reset, Some(ErrorKind::ConnectionReset), false),
        (Fault::Close, None, false),
        (Fault::Vanish, Some(ErrorKind::UnexpectedEof), false),
        (Fault::LoseReply, Some(ErrorKind::UnexpectedEof), true),
    ];
    for (fault, expected, processed) in table {
        let (text, error, emulator) = spoiled(Step::fault(fault.clone()));
        assert_eq!((text.as_str(), error, was_processed(&emulator)), ("", expected, processed), "{fault:?}");
        let request = emulator.requests().pop().expect("recorded");
        assert_eq!((request.scripted, request.reply.is_some()), (true, processed), "{fault:?}");
    }
}

#[test]
fn a_reset_before_the_request_is_read() {
    let (_, error, emulator) = spoiled(Step::fault(Fault::ResetUnread).on("POST").for_token("t"));
    assert_eq!((error, emulator.counts().requests), (Some(ErrorKind::ConnectionReset), 0));
    let mut tls = dial(&emulator);
    emulator.script([Step::fault(Fault::ResetUnread).on("POST")]);
    assert_eq!(get(&mut tls).status, 200, "it is for another method");
    send(&mut tls, &post_text("t"));
    assert_eq!(read_all(&mut tls).1, Some(ErrorKind::ConnectionReset));
}

#[test]
fn replies_that_end_early() {
    let body = Reply::new(200).bare().body("abcdef");
    let head = "HTTP/1.1 200 OK\r\n";
    let (text, error, _) = spoiled(Step::reply(body.clone()).spoiled(Fault::Truncate { keep: 2 }));
    assert!(
        text.starts_with(head) && text.contains("Content-Length: 6\r\n") && text.ends_with("\r\n\r\nab"),
        "{text}"
    );
    assert_eq!(error, None);
    let (text, _, _) = spoiled(Step::reply(Reply::new(200).header("Content-Length", "9").body("abc")));
    assert!(text.contains("Content-Length: 9\r\n") && text.ends_with("\r\n\r\nabc"), "{text}");
    let (text, error, _) = spoiled(Step::fault(Fault::Raw(b"what?".to_vec())));
    assert_eq!((text.as_str(), error), ("what?", None));
    let (text, error, emulator) = spoiled(Step::fault(Fault::CloseAfter));
    assert!(text.starts_with("HTTP/1.1 204 No Content\r\n") && text.ends_with("\r\n\r\n") && error.is_none());
    assert!(was_processed(&emulator));
}

#[test]
fn replies_that_trickle() {
    for fault in
        [Fault::TrickleHead { bytes: 7, every: EVERY }, Fault::TrickleBody { bytes: 1, every: EVERY }]
    {
        let (text, error, _) = spoiled(Step::reply(Reply::new(200).body("abcdef")).spoiled(fault));
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\nabcdef"), "{text}");
        assert_eq!(error, None);
    }
}

#[test]
fn replies_that_stop_midway_or_never_begin() {
    for (fault, expected) in [(Fault::Hang, ""), (Fault::Stall { after: 9 }, "HTTP/1.1 ")] {
        let emulator = start();
        let mut tls = dial(&emulator);
        emulator.script([Step::fault(fault)]);
        send(&mut tls, &get_text("t"));
        let mut text = vec![0; expected.len()];
        std::io::Read::read_exact(&mut tls, &mut text).expect("so much comes");
        assert_eq!(text, expected.as_bytes());
        tls.sock.set_read_timeout(Some(Duration::from_millis(50))).expect("it can be set");
        assert!(matches!(read_all(&mut tls).1, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut)));
        assert!(emulator.wait(PATIENCE, |counts: &Counts| counts.requests == 1));
        drop(tls);
        assert!(emulator.wait(PATIENCE, |counts| counts.open == 0), "the leaving is noticed");
    }
}

#[test]
fn replies_without_end() {
    const ENOUGH: usize = 4 << 20;
    for fault in [Fault::EndlessHeader, Fault::EndlessBody] {
        let emulator = start();
        let mut tls = dial(&emulator);
        emulator.script([Step::fault(fault)]);
        send(&mut tls, &get_text("t"));
        let mut bytes = vec![0; ENOUGH];
        std::io::Read::read_exact(&mut tls, &mut bytes).expect("it goes on");
        assert_eq!(get(&mut dial(&emulator)).status, 200, "others are served meanwhile");
        drop(tls);
        assert!(emulator.wait(PATIENCE, |counts| counts.open == 0), "the leaving is noticed");
    }
}

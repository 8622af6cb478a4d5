//! The wait until a sync completes, its progress and its cancel, in Rust, against the emulator. The library tests its
//! state machine without a clock; these tests run the driver with real sockets.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use autopilot_emulator::{
    Access, Behaviour, Clock, Config, Emulator, Fault, Past, Reply, RetryAfter, Step, Token,
};
use autopilot_sync::{
    Answer, Canceller, Client, Error, ErrorKind, Phase, Progress, SyncOutcome, SyncStatus, Trigger,
};

const TOKEN: &str = "eyJ0eXAi0123456789.eyJhdWQi0123456789.c2lnbmF0dXJl0123456789";
const HOUR: Duration = Duration::from_secs(3600);

/// A tenant whose syncs take two seconds.
fn quick() -> Behaviour {
    Behaviour {
        duration: Duration::from_secs(2),
        start_delay: Duration::from_millis(200),
        ..Behaviour::default()
    }
}

fn emulator(behaviour: Behaviour) -> Emulator {
    Emulator::start(Config { behaviour, ..Config::default() })
}

fn client(emulator: &Emulator) -> Client {
    let builder = Client::builder().ignore_environment().proxy(&emulator.proxy_url()).unwrap();
    builder.ca_file(emulator.ca_file()).unwrap().build().unwrap()
}

fn go_on(_: &mut Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn methods(emulator: &Emulator) -> String {
    emulator.requests().iter().map(|request| request.method.chars().next().unwrap()).collect()
}

fn triggers(emulator: &Emulator) -> usize {
    emulator.requests().iter().filter(|request| request.method == "POST").count()
}

fn kind(result: Result<SyncOutcome, Error>) -> (ErrorKind, Trigger) {
    let error = result.unwrap_err();
    assert!(!format!("{error:?} {error:#?} {error:#}").contains("0123456789"));
    (error.kind(), error.detail().trigger())
}

#[test]
fn a_sync_is_watched_to_its_end() {
    let emulator = emulator(quick());
    let mut seen = Vec::new();
    let outcome = client(&emulator)
        .sync_and_wait(TOKEN, HOUR, |progress| {
            seen.push((
                progress.phase(),
                progress.settings().and_then(|settings| settings.status().cloned()),
            ));
            assert!(progress.next_step() <= Duration::from_secs(15));
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::Accepted, Trigger::Accepted));
    assert_eq!(outcome.detail().settings().unwrap().status(), Some(&SyncStatus::Completed));
    assert_eq!((outcome.to_string().as_str(), outcome.detail().why_unknown()), ("the sync completed", None));
    assert_eq!(seen[0], (Phase::Starting, None));
    assert!(seen[1..].iter().all(|(phase, _)| *phase == Phase::Watching), "{seen:?}");
    assert!(methods(&emulator).starts_with("GPG"), "{}", methods(&emulator));
    assert_eq!(triggers(&emulator), 1);
    assert_eq!(outcome.detail().attempts().len(), emulator.requests().len());
    assert_eq!(emulator.counts().handshakes, 1);
}

#[test]
fn a_window_beyond_the_deadline_is_told_at_once() {
    let emulator = emulator(Behaviour { last_sync: Past::Ago(Duration::from_secs(60)), ..quick() });
    let outcome = client(&emulator).sync_and_wait(TOKEN, Duration::from_secs(300), go_on).unwrap();
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::TooSoon, Trigger::Refused));
    let next = outcome.detail().retry_after().unwrap().as_secs();
    assert!((400..=551).contains(&next), "{next}");
    assert_eq!(methods(&emulator), "GPG");
}

#[test]
fn a_longer_retry_after_counts() {
    let last_sync = Past::Ago(Duration::from_secs(60));
    let retry_after = RetryAfter::Text("900".into());
    let emulator = emulator(Behaviour { last_sync, retry_after, ..quick() });
    let outcome = client(&emulator).sync_and_wait(TOKEN, Duration::from_secs(700), go_on).unwrap();
    assert_eq!(outcome.answer(), Answer::TooSoon);
    let next = outcome.detail().retry_after().unwrap().as_secs();
    assert!((700..=900).contains(&next), "{next}");
}

#[test]
fn a_sync_since_a_change_triggers_only_if_none_has_completed_since() {
    let behaviour = Behaviour { last_sync: Past::Ago(HOUR), ..quick() };
    let emulator = emulator(behaviour);
    let client = client(&emulator);
    let since = |ago: u64| {
        let change = SystemTime::now() - Duration::from_secs(ago);
        client.sync_since(TOKEN, change, HOUR, go_on).unwrap()
    };
    let outcome = since(3700);
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::UpToDate, Trigger::NotSent));
    assert_eq!(outcome.to_string(), "up to date: a sync has completed since");
    assert_eq!(outcome.detail().settings().unwrap().status(), Some(&SyncStatus::Completed));
    assert_eq!(methods(&emulator), "G");
    let outcome = since(3000);
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::Accepted, Trigger::Accepted));
    // That one is enough for the same change, once it has stood.
    let outcome = since(3000);
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::UpToDate, Trigger::NotSent));
    assert_eq!(triggers(&emulator), 1);
}

#[test]
fn a_change_that_cannot_be_is_refused() {
    let emulator = emulator(quick());
    for change in [SystemTime::UNIX_EPOCH, SystemTime::now() + HOUR] {
        let result = client(&emulator).sync_since(TOKEN, change, HOUR, go_on);
        assert_eq!(kind(result), (ErrorKind::InvalidArgument, Trigger::NotSent));
    }
    assert_eq!(emulator.counts().accepted, 0);
}

/// A wait that takes seconds, and how it ends.
struct Case {
    name: &'static str,
    behaviour: Behaviour,
    script: Vec<Step>,
    /// If there are any, the service's clock stands still, and jumps this far after this many requests. So the sync
    /// cannot go on unseen, however slow the machine is.
    jumps: &'static [(u64, Duration)],
    end: (Result<Answer, ErrorKind>, Trigger),
    /// The first requests: G is a reading, P a trigger.
    begins: &'static str,
    triggers: usize,
}

impl Case {
    fn new(name: &'static str, script: Vec<Step>) -> Case {
        let (end, begins) = ((Ok(Answer::Accepted), Trigger::Accepted), "GPG");
        Case { name, behaviour: quick(), script, jumps: &[], end, begins, triggers: 1 }
    }

    fn play(self) {
        let clock = if self.jumps.is_empty() { Clock::real() } else { Clock::manual() };
        let emulator = Emulator::start(Config { clock, behaviour: self.behaviour, ..Config::default() });
        emulator.script(self.script);
        let result = thread::scope(|scope| {
            scope.spawn(|| {
                for (requests, jump) in self.jumps {
                    assert!(emulator.wait(HOUR, |counts| counts.requests >= *requests), "{}", self.name);
                    emulator.advance(*jump);
                }
            });
            client(&emulator).sync_and_wait(TOKEN, HOUR, go_on)
        });
        let end = match result {
            Ok(outcome) => (Ok(outcome.answer()), outcome.detail().trigger()),
            Err(error) => (Err(error.kind()), error.detail().trigger()),
        };
        let methods = methods(&emulator);
        assert_eq!(end, self.end, "{}: {methods}", self.name);
        assert!(methods.starts_with(self.begins), "{}: {methods}", self.name);
        assert_eq!(triggers(&emulator), self.triggers, "{}: {methods}", self.name);
        assert_eq!(emulator.steps_left(), 0, "{}", self.name);
    }
}

/// All at once, because they wait in real time.
#[test]
fn each_way_through_a_wait_has_its_end() {
    let third_fails = |step| vec![Step::service(), Step::service(), step];
    let cases = [
        Case {
            behaviour: Behaviour { failing_runs: 1, ..quick() },
            end: (Err(ErrorKind::SyncFailed), Trigger::Accepted),
            ..Case::new("the sync fails", vec![])
        },
        Case {
            behaviour: Behaviour { own_syncs: vec![Duration::ZERO], ..quick() },
            jumps: &[(3, HOUR)],
            end: (Ok(Answer::AlreadyRunning), Trigger::Joined),
            ..Case::new("a running sync is joined", vec![])
        },
        Case {
            begins: "GGPG",
            ..Case::new("the first reading: a page", vec![Step::reply(Reply::new(404).html())])
        },
        Case::new("the reply to the trigger is lost", vec![Step::fault(Fault::LoseReply).on("POST")]),
        Case::new("a reading: a page", third_fails(Step::reply(Reply::new(404).html()))),
        Case::new("a reading: a reset", third_fails(Step::fault(Fault::Reset))),
    ];
    thread::scope(|scope| cases.into_iter().for_each(|case| drop(scope.spawn(|| case.play()))));
}

/// The service's clock moves with the calls of the callback alone.
#[test]
fn the_window_is_waited_out() {
    const SECOND: Duration = Duration::from_secs(1);
    let behaviour = Behaviour { last_sync: Past::Ago(608 * SECOND), window: 609 * SECOND, ..quick() };
    let emulator = Emulator::start(Config { clock: Clock::manual(), behaviour, ..Config::default() });
    let mut phases = Vec::new();
    let outcome = client(&emulator).sync_and_wait(TOKEN, HOUR, |progress| {
        if progress.phase() == Phase::Watching || phases.last() == Some(&Phase::Starting) {
            emulator.advance(SECOND);
        }
        phases.push(progress.phase());
        ControlFlow::Continue(())
    });
    let outcome = outcome.unwrap();
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::Accepted, Trigger::Accepted));
    phases.dedup();
    assert_eq!(phases, [Phase::Starting, Phase::Window, Phase::Watching]);
    assert!(methods(&emulator).starts_with("GPG") && triggers(&emulator) == 2, "{}", methods(&emulator));
}

/// Eight seconds are enough for three readings after the trigger, and for eleven calls of the callback. A slow machine
/// makes fewer.
#[test]
fn nothing_is_done_after_the_deadline() {
    let emulator = emulator(Behaviour { duration: HOUR, ..quick() });
    let mut calls = 0;
    let result = client(&emulator).sync_and_wait(TOKEN, Duration::from_secs(8), |_| {
        calls += 1;
        ControlFlow::Continue(())
    });
    let status = result.as_ref().unwrap_err().detail().settings().unwrap().status().cloned();
    assert_eq!(kind(result), (ErrorKind::Timeout, Trigger::Accepted));
    assert_eq!(status, Some(SyncStatus::InProgress));
    assert!("GPGGG".starts_with(&methods(&emulator)), "{}", methods(&emulator));
    assert!(calls <= 11, "{calls}");
}

#[test]
fn without_the_right_to_read_the_end_cannot_be_observed() {
    let emulator = emulator(quick());
    emulator.set_token(TOKEN, Token::new(Access::TriggerOnly));
    let outcome = client(&emulator).sync_and_wait(TOKEN, HOUR, go_on).unwrap();
    assert_eq!((outcome.answer(), outcome.detail().trigger()), (Answer::Unconfirmed, Trigger::Accepted));
    let why = outcome.detail().why_unknown().unwrap();
    assert!(
        why.starts_with("the settings cannot be read, forbidden: HTTP 403: ") && why.contains("scopes"),
        "{why}"
    );
    assert_eq!(outcome.to_string(), format!("the end of the sync cannot be observed: {why}"));
    assert_eq!(methods(&emulator), "GP");
}

#[test]
fn without_the_right_to_read_the_time_of_the_next_sync_is_unknown() {
    for (retry_after, is_known) in [(RetryAfter::Absent, false), (RetryAfter::Seconds, true)] {
        let last_sync = Past::Ago(Duration::from_secs(60));
        let emulator = emulator(Behaviour { last_sync, retry_after, ..quick() });
        emulator.set_token(TOKEN, Token::new(Access::TriggerOnly));
        let outcome = client(&emulator).sync_and_wait(TOKEN, HOUR, go_on).unwrap();
        let detail = outcome.detail();
        assert_eq!((outcome.answer(), detail.trigger()), (Answer::TooSoon, Trigger::Refused));
        assert_eq!((detail.retry_after().is_some(), detail.why_unknown().is_none()), (is_known, is_known));
        if let Some(why) = detail.why_unknown() {
            assert!(why.starts_with("the settings cannot be read, forbidden: HTTP 403: "), "{why}");
        }
    }
}

#[test]
fn a_state_that_cannot_be_read_triggers_nothing() {
    let emulator = emulator(quick());
    emulator.script([Step::error(400)]);
    let result = client(&emulator).sync_and_wait(TOKEN, HOUR, go_on);
    assert_eq!(kind(result), (ErrorKind::Service, Trigger::NotSent));
    assert_eq!(methods(&emulator), "G");
}

/// The last failure is the result. Five seconds are enough for the readings at 0, 3 and 4 seconds. A slow machine makes
/// fewer.
#[test]
fn a_state_that_cannot_be_read_for_now_triggers_nothing_until_the_deadline() {
    let emulator = emulator(quick());
    emulator.script(vec![Step::reply(Reply::new(200).body("[]")); 9]);
    let mut phases = Vec::new();
    let result = client(&emulator).sync_and_wait(TOKEN, Duration::from_secs(5), |progress| {
        phases.push(progress.phase());
        ControlFlow::Continue(())
    });
    assert_eq!(kind(result), (ErrorKind::Protocol, Trigger::NotSent));
    phases.dedup();
    assert_eq!(phases, [Phase::Starting, Phase::Retrying]);
    assert!("GGG".starts_with(&methods(&emulator)), "{}", methods(&emulator));
}

#[test]
fn a_refused_token_is_renewed_by_the_callback() {
    let emulator = emulator(quick());
    emulator.set_token("old-token", Token::default().for_requests(3));
    let mut rejections = 0;
    let outcome = client(&emulator).sync_and_wait("old-token", HOUR, |progress| {
        if progress.phase() == Phase::TokenRejected {
            rejections += 1;
            assert_eq!(progress.set_token("a b").unwrap_err().kind(), ErrorKind::InvalidArgument);
            progress.set_token("new-token").unwrap();
        }
        ControlFlow::Continue(())
    });
    assert_eq!(outcome.unwrap().answer(), Answer::Accepted);
    assert_eq!(rejections, 1);
    let requests = emulator.requests();
    let tokens: Vec<_> = requests.iter().map(|request| request.token.as_deref().unwrap()).collect();
    assert_eq!(tokens[..5], ["old-token", "old-token", "old-token", "old-token", "new-token"]);
}

/// `kind` looks for it.
#[test]
fn a_reply_that_repeats_a_token_from_before_does_not_show_it() {
    let emulator = emulator(quick());
    let repeated =
        Reply::new(400).body(format!(r#"{{"error": {{"code": "{TOKEN}", "message": "not {TOKEN}"}}}}"#));
    emulator.script([Step::error(401), Step::reply(repeated)]);
    let result = client(&emulator).sync_and_wait(TOKEN, HOUR, |progress| {
        if progress.phase() == Phase::TokenRejected {
            progress.set_token("another-token").unwrap();
        }
        ControlFlow::Continue(())
    });
    assert_eq!(result.as_ref().unwrap_err().detail().message(), Some("not [token]"));
    assert_eq!(kind(result), (ErrorKind::Service, Trigger::NotSent));
}

#[test]
fn a_token_that_nobody_renews_ends_the_wait() {
    for renewal in [None, Some("no-better-")] {
        let emulator = emulator(quick());
        emulator.set_other_tokens(Access::Expired);
        let mut rejections = 0;
        let result = client(&emulator).sync_and_wait(TOKEN, HOUR, |progress| {
            if progress.phase() == Phase::TokenRejected {
                rejections += 1;
                if let Some(token) = renewal {
                    progress.set_token(&format!("{token}{rejections}")).unwrap();
                }
            }
            ControlFlow::Continue(())
        });
        assert_eq!(kind(result), (ErrorKind::Unauthorized, Trigger::NotSent), "{renewal:?}");
        let requests = 1 + usize::from(renewal.is_some());
        assert_eq!((rejections, emulator.requests().len()), (1, requests), "{renewal:?}");
    }
}

#[test]
fn the_callback_ends_the_wait_in_each_phase() {
    let ahead = Behaviour { last_sync: Past::Ago(Duration::from_secs(60)), ..quick() };
    for (behaviour, phase, expected) in [
        (quick(), Phase::Starting, Err((ErrorKind::Cancelled, Trigger::NotSent))),
        (quick(), Phase::Watching, Err((ErrorKind::Cancelled, Trigger::Accepted))),
        (ahead, Phase::Window, Ok(Answer::TooSoon)),
    ] {
        let emulator = emulator(behaviour);
        let result = client(&emulator).sync_and_wait(TOKEN, HOUR, |progress| {
            if progress.phase() == phase { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match expected {
            Ok(answer) => {
                let outcome = result.unwrap();
                assert_eq!(outcome.answer(), answer);
                assert!(outcome.detail().retry_after().unwrap() > Duration::from_secs(60));
            }
            Err(expected) => assert_eq!(kind(result), expected, "{phase:?}"),
        }
    }
}

#[test]
fn a_cancel_ends_a_wait_wherever_it_is() {
    for (phase, step) in [
        (Phase::Starting, Step::fault(Fault::Hang)),
        (Phase::Watching, Step::service()),
        (Phase::Window, Step::error(429).on("POST")),
    ] {
        let emulator = emulator(Behaviour {
            duration: HOUR,
            last_sync: Past::Ago(Duration::from_secs(60)),
            window: Duration::ZERO,
            ..quick()
        });
        emulator.script([step]);
        let canceller = Canceller::new();
        let (reached, reaches) = mpsc::channel();
        let other = canceller.clone();
        let helper = thread::spawn(move || {
            reaches.recv().unwrap();
            other.cancel();
        });
        let client = client(&emulator).with_canceller(&canceller);
        let result = client.sync_and_wait(TOKEN, HOUR, |progress| {
            if progress.phase() == phase {
                let _ = reached.send(());
            }
            ControlFlow::Continue(())
        });
        helper.join().unwrap();
        assert_eq!(kind(result).0, ErrorKind::Cancelled, "{phase:?}");
        assert_eq!(client.sync(TOKEN).unwrap_err().kind(), ErrorKind::Cancelled, "for good");
        emulator.clear_script();
        assert!(self::client(&emulator).settings(TOKEN).is_ok());
    }
}

#[test]
fn one_cancel_of_many_leaves_the_others_alone() {
    const THREADS: usize = 64;
    let emulator = emulator(quick());
    for number in 0..THREADS {
        emulator.set_token(&format!("tenant-{number}"), Token::default().of(&format!("tenant {number}")));
    }
    emulator.script([Step::fault(Fault::Hang).for_token("tenant-7")]);
    let (client, canceller, done) = (client(&emulator), Canceller::new(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (client, canceller, done) = (&client, &canceller, &done);
            scope.spawn(move || {
                let token = format!("tenant-{number}");
                if number == 7 {
                    let error = client.with_canceller(canceller).sync(&token).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Cancelled);
                } else {
                    assert_eq!(client.sync(&token).unwrap().answer(), Answer::Accepted, "{token}");
                    assert_eq!(client.sync(&token).unwrap().answer(), Answer::AlreadyRunning, "{token}");
                    if done.fetch_add(1, Ordering::SeqCst) == THREADS - 2 {
                        canceller.cancel();
                    }
                }
            });
        }
    });
    let requests = emulator.requests();
    for number in (0..THREADS).filter(|number| *number != 7) {
        let token = format!("tenant-{number}");
        assert_eq!(requests.iter().filter(|request| request.token.as_deref() == Some(&*token)).count(), 2);
    }
    assert!(emulator.counts().handshakes <= THREADS as u64, "a connection for each thread at most");
}

#[test]
fn the_settings_are_read() {
    let never =
        Behaviour { last_sync: Past::Never, last_trigger: Past::Never, wrapped_settings: true, ..quick() };
    let emulator = emulator(never);
    let client = client(&emulator);
    let settings = client.settings(TOKEN).unwrap();
    assert_eq!(settings.status(), Some(&SyncStatus::Completed));
    assert_eq!(
        (settings.last_sync_unix_ms(), settings.last_sync_text()),
        (None, Some("0001-01-01T00:00:00Z"))
    );
    emulator.set_other_tokens(Access::Forbidden);
    let error = client.settings(TOKEN).unwrap_err();
    assert_eq!((error.kind(), error.detail().http_status()), (ErrorKind::Forbidden, Some(403)));
    emulator.set_other_tokens(Access::ReadOnly);
    assert!(client.settings(TOKEN).is_ok());
}

#[test]
fn a_deadline_that_cannot_be_is_refused() {
    let emulator = emulator(quick());
    for timeout in [Duration::ZERO, Duration::from_secs(86_401)] {
        let result = client(&emulator).sync_and_wait(TOKEN, timeout, go_on);
        assert_eq!(kind(result), (ErrorKind::InvalidArgument, Trigger::NotSent));
    }
    assert_eq!(emulator.counts().accepted, 0);
}

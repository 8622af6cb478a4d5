//! The C API, as a C program uses it with the emulator: results, details, settings, waits.
//! `.ci/run` runs these once more under valgrind.

use std::time::Duration;

use autopilot_emulator::{Access, Behaviour, Clock, Config, Emulator, Fault, Past, RetryAfter, Step, Token};

use crate::compiler;
use crate::emulators::quick;
use crate::program::Program;

const HOUR: &str = "3600000";

fn emulator(behaviour: Behaviour) -> Emulator {
    Emulator::start(Config { behaviour, ..Config::default() })
}

fn api(emulator: &Emulator, arguments: &[&str]) -> String {
    compiler::run(Program::named("api.c").against(emulator).args(arguments))
}

fn last_line(printed: &str) -> &str {
    printed.lines().last().unwrap_or_default()
}

#[test]
fn a_sync_has_its_detail() {
    let with = |access: Access, expected: &str, words: &str| {
        let emulator = emulator(Behaviour { retry_after: RetryAfter::Text("77".into()), ..quick() });
        emulator.set_other_tokens(access);
        let printed = api(&emulator, &["sync"]);
        assert_eq!(last_line(&printed), expected, "{access:?}");
        assert!(printed.contains(words), "{printed}");
    };
    with(Access::Full, "AUTOPILOT_OK http=204 trigger=3 attempts=1", "retry_after=-1 claims= words=\n");
    with(
        Access::Forbidden,
        "AUTOPILOT_ERROR_FORBIDDEN http=403 trigger=2 attempts=1",
        "DeviceManagementServiceConfig",
    );
    with(Access::Unlicensed, "AUTOPILOT_ERROR_FORBIDDEN http=401 trigger=2 attempts=1", "words=");
    with(Access::Challenged, "AUTOPILOT_ERROR_UNAUTHORIZED http=401 trigger=2 attempts=1", "claims={");
    let retry_after = RetryAfter::Text("77".into());
    let emulator =
        emulator(Behaviour { last_sync: Past::Ago(Duration::from_secs(60)), retry_after, ..quick() });
    let printed = api(&emulator, &["sync"]);
    assert_eq!(last_line(&printed), "AUTOPILOT_SYNC_TOO_SOON http=429 trigger=2 attempts=1");
    assert!(printed.contains("retry_after=77000 "), "{printed}");
    emulator.script([Step::fault(Fault::Close)]);
    assert_eq!(
        last_line(&api(&emulator, &["sync"])),
        "AUTOPILOT_ERROR_CONNECTION_LOST http=0 trigger=1 attempts=1"
    );
}

#[test]
fn what_stays_unknown_has_its_reason() {
    let recent = Behaviour { last_sync: Past::Ago(Duration::from_secs(60)), ..quick() };
    for (behaviour, arguments, expected) in [
        (recent, ["sync"].as_slice(), "AUTOPILOT_SYNC_TOO_SOON http=429 trigger=2 attempts=2"),
        (quick(), &["wait", HOUR, "-1", "-1"], "AUTOPILOT_SYNC_UNCONFIRMED http=204 trigger=3 attempts=2"),
    ] {
        let emulator = emulator(behaviour);
        emulator.set_other_tokens(Access::TriggerOnly);
        let printed = api(&emulator, arguments);
        assert_eq!(last_line(&printed), expected);
        assert!(printed.contains("why=the settings cannot be read, forbidden: HTTP 403: "), "{printed}");
    }
}

#[test]
fn settings_are_read() {
    let clock = Clock::manual();
    let emulator = Emulator::start(Config { clock, behaviour: quick(), ..Config::default() });
    let expected = "status=2 completed\nstatus=2 completed\nAUTOPILOT_OK http=200 trigger=0 attempts=1\n";
    assert_eq!(api(&emulator, &["settings"]), expected);
    emulator.own_sync();
    emulator.advance(Duration::from_secs(1));
    assert!(api(&emulator, &["settings"]).starts_with("status=1 inProgress\n"));
    emulator.set_other_tokens(Access::Forbidden);
    assert_eq!(api(&emulator, &["settings"]), "AUTOPILOT_ERROR_FORBIDDEN http=403 trigger=0 attempts=1\n");
}

/// The callback sees the wait, renews the token, and ends the wait. `waits.rs` tests how waits end.
#[test]
fn a_wait_is_seen_and_led_by_its_callback() {
    let ahead = Behaviour { last_sync: Past::Ago(Duration::from_secs(60)), ..quick() };
    let endless = Behaviour { duration: Duration::from_secs(3600), ..quick() };
    let never = "-1";
    for (behaviour, access, arguments, expected) in [
        (
            quick(),
            Access::Challenged,
            [HOUR, never, never, "renewed"].as_slice(),
            "phases=13 status=2 completed AUTOPILOT_OK http=200 trigger=3",
        ),
        (
            ahead,
            Access::Full,
            &[HOUR, "1", never],
            "phases=3 status=2 completed AUTOPILOT_SYNC_TOO_SOON http=200 trigger=2",
        ),
        (endless, Access::Full, &[HOUR, never, "2"], "AUTOPILOT_ERROR_CANCELLED http=204 trigger=3"),
    ] {
        let emulator = emulator(behaviour);
        emulator.set_token("token", Token::new(access));
        let printed = api(&emulator, &[&["wait"], arguments].concat()).replace('\n', " ");
        assert!(printed.contains(expected), "{arguments:?}: {printed}");
    }
}

/// The callback leads it too. `waits.rs` tests how it ends.
#[test]
fn a_sync_since_a_change_triggers_only_if_none_has_completed_since() {
    let hour_ago = Behaviour { last_sync: Past::Ago(Duration::from_secs(3600)), ..quick() };
    let up_to_date = "phases=1 status=2 completed AUTOPILOT_SYNC_UP_TO_DATE http=200 trigger=0";
    for (ago, cancel_at, expected, triggers) in [
        ("3700000", "-1", up_to_date, 0),
        ("3000000", "2", "AUTOPILOT_ERROR_CANCELLED http=204 trigger=3", 1),
    ] {
        let emulator = emulator(hour_ago.clone());
        let printed = api(&emulator, &["since", ago, HOUR, "-1", cancel_at]).replace('\n', " ");
        assert!(printed.contains(expected), "{ago}: {printed}");
        let sent = emulator.requests().iter().filter(|request| request.method == "POST").count();
        assert_eq!(sent, triggers, "{ago}");
    }
}

#[test]
fn the_documented_stack_is_enough() {
    let emulator = emulator(Behaviour { duration: Duration::from_secs(3600), ..quick() });
    assert_eq!(api(&emulator, &["stack"]), "kept\n");
}

#[test]
fn a_call_may_be_the_last_thing_that_a_thread_or_a_process_does() {
    let emulator =
        emulator(Behaviour { duration: Duration::from_secs(3600), start_delay: Duration::ZERO, ..quick() });
    let running = "AUTOPILOT_SYNC_ALREADY_RUNNING\n".repeat(3);
    assert_eq!(api(&emulator, &["exit"]), format!("AUTOPILOT_OK\n{running}"));
}

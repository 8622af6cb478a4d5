//! A C program with an event loop drives calls in steps. `tests/sanitizers.sh` also runs it under the checkers.

use std::time::Duration;

use autopilot_emulator::{Access, Behaviour, Clock, Config, Emulator, Past, Token};

use crate::compiler;
use crate::program::Program;

/// The token names the tenant. Each request moves the clock by a minute, so a sync has ended at the next look.
fn emulator(behaviour: Behaviour) -> Emulator {
    let clock = Clock::manual().step(Duration::from_secs(60));
    let tokens = [("expired", Access::Expired), ("challenged", Access::Challenged)];
    let tenants = ["settings", "sync", "sync-and-wait", "sync-since"];
    let config = Config { clock, behaviour, ..Config::default() };
    let config = tokens.iter().fold(config, |config, (text, access)| config.token(text, Token::new(*access)));
    Emulator::start(tenants.iter().fold(config, |config, name| config.token(name, Token::default().of(name))))
}

fn steps(emulator: &Emulator, scenario: &str) -> Vec<String> {
    let printed = compiler::run(Program::named("steps.c").against(emulator).arg(scenario));
    printed.lines().map(str::to_owned).collect()
}

/// The requests with this token, like `GET POST`.
fn methods(emulator: &Emulator, token: &str) -> String {
    let requests = emulator.requests();
    let of_token = requests.iter().filter(|request| request.token.as_deref() == Some(token));
    of_token.map(|request| request.method.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_event_loop_reaches_each_goal() {
    let emulator = emulator(Behaviour::default());
    assert_eq!(
        steps(&emulator, "goals"),
        [
            "AUTOPILOT_OK trigger=0 attempts=1 status=2",
            "AUTOPILOT_OK trigger=3 attempts=1 status=-2",
            "AUTOPILOT_OK trigger=3 attempts=4 status=2",
            "AUTOPILOT_OK trigger=3 attempts=4 status=2",
        ]
    );
    for (token, expected) in [
        ("settings", "GET"),
        ("sync", "POST"),
        ("sync-and-wait", "GET POST GET GET"),
        ("sync-since", "GET POST GET GET"),
    ] {
        assert_eq!(methods(&emulator, token), expected, "{token}");
    }
    assert_eq!(emulator.counts().handshakes, 1);
}

#[test]
fn a_refused_token_is_asked_for_and_repeated_with_the_new_one() {
    let emulator = emulator(Behaviour::default());
    let expected = [
        ["AUTOPILOT_OK trigger=0 attempts=2 status=2"; 2],
        ["AUTOPILOT_ERROR_UNAUTHORIZED trigger=0 attempts=1 status=-2"; 2],
        ["AUTOPILOT_ERROR_UNAUTHORIZED trigger=0 attempts=2 status=-2"; 2],
    ];
    assert_eq!(steps(&emulator, "tokens"), expected.concat());
}

#[test]
fn a_cancel_ends_a_call_in_steps_and_the_trigger_is_told() {
    let emulator = emulator(Behaviour { duration: Duration::from_secs(86_400), ..Behaviour::default() });
    assert_eq!(
        steps(&emulator, "cancel"),
        [
            "AUTOPILOT_ERROR_CANCELLED trigger=0 attempts=0 status=-2",
            "AUTOPILOT_ERROR_CANCELLED trigger=3 attempts=2 status=2",
            "AUTOPILOT_ERROR_CANCELLED trigger=2 attempts=1 status=-2",
        ]
    );
    assert_eq!(methods(&emulator, "token"), "GET POST");
}

#[test]
fn a_call_in_steps_is_seen_and_stopped_by_its_caller() {
    let endless = Behaviour { duration: Duration::from_secs(86_400), ..Behaviour::default() };
    let emulator = emulator(endless.clone());
    emulator.set_tenant("recent", Behaviour { last_sync: Past::Ago(Duration::ZERO), ..endless });
    emulator.set_token("recent", Token::default().of("recent"));
    assert_eq!(
        steps(&emulator, "stop"),
        [
            "AUTOPILOT_SYNC_TOO_SOON AUTOPILOT_TRIGGER_REFUSED",
            "AUTOPILOT_ERROR_CANCELLED AUTOPILOT_TRIGGER_ACCEPTED",
            "AUTOPILOT_ERROR_CANCELLED AUTOPILOT_TRIGGER_NOT_SENT",
        ]
    );
}

#[test]
fn a_token_may_be_handed_in_with_the_progress() {
    let emulator = emulator(Behaviour::default());
    assert_eq!(steps(&emulator, "progress-token"), ["AUTOPILOT_OK trigger=0 attempts=2 status=2"; 2]);
    assert_eq!(methods(&emulator, "settings"), "GET GET");
}

#[test]
fn a_call_in_steps_may_be_freed_anywhere() {
    assert_eq!(steps(&emulator(Behaviour::default()), "freed"), ["kept"]);
}

#[test]
fn a_forked_child_may_take_the_next_step() {
    let emulator = emulator(Behaviour::default());
    assert_eq!(steps(&emulator, "forked"), ["AUTOPILOT_OK trigger=3 attempts=4 status=2"]);
    let connections: Vec<_> = emulator.requests().iter().map(|request| request.connection).collect();
    assert_eq!(methods(&emulator, "sync-and-wait"), "GET POST GET GET GET");
    assert_eq!([connections[0], connections[0]], [connections[1], connections[4]]);
    assert_ne!(connections[0], connections[2]);
}

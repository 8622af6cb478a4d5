//! A C program with many threads, and with callbacks that call the library. `tests/sanitizers.sh` also runs it under a
//! checker of threads.

use std::time::Duration;

use autopilot_emulator::{Behaviour, Config, Emulator, Network, ProxyFault};

use crate::compiler;
use crate::languages::printed;
use crate::program::{Language, Program};

fn threads(emulator: &Emulator, scenario: &str) {
    let printed = compiler::run(Program::named("threads.c").against(emulator).arg(scenario));
    assert_eq!(printed, "kept\n", "{scenario}");
}

/// Its sync starts at once, and never ends.
fn endless() -> Emulator {
    let behaviour = Behaviour {
        duration: Duration::from_secs(86400),
        start_delay: Duration::ZERO,
        ..Behaviour::default()
    };
    Emulator::start(Config { behaviour, ..Config::default() })
}

#[test]
fn threads_share_a_client() {
    for scenario in ["share", "shared"] {
        let emulator = endless();
        threads(&emulator, scenario);
        assert_eq!(emulator.requests().len(), 40);
        assert!(emulator.counts().handshakes <= 8, "a connection for each thread at most");
    }
}

#[test]
fn the_first_call_may_be_many_at_once() {
    let emulator = endless();
    threads(&emulator, "first");
    assert_eq!(emulator.requests().len(), 8);
}

#[test]
fn a_cancel_that_races_a_call_ends_in_a_result() {
    threads(&endless(), "cancel");
}

#[test]
fn one_cancel_ends_many_calls() {
    threads(&endless(), "one-cancel");
}

#[test]
fn all_calls_may_run_on_one_client_at_once() {
    threads(&endless(), "mixed");
}

#[test]
fn a_detail_is_read_and_freed_by_any_thread() {
    threads(&endless(), "details");
}

#[test]
fn a_client_is_freed_while_its_connections_are_in_the_making() {
    let network = Network { proxy_fault: Some(ProxyFault::Silent), ..Network::default() };
    threads(&Emulator::start(Config { network, ..Config::default() }), "freed");
}

#[test]
fn a_client_is_freed_while_a_look_up_never_ends() {
    let emulator = endless();
    let mut command = Program::named("threads.c").against(&emulator);
    command
        .env("HTTPS_PROXY", format!("http://localhost:{}", emulator.proxy_port()))
        .env("LD_PRELOAD", Program::shim())
        .env("SHIM_HANG", "1");
    let printed = compiler::run(command.arg("freed"));
    assert!(printed.starts_with("kept\n"), "{printed}");
}

#[test]
fn a_callback_may_call_the_library() {
    threads(&endless(), "reentrant");
}

/// The environment's default stack size is for the host's threads, not for the library's.
#[test]
fn helper_threads_state_their_own_stack() {
    for size in ["1", "32768"] {
        let emulator = endless();
        let mut command = Program::one_call(Language::C).against(&emulator);
        assert_eq!(printed(command.env("RUST_MIN_STACK", size).arg("token")), "0", "{size}");
    }
}

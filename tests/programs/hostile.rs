//! A C program that hands in what it must not: NULL, numbers out of range, texts that cannot be right. `.ci/run` runs these
//! once more under valgrind, and `tests/sanitizers.sh` under the sanitizers.

use std::time::Duration;

use autopilot_emulator::{Behaviour, Config, Emulator};

use crate::compiler;
use crate::program::Program;

fn hostile(emulator: &Emulator, scenario: &str) -> String {
    compiler::run(Program::named("hostile.c").against(emulator).arg(scenario))
}

fn emulator() -> Emulator {
    let behaviour = Behaviour {
        duration: Duration::from_secs(3600),
        start_delay: Duration::ZERO,
        ..Behaviour::default()
    };
    Emulator::start(Config { behaviour, ..Config::default() })
}

#[test]
fn what_is_refused_is_refused_before_anything_is_opened() {
    for scenario in ["null", "numbers", "strings"] {
        let emulator = emulator();
        assert_eq!(hostile(&emulator, scenario), "kept\n", "{scenario}");
        assert_eq!(emulator.counts().accepted, 0, "{scenario}");
    }
}

#[test]
fn a_credential_that_cannot_be_right_is_refused_before_anything_is_opened() {
    let emulator = emulator();
    let mut program = Program::named("hostile_credentials.c").against(&emulator);
    program.env("EMPTY", "").env("TWO_LINES", "secret-0123456789\nsecret-0123456789");
    assert_eq!(compiler::run(&mut program), "kept\n");
    assert_eq!(emulator.counts().accepted, 0);
}

#[test]
fn null_stands_for_the_default_where_it_may() {
    let emulator = emulator();
    assert_eq!(hostile(&emulator, "defaults"), "kept\n");
}

#[test]
fn a_wrong_argument_is_told_before_a_wrong_environment() {
    let mut command = Program::named("hostile.c").against(&emulator());
    command.arg("environment").env("HTTPS_PROXY", "ftp://proxy.example");
    assert_eq!(compiler::run(&mut command), "kept\n");
}

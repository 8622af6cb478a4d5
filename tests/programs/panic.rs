//! A panic inside of the library ends as a result, and the process goes on. The C program makes the library panic: it
//! lets the system's clock fail.

use std::time::Duration;

use autopilot_emulator::{Behaviour, Config, Emulator};

use crate::program::Program;

const TOKEN: &str = "a-token-that-nobody-prints";

#[test]
fn a_panic_is_a_result_and_later_calls_are_as_good_as_ever() {
    let behaviour = Behaviour { duration: Duration::from_secs(86400), ..Behaviour::default() };
    let emulator = Emulator::start(Config { behaviour, ..Config::default() });
    let answer = Program::named("panic.c").against(&emulator).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr));
    assert!(answer.status.success() && out == "kept\n", "{}\n{err}", answer.status);
    // Rust's hook reports each panic on stderr. It belongs to the process, so the library does not change it.
    let panics_of = |thread: &str| err.contains(&format!("thread '{thread}'"));
    assert!(panics_of("<unnamed>") && panics_of("autopilot-dial"), "{err}");
    assert!(!err.contains(TOKEN), "{err}");
    assert!(emulator.requests().iter().all(|request| request.token.as_deref() == Some(TOKEN)));
}

//! Forks of a process that uses the library: parent and child go on, each by itself.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use autopilot_emulator::{Fault, Step};

use crate::languages::{emulator, printed};
use crate::program::Program;

#[test]
fn a_forked_child_has_connections_of_its_own() {
    let emulator = emulator();
    let mut command = Program::named("fork.c").against(&emulator);
    assert_eq!(printed(&mut command), "parent 0 child 1 child 2 parent 2");
    let connections: Vec<_> = emulator.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections[0], connections[3]);
    assert_eq!(connections[1], connections[2]);
    assert_ne!(connections[0], connections[1]);
}

#[test]
fn a_daemon_that_closed_its_descriptors_may_call() {
    let emulator = emulator();
    let mut command = Program::named("fork.c").against(&emulator);
    assert_eq!(printed(command.arg("daemon")), "parent 0 child 1 parent 2");
}

#[test]
fn a_forked_child_cannot_cancel_its_parents_calls() {
    let emulator = emulator();
    emulator.script([Step::fault(Fault::Hang)]);
    let mut command = Program::named("fork.c").against(&emulator);
    let mut parent = command.arg("cancel").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    while emulator.requests().is_empty() && parent.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(10));
    }
    drop(parent.stdin.take()); // go on
    let answer = parent.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "parent -4\n", "its deadline, not a lost connection");
    assert!(answer.status.success());
}

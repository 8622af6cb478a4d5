//! Forks of a process that uses the library: parent and child both go on, independently.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use autopilot_emulator::{Fault, Step};

use crate::emulators::stepping;
use crate::languages::printed;
use crate::program::Program;

#[test]
fn a_forked_child_has_connections_of_its_own() {
    let emulator = stepping();
    let mut command = Program::named("fork.c").against(&emulator);
    assert_eq!(printed(&mut command), "parent 0 child 1 child 2 parent 2");
    let connections: Vec<_> = emulator.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections[0], connections[3]);
    assert_eq!(connections[1], connections[2]);
    assert_ne!(connections[0], connections[1]);
}

#[test]
fn a_daemon_that_closed_its_descriptors_may_call() {
    let emulator = stepping();
    let mut command = Program::named("fork.c").against(&emulator);
    assert_eq!(printed(command.arg("daemon")), "parent 0 child 1 parent 2");
}

#[test]
fn a_forked_child_cannot_cancel_its_parents_calls() {
    let emulator = stepping();
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

/// If the thread of the first call held a lock or a half-made value during another thread's fork, the child would hang.
#[test]
fn a_child_forked_anywhere_in_the_first_call_may_call() {
    let emulator = stepping();
    let program = Program::with_flags("fork_anywhere.c", &["-Wno-unused-result"]);
    let forked_anywhere = |generation: Option<&str>| {
        let ends = (1..).map(|allocations: u32| {
            let mut command = program.plainly_against(&emulator);
            printed(command.arg(allocations.to_string()).args(generation))
        });
        let ends: Vec<_> = ends.take_while(|end| end != "over").collect();
        assert!(ends.len() > 20 && ends.iter().all(|end| end == "both"), "{generation:?}: {ends:?}");
    };
    thread::scope(|scope| {
        scope.spawn(|| forked_anywhere(None));
        scope.spawn(|| forked_anywhere(Some("child")));
    });
}

/// In another PID namespace a child may have its parent's number.
#[test]
fn a_child_with_its_parents_number_has_connections_of_its_own() {
    let emulator = stepping();
    // In a user namespace, because the tests may not run as root.
    let unshare = ["unshare", "--map-root-user", "--pid", "--fork"];
    let mut command = Program::named("fork.c").under(unshare.into_iter(), &emulator);
    assert_eq!(printed(command.arg("namespace")), "parent 1 0 child 1 1 parent 2");
    let connections: Vec<_> = emulator.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections[0], connections[2]);
    assert_ne!(connections[0], connections[1]);
}

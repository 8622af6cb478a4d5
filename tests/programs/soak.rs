//! A C program makes calls of every kind from several threads, and must not hold more at the end than after a third.
//! `AUTOPILOT_SOAK_CALLS` is the number of calls; `tests/soak.sh` makes a hundred thousand.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use autopilot_emulator::{Access, Config, Emulator, Fault, Reply, Step, Token};

use crate::program::Program;

#[test]
#[allow(clippy::print_stdout)] // figures that `tests/soak.sh` shows
fn what_a_process_holds_does_not_grow() {
    let calls = std::env::var("AUTOPILOT_SOAK_CALLS").unwrap_or_else(|_| "3000".to_owned());
    let (emulator, untrusted) = (emulator(), Emulator::start(Config::default()));
    let mut command = Program::named("soak.c").plainly_against(&emulator);
    command.args([calls, untrusted.proxy_url()]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let printed: Vec<_> = thread::scope(|scope| {
        let (lives, ends) = mpsc::channel::<()>();
        // Otherwise the emulator would grow.
        let now_and_then = Duration::from_millis(100);
        let emulator = &emulator;
        scope.spawn(move || {
            while ends.recv_timeout(now_and_then) == Err(RecvTimeoutError::Timeout) {
                emulator.clear_requests();
            }
        });
        let printed = lines.inspect(|line| println!("{line}")).collect();
        drop(lives);
        printed
    });
    assert!(child.wait().unwrap().success() && printed.ends_with(&["kept".to_owned()]), "{printed:?}");
}

/// The token names the answer.
fn emulator() -> Emulator {
    let config =
        [("forbidden", Access::Forbidden), ("challenged", Access::Challenged), ("expired", Access::Expired)]
            .into_iter()
            .fold(Config::default(), |config, (text, access)| config.token(text, Token::new(access)));
    // Nobody triggers a sync of this token's tenant.
    let emulator = Emulator::start(config.token("idle", Token::default().of("idle")));
    let steps = [
        ("failing", Step::error(500)),
        ("page", Step::reply(Reply::new(403).html())),
        ("endless", Step::error(409).spoiled(Fault::EndlessBody)),
        ("nonsense", Step::fault(Fault::Raw(b"nonsense\r\n\r\n".to_vec()))),
        ("closed", Step::fault(Fault::Close)),
        ("reset", Step::fault(Fault::Reset)),
        ("truncated", Step::error(403).spoiled(Fault::Truncate { keep: 7 })),
        ("unanswered", Step::fault(Fault::Hang)),
    ];
    emulator.script(steps.map(|(token, step)| step.for_token(token).forever()));
    emulator
}

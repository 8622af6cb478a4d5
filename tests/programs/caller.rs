//! The same as `caller.c`, in Rust.

#![allow(clippy::print_stdout)] // it is a program

use std::fs::File;
use std::io::Read;
use std::mem::ManuallyDrop;
use std::ops::ControlFlow;
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use autopilot_sync::{
    Canceller, Client, Detail, Error, Fleet, FleetEvent, Goal, Phase, Progress, Step, SyncOutcome, Wait,
};
use zeroize::Zeroizing;

const LONGEST_LINE: usize = 128 * 1024;
const HOUR: Duration = Duration::from_secs(3600);
const YEAR_2000: Duration = Duration::from_secs(946_684_800);

/// Reads a line of standard input into this buffer, and no other.
fn hear(input: &mut File) -> Zeroizing<String> {
    let mut line = Zeroizing::new(String::with_capacity(LONGEST_LINE));
    let mut byte = [0];
    while input.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        assert!(line.len() < LONGEST_LINE);
        line.push(byte[0].into());
    }
    line
}

fn input() -> File {
    File::open("/dev/stdin").unwrap()
}

fn ended(end: Result<SyncOutcome, Error>) -> (i32, Detail) {
    match end {
        Ok(outcome) => (outcome.answer().code(), outcome.detail().clone()),
        Err(error) => (error.kind().code(), error.detail().clone()),
    }
}

/// Passes the next line as the new token if one is refused.
fn renew(progress: &mut Progress<'_>) -> ControlFlow<()> {
    if progress.phase() == Phase::TokenRejected {
        progress.set_token(&hear(&mut input())).unwrap();
    }
    ControlFlow::Continue(())
}

/// The wait is not freed: it is looked through too.
fn take_steps(wait: Wait) -> Result<SyncOutcome, Error> {
    let mut wait = ManuallyDrop::new(wait);
    loop {
        match wait.step() {
            Step::Pause(until) => thread::sleep(until.saturating_duration_since(Instant::now())),
            Step::WantsToken => wait.set_token(&hear(&mut input())).unwrap(),
            Step::Done(result) => return result,
            step => panic!("{step:?}"),
        }
    }
}

/// The fleet is not freed either.
fn join_fleet(fleet: Fleet<()>, token: &str) -> Result<SyncOutcome, Error> {
    let fleet = ManuallyDrop::new(fleet);
    fleet.add((), Some(token), Goal::SyncAndWait, HOUR).unwrap();
    loop {
        match fleet.next(Duration::MAX) {
            FleetEvent::Ended { result, .. } => return result,
            FleetEvent::WantsToken { key, .. } => fleet.set_token(&key, &hear(&mut input())).unwrap(),
            _ => {}
        }
    }
}

fn make(action: &str, client: &Client, token: &str) -> (i32, Detail) {
    match action {
        "one-call" => ended(autopilot_sync::sync(token)),
        "sync" => ended(client.sync(token)),
        "wait" => ended(client.sync_and_wait(token, HOUR, renew)),
        "since" => ended(client.sync_since(token, UNIX_EPOCH + YEAR_2000, HOUR, renew)),
        "steps" => ended(take_steps(client.wait(token, Goal::SyncAndWait, HOUR).unwrap())),
        "fleet" => ended(join_fleet(Fleet::new(client), token)),
        "settings" => match client.settings(token) {
            Ok(_) => (0, Detail::default()),
            Err(error) => (error.kind().code(), error.detail().clone()),
        },
        _ => panic!("{action}?"),
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let timeout = Duration::from_millis(arguments[2].parse().unwrap());
    let builder = Client::builder().timeout(timeout).unwrap().connect_timeout(timeout).unwrap();
    let canceller = Canceller::new();
    let client = builder.max_retries(1).unwrap().build().unwrap().with_canceller(&canceller);
    let token = hear(&mut input());
    let cancelling = arguments.get(3).map(|_| {
        thread::spawn(move || {
            hear(&mut input());
            canceller.cancel();
        })
    });
    let (result, detail) = make(&arguments[1], &client, &token);
    let trace = detail.trace().to_string();
    println!("made {result}");
    if let Some(thread) = cancelling {
        thread.join().unwrap();
    }
    hear(&mut input());
    drop(token);
    println!("wiped");
    hear(&mut input());
    drop(client);
    println!("freed");
    hear(&mut input());
    drop((detail, trace)); // they were looked through too
}

//! The same as `caller.c`, in Rust.

#![allow(clippy::print_stdout)] // it is a program

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::time::{Duration, UNIX_EPOCH};

use autopilot_sync::{Canceller, Client, Detail, Error, Phase, Progress, SyncOutcome};
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

fn make(action: &str, client: &Client, token: &str) -> (i32, Detail) {
    match action {
        "one-call" => ended(autopilot_sync::sync(token)),
        "sync" => ended(client.sync(token)),
        "wait" => ended(client.sync_and_wait(token, HOUR, renew)),
        "since" => ended(client.sync_since(token, UNIX_EPOCH + YEAR_2000, HOUR, renew)),
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
        std::thread::spawn(move || {
            hear(&mut input());
            canceller.cancel();
        })
    });
    let (result, detail) = make(&arguments[1], &client, &token);
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
    drop(detail); // it was looked through too
}

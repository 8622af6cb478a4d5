//! The library with a thread for each tenant.
//!
//! ```text
//! threads wait|trigger TOKENS
//! ```
//!
//! Each line of the file TOKENS is a tenant's token. Prints for how many tenants all went well, and on standard error
//! how the others ended. BENCH_ROOT is the service's base URL.

#![allow(clippy::print_stdout, clippy::print_stderr)] // it is a program that prints

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::thread;
use std::time::Duration;

use autopilot_sync::{Answer, Client, SyncOutcome};

/// Longer than any run.
const PATIENCE: Duration = Duration::from_secs(3600);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, tokens] = &arguments[..] else { return Err("threads wait|trigger TOKENS".into()) };
    let is_wait = kind == "wait";
    let client = Client::builder().base_url(&std::env::var("BENCH_ROOT")?)?.build()?;
    let call = |token: &str| {
        if is_wait {
            client.sync_and_wait(token, PATIENCE, |_| ControlFlow::Continue(()))
        } else {
            client.sync(token)
        }
    };
    let tokens = BufReader::new(File::open(tokens)?).lines().collect::<Result<Vec<_>, _>>()?;
    let mut ends = BTreeMap::<String, usize>::new();
    thread::scope(|scope| {
        let threads: Vec<_> = tokens.into_iter().map(|token| scope.spawn(move || call(&token))).collect();
        for thread in threads {
            *ends.entry(end(thread.join().expect("no thread panics"))).or_default() += 1;
        }
    });
    println!("{}", ends.remove("well").unwrap_or_default());
    for (end, count) in ends {
        eprintln!("{count} times: {end}");
    }
    Ok(())
}

fn end(result: Result<SyncOutcome, autopilot_sync::Error>) -> String {
    match result {
        Ok(outcome) if outcome.answer() == Answer::Accepted => "well".to_owned(),
        Ok(outcome) => format!("{:?}", outcome.answer()),
        Err(error) => error.to_string(),
    }
}

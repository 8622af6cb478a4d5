//! A fleet of the library's, with as many threads as it asks for.
//!
//! ```text
//! fleet wait|trigger TOKENS
//! ```
//!
//! Each line of the file TOKENS is a tenant's token. Prints for how many tenants all went well, and on standard error
//! how the others ended. BENCH_ROOT is the service's base URL.

#![allow(clippy::print_stdout, clippy::print_stderr)] // it is a program that prints

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

use autopilot_sync::{Answer, Client, Fleet, FleetEvent, Goal};

/// Longer than any run.
const PATIENCE: Duration = Duration::from_secs(3600);

/// However many more the fleet asks for.
const MOST_THREADS: usize = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, tokens] = &arguments[..] else { return Err("fleet wait|trigger TOKENS".into()) };
    let goal = if kind == "wait" { Goal::SyncAndWait } else { Goal::Sync };
    let client = Client::builder().base_url(&std::env::var("BENCH_ROOT")?)?.build()?;
    let fleet = Fleet::new(&client);
    for (number, token) in BufReader::new(File::open(tokens)?).lines().enumerate() {
        fleet.add(number, &token?, goal, PATIENCE)?;
    }
    fleet.close();
    let work = Work { fleet, well: AtomicUsize::new(0), threads: AtomicUsize::new(1) };
    thread::scope(|scope| work.run(scope));
    println!("{}", work.well.into_inner());
    Ok(())
}

struct Work {
    fleet: Fleet<usize>,
    well: AtomicUsize,
    threads: AtomicUsize,
}

impl Work {
    /// Does what is due, until all calls have ended.
    fn run<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        loop {
            match self.fleet.next(PATIENCE) {
                FleetEvent::Ended { result: Ok(outcome), .. } if outcome.answer() == Answer::Accepted => {
                    self.well.fetch_add(1, Ordering::Relaxed);
                }
                FleetEvent::Ended { key, result: Ok(outcome) } => eprintln!("{key}: {:?}", outcome.answer()),
                FleetEvent::Ended { key, result: Err(error) } => eprintln!("{key}: {error:#}"),
                FleetEvent::WantsToken { key, .. } => self.fleet.cancel_one(&key),
                FleetEvent::Behind if self.threads.fetch_add(1, Ordering::Relaxed) < MOST_THREADS => {
                    scope.spawn(move || self.run(scope));
                }
                FleetEvent::Finished => return,
                _ => {}
            }
        }
    }
}

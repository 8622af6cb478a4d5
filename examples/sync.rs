//! Triggers a Windows Autopilot sync, waits until it is really done, and says in plain words what happens.
//!
//! ```text
//! cargo run --example sync [-- --no-wait | --status]
//! ```
//!
//! With AUTOPILOT_TOKEN set it calls the real service. Without, it runs itself once more against the emulator, where
//! any token will do; the two variables that lead there are the same for every program.

#![allow(clippy::print_stdout, clippy::print_stderr)] // it is a program

use std::env;
use std::error::Error as StdError;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Duration;

use autopilot_emulator::{Config, Emulator};
use autopilot_sync::{Answer, Client, Error, Phase, Progress, Settings, SyncOutcome, Trigger};

/// Long enough for a large tenant, and for the ten minutes between two syncs.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

const USAGE: &str = "usage: sync [--no-wait | --status]";

fn main() -> Result<ExitCode, Box<dyn StdError>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let run = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => wait,
        ["--no-wait"] => trigger,
        ["--status"] => status,
        _ => {
            eprintln!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    };
    match env::var("AUTOPILOT_TOKEN") {
        Ok(token) => Ok(run(&token).unwrap_or_else(|error| told(&error))),
        Err(_) => with_the_emulator(&arguments),
    }
}

fn wait(token: &str) -> Result<ExitCode, Error> {
    let is_terminal = io::stdout().is_terminal();
    let outcome = Client::new()?.sync_and_wait(token, PATIENCE, |progress| {
        if is_terminal {
            print!("\r\x1b[K{}", line(progress));
            let _ = io::stdout().flush();
        }
        ControlFlow::Continue(())
    });
    if is_terminal {
        print!("\r\x1b[K");
    }
    let outcome = outcome?;
    println!("{}", in_words(&outcome));
    Ok(ids(&outcome))
}

/// The live progress line.
fn line(progress: &Progress<'_>) -> String {
    let doing = match progress.phase() {
        Phase::Starting => "asking how the last sync went",
        Phase::Window => "too soon after the last sync; waiting for the next",
        Phase::Watching => "watching the sync",
        _ => "the token is refused",
    };
    let state = progress.settings().and_then(Settings::status).map_or("", |status| status.as_str());
    format!(
        "{:>5} s  {doing}  {state}  (next step in {} s)",
        progress.elapsed().as_secs(),
        progress.next_step().as_secs()
    )
}

fn trigger(token: &str) -> Result<ExitCode, Error> {
    let outcome = autopilot_sync::sync(token)?;
    println!("{}", in_words(&outcome));
    Ok(ids(&outcome))
}

fn status(token: &str) -> Result<ExitCode, Error> {
    let settings = Client::new()?.settings(token)?;
    println!("state of the last sync: {}", settings.status().map_or("not told", |status| status.as_str()));
    println!("last sync:              {}", settings.last_sync_text().unwrap_or("never"));
    println!("last trigger by hand:   {}", settings.last_manual_sync_text().unwrap_or("never"));
    Ok(ExitCode::SUCCESS)
}

fn in_words(outcome: &SyncOutcome) -> String {
    let detail = outcome.detail();
    match (outcome.answer(), detail.settings()) {
        (Answer::Accepted, Some(_)) => "The service accepted the sync, and it is completed.".into(),
        (Answer::Accepted, None) => {
            "The service accepted: the sync starts now, and takes seconds to minutes.".into()
        }
        (Answer::AlreadyRunning, Some(_)) => "A sync was running already; it is completed now.".into(),
        (Answer::AlreadyRunning, None) => "A sync is running already; no second one is needed.".into(),
        (Answer::TooSoon, _) => match detail.retry_after() {
            Some(wait) => {
                format!(
                    "A sync ran moments ago. The next is possible in {} seconds.",
                    wait.as_millis().div_ceil(1000)
                )
            }
            None => "A sync ran less than ten minutes ago, perhaps Intune's own. Try again later.".into(),
        },
        _ => "A sync runs, but this token may not read how it ends.".into(),
    }
}

fn ids(outcome: &SyncOutcome) -> ExitCode {
    if let Some(attempt) = outcome.detail().attempts().last() {
        println!("For Microsoft's support: client-request-id {}.", attempt.client_request_id());
    }
    ExitCode::SUCCESS
}

fn told(error: &Error) -> ExitCode {
    println!("Failed: {error:#}.");
    match error.detail().trigger() {
        Trigger::MayHaveRun => {
            println!("The request went out, so it may have been carried out. Trying again is harmless.")
        }
        Trigger::Accepted | Trigger::Joined => println!("A sync was running when it was last seen."),
        _ => println!("No sync was started."),
    }
    ExitCode::FAILURE
}

fn with_the_emulator(arguments: &[String]) -> Result<ExitCode, Box<dyn StdError>> {
    println!("AUTOPILOT_TOKEN is not set: this is the emulator, not Microsoft's service.");
    let emulator = Emulator::start(Config::default());
    let mut again = emulator.command(env::current_exe()?);
    let status = again.args(arguments).env("AUTOPILOT_TOKEN", "any-token-will-do").status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

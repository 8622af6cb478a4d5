//! Triggers a Windows Autopilot sync, waits until it completes, and says in plain words what happens.
//!
//! ```text
//! cargo run --example sync [-- --no-wait | --status]
//! ```
//!
//! If AUTOPILOT_TOKEN is set, it calls the real service. If not, but AZURE_CLIENT_ID is, it gets its token itself, with
//! the credential that Azure's variables name. Otherwise it runs itself again against the emulator, which takes any token.
//! Two environment variables lead it there, as they would lead any other program.

#![allow(clippy::print_stdout, clippy::print_stderr)] // it is a program that prints

use std::env;
use std::error::Error as StdError;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Duration;

use autopilot_emulator::{Config, Emulator};
use autopilot_sync::{
    Access, Answer, Client, Credential, Error, Phase, Progress, Settings, SyncOutcome, Trigger,
};

/// Enough for a large tenant, and for the ten minutes between two syncs.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

const USAGE: &str = "usage: sync [--no-wait | --status]";

fn main() -> Result<ExitCode, Box<dyn StdError>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let run: fn(Access<'_>) -> Result<ExitCode, Error> =
        match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            [] => wait,
            ["--no-wait"] => trigger,
            ["--status"] => status,
            _ => {
                eprintln!("{USAGE}");
                return Ok(ExitCode::from(2));
            }
        };
    if let Ok(token) = env::var("AUTOPILOT_TOKEN") {
        Ok(run(Access::Token(&token)).unwrap_or_else(|error| report(&error)))
    } else if env::var_os("AZURE_CLIENT_ID").is_some() {
        Ok(with_credential(run).unwrap_or_else(|error| report(&error)))
    } else {
        run_against_emulator(&arguments)
    }
}

fn with_credential(run: fn(Access<'_>) -> Result<ExitCode, Error>) -> Result<ExitCode, Error> {
    let credential = Credential::from_environment()?;
    println!("The token comes from the {credential}.");
    run(Access::Credential(&credential))
}

fn wait(access: Access<'_>) -> Result<ExitCode, Error> {
    let is_terminal = io::stdout().is_terminal();
    let outcome = Client::new()?.sync_and_wait(access, WAIT_TIMEOUT, |progress| {
        if is_terminal {
            print!("\r\x1b[K{}", progress_line(progress));
            let _ = io::stdout().flush();
        }
        ControlFlow::Continue(())
    });
    if is_terminal {
        print!("\r\x1b[K");
    }
    let outcome = outcome?;
    print_outcome(&outcome);
    Ok(ExitCode::SUCCESS)
}

fn progress_line(progress: &Progress<'_>) -> String {
    let activity = match progress.phase() {
        Phase::Starting => "reading how the last sync went",
        Phase::Window => "too soon after the last sync; waiting for the next",
        Phase::Watching => "watching the sync",
        _ => "the service refused the token",
    };
    let status = progress.settings().and_then(Settings::status).map_or("", |status| status.as_str());
    format!(
        "{:>5} s  {activity}  {status}  (next step in {} s)",
        progress.elapsed().as_secs(),
        progress.next_step().as_secs()
    )
}

fn trigger(access: Access<'_>) -> Result<ExitCode, Error> {
    let outcome = Client::new()?.sync(access)?;
    print_outcome(&outcome);
    Ok(ExitCode::SUCCESS)
}

fn status(access: Access<'_>) -> Result<ExitCode, Error> {
    let settings = Client::new()?.settings(access)?;
    println!("status of the last sync: {}", settings.status().map_or("not given", |status| status.as_str()));
    println!("last sync:               {}", settings.last_sync_text().unwrap_or("never"));
    println!("last manual trigger:     {}", settings.last_manual_sync_text().unwrap_or("never"));
    Ok(ExitCode::SUCCESS)
}

fn print_outcome(outcome: &SyncOutcome) {
    let detail = outcome.detail();
    let sentence = match (outcome.answer(), detail.settings()) {
        (Answer::Accepted, Some(_)) => "The service accepted the trigger, and the sync has completed.".into(),
        (Answer::Accepted, None) => {
            "The service accepted the trigger. The sync takes seconds to minutes.".into()
        }
        (Answer::AlreadyRunning, Some(_)) => "A sync was already running. It has completed.".into(),
        (Answer::AlreadyRunning, None) => "A sync is already running. You need no second one.".into(),
        (Answer::TooSoon, _) => match detail.retry_after() {
            Some(wait) => {
                format!(
                    "A sync ran less than ten minutes ago. The next is possible in {} seconds.",
                    wait.as_millis().div_ceil(1000)
                )
            }
            None => "A sync ran less than ten minutes ago, perhaps Intune's own. Try again later.".into(),
        },
        _ => "A sync is running, but this token may not read how it ends.".into(),
    };
    println!("{sentence}");
    if let Some(attempt) = detail.attempts().last() {
        println!(
            "If you ask Microsoft's support, give them the client-request-id {}.",
            attempt.client_request_id()
        );
    }
}

fn report(error: &Error) -> ExitCode {
    println!("Failed: {error:#}.");
    match error.detail().trigger() {
        Trigger::MayHaveRun => {
            println!("The request went out, so a sync may have started. You can safely try again.")
        }
        Trigger::Accepted | Trigger::Joined => println!("A sync was running at the last reading."),
        _ => println!("No sync started."),
    }
    ExitCode::FAILURE
}

fn run_against_emulator(arguments: &[String]) -> Result<ExitCode, Box<dyn StdError>> {
    println!(
        "Neither AUTOPILOT_TOKEN nor AZURE_CLIENT_ID is set, so this uses the emulator, not Microsoft's service."
    );
    let emulator = Emulator::start(Config::default());
    let mut command = emulator.command(env::current_exe()?);
    let status = command.args(arguments).env("AUTOPILOT_TOKEN", "any-token-will-do").status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

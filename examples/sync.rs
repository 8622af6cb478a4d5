//! Triggers a Windows Autopilot sync, and says in plain words what happened.
//!
//! With AUTOPILOT_TOKEN set it calls the real service. Without, it runs itself once more against the emulator, where
//! any token will do; the two variables that lead there are the same for every program.

use std::env;
use std::error::Error;
use std::process::ExitCode;

use autopilot_emulator::{Config, Emulator};
use autopilot_sync::{Answer, Trigger};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match env::var("AUTOPILOT_TOKEN") {
        Ok(token) => Ok(sync(&token)),
        Err(_) => sync_with_the_emulator(),
    }
}

fn sync(token: &str) -> ExitCode {
    let (detail, code) = match autopilot_sync::sync(token) {
        Ok(outcome) => {
            println!("{}", in_words(outcome.answer()));
            (outcome.detail().clone(), ExitCode::SUCCESS)
        }
        Err(error) => {
            println!("No sync was started: {error:#}.");
            if error.detail().trigger() == Trigger::MayHaveRun {
                println!(
                    "The request went out, though, so it may have been after all. Trying again is harmless."
                );
            }
            (error.detail().clone(), ExitCode::FAILURE)
        }
    };
    if let Some(seconds) = detail.retry_after().map(|wait| wait.as_secs()) {
        println!("The service wants to be asked again in {seconds} seconds.");
    }
    if let Some(attempt) = detail.attempts().last() {
        println!("For Microsoft's support: client-request-id {}.", attempt.client_request_id());
    }
    code
}

fn in_words(answer: Answer) -> &'static str {
    match answer {
        Answer::Done => "The service accepted: the sync starts now, and takes seconds to minutes.",
        Answer::AlreadyRunning => "A sync is running already; no second one is needed.",
        _ => "A sync ran less than ten minutes ago, perhaps Intune's own. Try again later.",
    }
}

fn sync_with_the_emulator() -> Result<ExitCode, Box<dyn Error>> {
    println!("AUTOPILOT_TOKEN is not set: this is the emulator, not Microsoft's service.");
    let emulator = Emulator::start(Config::default());
    let status =
        emulator.command(env::current_exe()?).env("AUTOPILOT_TOKEN", "any-token-will-do").status()?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

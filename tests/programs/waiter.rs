//! The same as `waiter.c`, in Rust.

#![allow(clippy::print_stdout)] // it is a program

use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use autopilot_sync::{Client, Progress};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let seconds = |text: &str| Duration::from_secs(text.parse().unwrap());
    let builder = Client::builder().timeout(seconds("3600")).unwrap();
    let mut phases = String::new();
    let note = |progress: &mut Progress<'_>| {
        let phase = (progress.phase() as i32).to_string();
        if !phases.ends_with(&phase) {
            phases += &phase;
        }
        ControlFlow::Continue(())
    };
    let end = match arguments[..] {
        [token, "sync"] => builder.build().unwrap().sync(token),
        [token, "trigger-only"] => builder.trigger_only().build().unwrap().sync(token),
        [token, "wait", timeout] => builder.build().unwrap().sync_and_wait(token, seconds(timeout), note),
        [token, "since", ago, timeout] => {
            let change = SystemTime::now() - seconds(ago);
            builder.build().unwrap().sync_since(token, change, seconds(timeout), note)
        }
        _ => panic!("{arguments:?}?"),
    };
    let (result, detail, message) = match &end {
        Ok(outcome) => (outcome.answer().code(), outcome.detail(), outcome.to_string()),
        Err(error) => (error.kind().code(), error.detail(), format!("{error:#}")),
    };
    let trigger = detail.trigger() as i32;
    let retry_after =
        detail.retry_after().map_or("-1".to_owned(), |time| time.as_nanos().div_ceil(1_000_000).to_string());
    let status =
        detail.settings().and_then(|settings| settings.status()).map_or("-", |status| status.as_str());
    println!(
        "{result} trigger={trigger} retry_after={retry_after} status={status} phases={phases}: {message}"
    );
}

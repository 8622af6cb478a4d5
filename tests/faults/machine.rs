//! Calls by the machine's identity, each in a process of its own, because the environment names its endpoint.

#![allow(clippy::print_stdout, reason = "one process tells the other by it")]

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::case::{Case, TOKEN, Told};
use crate::{shown, table};

/// Names the case whose call this process makes, with the peer's port and authority, and the deadline.
const PLAYED: &str = "AUTOPILOT_FAULTS_PLAYED";

/// Comes before the result.
const MARK: &str = "told: ";

/// The test program starts itself again to make this call.
pub(crate) fn call(case: &Case, port: u16, deadline: Duration) -> Told {
    let output = Command::new(env::current_exe().expect("Linux tells it"))
        .args(["--exact", "machine::one_call_of_another_process", "--nocapture"])
        .env("IDENTITY_ENDPOINT", format!("http://127.0.0.1:{port}/msi/token"))
        .env("IDENTITY_HEADER", TOKEN)
        .env_remove("IDENTITY_SERVER_THUMBPRINT")
        .env(
            PLAYED,
            serde_json::to_string(&(case.name(), port, shown::ca_file(), deadline)).expect("plain values"),
        )
        .output()
        .expect("it starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let told = stdout.split_once(MARK).and_then(|(_, told)| told.lines().next());
    let told = told.and_then(|told| serde_json::from_str(told).ok());
    told.unwrap_or_else(|| panic!("{stdout}{}", String::from_utf8_lossy(&output.stderr)))
}

/// Is no test, but the start of the other process.
#[test]
fn one_call_of_another_process() {
    let Ok(played) = env::var(PLAYED) else { return };
    let played = serde_json::from_str(&played).expect("as above");
    let (name, port, ca_file, deadline): (String, u16, PathBuf, Duration) = played;
    let case = table::identity().into_iter().find(|case| case.name() == name).expect("the same table");
    let told = case.call(&case.client_that_trusts(&ca_file, port, deadline), deadline);
    println!("{MARK}{}", serde_json::to_string(&told).expect("plain values"));
}

//! The emulator serves clients that nobody here wrote, as the real services do: the official SDK for Python, its
//! credentials, and curl. They are unchanged, and find it by variables of the environment.

mod comparison;
#[path = "../programs/compiler.rs"]
#[allow(dead_code)] // no program in C or C++ is here
mod compiler;
mod credentials;
#[path = "../programs/venv.rs"]
mod venv;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use autopilot_emulator::{Behaviour, Clock, Config, Emulator, RetryAfter};

const SETTINGS: &str = "https://graph.microsoft.com/beta/deviceManagement/windowsAutopilotSettings";

/// Its time passes with the requests only, four seconds with each: a sync at 8 s runs from 9 s to 19 s.
fn emulator() -> Emulator {
    let clock = Clock::manual().step(Duration::from_secs(4));
    // The SDK repeats a trigger that was refused with 429, by default after longer and longer pauses.
    let behaviour = Behaviour { retry_after: RetryAfter::Text("1".to_owned()), ..Behaviour::default() };
    Emulator::start(Config { clock, behaviour, ..Config::default() })
}

fn output(command: &mut Command, help: &str) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}. {help}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}{help}");
    out.into_owned()
}

/// The Python with the SDK, which the bench uses too. Half a gigabyte, so it is made once and kept outside the target
/// folder.
fn python_with_sdk() -> PathBuf {
    let make = "import peers; peers.venv('sdk', [peers.SDK]); print(peers.PYTHONS / 'sdk/bin/python')";
    let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench");
    let help =
        "Install Python 3 with venv (Debian: apt-get install python3-venv). The packages come from PyPI.";
    let printed = output(Command::new("python3").args(["-c", make]).current_dir(bench), help);
    PathBuf::from(printed.lines().last().expect("a path"))
}

#[test]
fn the_official_sdk_is_served() {
    let emulator = emulator();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_clients/sdk.py");
    let printed = output(emulator.command(python_with_sdk()).arg(script), "");
    let expected =
        ["completed", "accepted", "inProgress", "409 Conflict", "completed", "429 TooManyRequests"];
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    let requests = emulator.requests();
    let is_from_sdk = |name| requests.iter().all(|request| request.header(name).is_some());
    assert!(is_from_sdk("sdkVersion") && is_from_sdk("client-request-id"), "{requests:?}");
    assert!(requests.iter().all(|request| request.path.starts_with("/beta//")), "{requests:?}");
}

/// The status that curl gets, and the body.
fn curl(emulator: &Emulator, arguments: &[&str], url: &str) -> (String, String) {
    let mut curl = emulator.command("curl");
    curl.args(["-sS", "--max-time", "60", "-w", "\n%{http_code}", "-H", "Authorization: Bearer a-token"]);
    let help = "Install curl (Debian: apt-get install curl)";
    let printed = output(curl.args(arguments).arg(url), help);
    let (body, status) = printed.rsplit_once('\n').expect("a body and a status");
    (status.to_owned(), body.to_owned())
}

#[test]
fn curl_is_served_in_every_spelling() {
    let emulator = emulator();
    let json = ["-H", "Content-Type: application/json", "-d", "{}"];
    let chunked = [&json[..], &["-H", "Transfer-Encoding: chunked"]].concat();
    let table: [(&[&str], &str, &str, &str); 8] = [
        (&[], "", "200", "\"syncStatus\":\"completed\""),
        (&json, "/sync", "204", ""),
        (&[], "", "200", "\"syncStatus\":\"inProgress\""),
        (&["-d", ""], "/microsoft.graph.sync", "409", "\"code\":\"Conflict\""),
        (&chunked, "/sync", "400", ""),
        (&json, "//SYNC", "429", "\"code\":\"TooManyRequests\""),
        (&[], "/", "200", "\"syncStatus\":\"completed\""),
        (&["-X", "PATCH"], "", "405", ""),
    ];
    for (arguments, path, status, text) in table {
        let (got, body) = curl(&emulator, arguments, &format!("{SETTINGS}{path}"));
        assert_eq!(got, status, "{arguments:?} {path}: {body}");
        assert!(body.contains(text), "{arguments:?} {path}: {body}");
    }
    let requests = emulator.requests();
    let agents: Vec<_> =
        requests.iter().map(|request| request.header("user-agent").unwrap_or_default()).collect();
    assert!(
        agents.len() == table.len() && agents.iter().all(|agent| agent.starts_with("curl/")),
        "{agents:?}"
    );
}

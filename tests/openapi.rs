//! The library's requests and the emulator's replies are as the OpenAPI document says. openapi-core, a Python library,
//! validates recorded exchanges.

#[path = "programs/venv.rs"]
mod venv;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use autopilot_emulator::{
    Access, Behaviour, Clock, Config, Emulator, ErrorForm, Past, RetryAfter, Step, Token,
};
use autopilot_sync::Client;

fn emulator_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("emulator")
}

/// A Python with the validator.
fn python() -> PathBuf {
    venv::python("openapi-venv", &emulator_folder().join("requirements.txt"))
}

fn document() -> PathBuf {
    emulator_folder().join("openapi.yaml")
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn validate(exchanges: &serde_json::Value, document: &Path) -> Output {
    let exchanges = file("exchanges.json", &exchanges.to_string());
    Command::new(python())
        .arg(emulator_folder().join("validate.py"))
        .args([&exchanges, document])
        .output()
        .unwrap()
}

/// Exchanges of the library with the emulator in all its behaviours.
fn exchanges() -> serde_json::Value {
    let behaviour = Behaviour { duration: Duration::from_secs(2), ..Behaviour::default() };
    let emulator = Emulator::start(Config { clock: Clock::manual(), behaviour, ..Config::default() });
    let builder = Client::builder().ignore_environment().proxy(&emulator.proxy_url()).unwrap();
    let client = builder.ca_file(emulator.ca_file()).unwrap().max_retries(0).unwrap().build().unwrap();
    let both = || drop((client.sync("token"), client.settings("token")));
    for seconds in [0, 1, 2, 3, 600, 30] {
        emulator.advance(Duration::from_secs(seconds));
        both();
    }
    for retry_after in [RetryAfter::Seconds, RetryAfter::Date] {
        emulator.behave(|behaviour| behaviour.retry_after = retry_after.clone());
        both();
    }
    for access in [
        Access::Invalid,
        Access::Expired,
        Access::Challenged,
        Access::Unlicensed,
        Access::Forbidden,
        Access::ReadOnly,
        Access::TriggerOnly,
    ] {
        emulator.set_other_tokens(access);
        for form in [ErrorForm::Intune, ErrorForm::Deeper, ErrorForm::Graph, ErrorForm::CamelCase] {
            emulator.behave(|behaviour| behaviour.error_form = form);
            both();
        }
    }
    emulator.set_other_tokens(Access::Full);
    for status in [400, 500, 503, 504, 509] {
        emulator.script([Step::error(status), Step::error(status)]);
        both();
    }
    let never = Behaviour { last_sync: Past::Never, last_trigger: Past::Never, ..Behaviour::default() };
    emulator.set_tenant("new", never);
    emulator.set_token("token-of-new", Token::default().of("new"));
    client.settings("token-of-new").unwrap();
    let real = Emulator::start(Config::default());
    let builder = Client::builder().ignore_environment().proxy(&real.proxy_url()).unwrap();
    let waiting = builder.ca_file(real.ca_file()).unwrap().build().unwrap();
    let _ = waiting.sync_and_wait("token", Duration::from_secs(2), |_| ControlFlow::Continue(()));
    let mut all = serde_json::to_value(emulator.requests()).unwrap();
    let more = serde_json::to_value(real.requests()).unwrap();
    all.as_array_mut().unwrap().extend(more.as_array().unwrap().iter().cloned());
    all
}

#[test]
fn every_exchange_is_of_the_document() {
    let exchanges = exchanges();
    assert!(exchanges.as_array().unwrap().len() > 60);
    let answer = validate(&exchanges, &document());
    let said = String::from_utf8_lossy(&answer.stdout) + String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "{said}");
    wrong_exchanges_are_noticed(&exchanges);
    a_stricter_document_is_broken(&exchanges);
}

/// The check itself: it must notice each of these changes.
fn wrong_exchanges_are_noticed(exchanges: &serde_json::Value) {
    let one = |method: &str, status: u64| {
        let all = exchanges.as_array().unwrap().iter();
        let found = all.clone().find(|one| one["method"] == method && one["reply"]["status"] == status);
        found.unwrap_or_else(|| panic!("no {method} with {status}")).clone()
    };
    let changes: &[(&str, u64, &dyn Fn(&mut serde_json::Value))] = &[
        ("POST", 204, &|one| one["reply"]["status"] = 202.into()),
        ("POST", 204, &|one| one["method"] = "PUT".into()),
        ("POST", 204, &|one| one["path"] = "/beta/deviceManagement/windowsAutopilotSettings/synch".into()),
        ("POST", 204, &|one| drop_header(&mut one["headers"], "authorization")),
        ("POST", 204, &|one| drop_header(&mut one["headers"], "accept")),
        ("GET", 200, &|one| {
            let body = one["reply"]["body"].as_str().unwrap().replace("completed", "complete");
            one["reply"]["body"] = body.into();
        }),
    ];
    let wrong = changes.iter().enumerate().map(|(number, (method, status, change))| {
        let mut wrong = one(method, *status);
        change(&mut wrong);
        wrong["number"] = number.into();
        wrong
    });
    let answer = validate(&wrong.collect(), &document());
    let said = String::from_utf8_lossy(&answer.stdout);
    assert_eq!(answer.status.code(), Some(1), "{said}");
    for number in 0..changes.len() {
        assert!(said.contains(&format!("exchange {number}: ")), "change {number}: {said}");
    }
}

/// The validator sees the year 1, which means never: with a document that forbids it, one exchange is wrong.
fn a_stricter_document_is_broken(exchanges: &serde_json::Value) {
    let allowed = std::fs::read_to_string(document()).unwrap();
    let stricter =
        allowed.replace("\"^[0-9]{4}-[0-9]{2}-[0-9]{2}T", "\"^(?!0001)[0-9]{4}-[0-9]{2}-[0-9]{2}T");
    let answer = validate(exchanges, &file("stricter.yaml", &stricter));
    let said = String::from_utf8_lossy(&answer.stdout);
    assert!(
        said.ends_with(" 1 problems\n") && said.contains("'0001-01-01T00:00:00Z' does not match"),
        "{said}"
    );
}

fn drop_header(headers: &mut serde_json::Value, name: &str) {
    headers.as_array_mut().unwrap().retain(|header| !header[0].as_str().unwrap().eq_ignore_ascii_case(name));
}

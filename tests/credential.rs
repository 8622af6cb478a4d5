//! Tokens that the library gets itself, from an emulated Microsoft Entra.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use autopilot_emulator::{Behaviour, Clock, Config, Emulator, Fault, Registration, Reply, Step, Token};
use autopilot_sync::{
    Answer, Canceller, Client, Cloud, Credential, Error, ErrorKind, Fleet, FleetEvent, Goal, Secret,
    SyncOutcome, Trigger,
};

const TENANT: &str = "default";
const APPLICATION: &str = "00000000-0000-0000-0000-00000000000a";
const SECRET: &str = "abc8Q~secret-0123456789-abcdefghij";

fn emulator(registration: Registration) -> Emulator {
    let behaviour = Behaviour {
        duration: Duration::from_secs(2),
        start_delay: Duration::from_millis(200),
        ..Behaviour::default()
    };
    Emulator::start(Config { registration, behaviour, ..Config::default() })
}

fn client(emulator: &Emulator) -> Client {
    let builder = Client::builder().ignore_environment().proxy(&emulator.proxy_url()).unwrap();
    builder.ca_file(emulator.ca_file()).unwrap().build().unwrap()
}

fn secret() -> Credential {
    Credential::client_secret(TENANT, APPLICATION, Secret::Text(SECRET)).unwrap()
}

/// "login POST" and so on, in order.
fn requests(emulator: &Emulator) -> Vec<String> {
    let place = |host: &str| host.split('.').next().unwrap().to_owned();
    emulator.requests().iter().map(|request| format!("{} {}", place(&request.host), request.method)).collect()
}

/// The error, which shows no secret.
fn error(result: Result<SyncOutcome, Error>) -> Error {
    let error = result.unwrap_err();
    let shown = format!("{error:?} {error:#?} {error:#} {}", error.detail().trace());
    assert!(!shown.contains("secret-0123456789"), "{shown}");
    error
}

#[test]
fn one_token_serves_many_calls_and_threads() {
    let emulator = emulator(Registration { client_secret: Some(SECRET.into()), ..Registration::default() });
    let (client, credential) = (client(&emulator), secret());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.settings(&credential).unwrap());
        }
    });
    let outcome = client.sync(&credential).unwrap();
    assert_eq!(outcome.answer(), Answer::Accepted);
    let seen = requests(&emulator);
    assert_eq!(seen.iter().filter(|request| *request == "login POST").count(), 1, "{seen:?}");
    assert_eq!(seen.len(), 10);
}

#[test]
fn the_story_tells_of_the_token_and_shows_nothing_secret() {
    let emulator = emulator(Registration::default());
    let outcome = client(&emulator).sync(&secret()).unwrap();
    let trace = outcome.detail().trace().to_string();
    let address =
        "request: POST https://login.microsoftonline.com/default/oauth2/v2.0/token (client-request-id ";
    assert!(trace.contains(address), "{trace}");
    assert!(trace.contains("token: from login.microsoftonline.com, good for 60 min"), "{trace}");
    assert!(!trace.contains("secret-0123456789"));
    assert_eq!(outcome.detail().attempts().len(), 2);
}

//! The agents get their tokens themselves, from an emulated Entra or an emulated machine of Azure's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use autopilot_emulator::{Behaviour, Clock, Config, Emulator, Identities, Machine, Registration, RetryAfter};
use chrono::Utc;

use super::{Agent, path, write};
use crate::compiler;
use crate::program::Program;

const HOUR: Duration = Duration::from_secs(3600);

pub(super) const TENANT: &str = "default";
pub(super) const APPLICATION: &str = "00000000-0000-0000-0000-00000000000a";

/// A file with a client secret.
pub(super) fn secret_file(name: &str, secret: &str) -> PathBuf {
    let path = path(&format!("client-{name}"));
    write(&path, secret);
    path
}

/// A PEM file with a certificate that is valid from now on for so many days, and its key.
fn certificate_for(name: &str, days: &str) -> PathBuf {
    let (key, path) = (path(&format!("key-{name}.pem")), path(&format!("certificate-{name}.pem")));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=agent", "-days", days]);
    compiler::run(openssl.arg("-keyout").arg(&key).arg("-out").arg(&path));
    write(&path, &(fs::read_to_string(&path).unwrap() + &fs::read_to_string(&key).unwrap()));
    path
}

pub(super) fn certificate(name: &str) -> PathBuf {
    certificate_for(name, "2")
}

/// A machine of Azure's, with this application in Entra and this clock. It starts at this machine's time, because Entra
/// compares that with the times of an assertion.
fn azure(registration: Registration, clock: Clock) -> Emulator {
    let behaviour = Behaviour { retry_after: RetryAfter::Seconds, ..Behaviour::default() };
    let identities = Identities { managed_identity: Some(Machine::Imds), ..Identities::default() };
    let clock = clock.starting_at(Utc::now());
    Emulator::start(Config { clock, behaviour, identities, registration, ..Config::default() })
}

/// Each request moves its clock by six seconds, so a sync completes.
pub(super) fn on_azure() -> Emulator {
    azure(Registration::default(), Clock::manual().step(Duration::from_secs(6)))
}

fn with_secret(secret: &str, clock: Clock) -> Emulator {
    azure(Registration { client_secret: Some(secret.into()), ..Registration::default() }, clock)
}

fn syncd(emulator: &Emulator, arguments: &[&str]) -> Command {
    let mut command = Program::c_example("autopilot-syncd.c").against(emulator);
    command.args(arguments);
    command
}

/// The arguments of an application whose secret is in this file.
fn by_secret(file: &Path) -> [&str; 6] {
    ["--tenant", TENANT, "--client-id", APPLICATION, "--secret-file", file.to_str().unwrap()]
}

/// How often a token was asked for, from Entra or from the machine.
fn token_requests(emulator: &Emulator) -> usize {
    let requests = emulator.requests();
    requests.iter().filter(|request| request.path.contains("/oauth2/")).count()
}

#[test]
fn the_daemon_gets_its_token_from_each_source() {
    let (secret, certificate) = (secret_file("source", "s3cret-1\n"), certificate("source"));
    let application = ["--tenant", TENANT, "--client-id", APPLICATION];
    let certificate = [&application[..], &["--certificate", certificate.to_str().unwrap()]].concat();
    let of_application = format!("application {APPLICATION} in tenant {TENANT}, by its ");
    let variables =
        [("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", APPLICATION), ("AZURE_CLIENT_SECRET", "s3cret-2")];
    let table: [(&[&str], &[(&str, &str)], String, &str); 5] = [
        (&by_secret(&secret), &[], format!("{of_application}client secret"), "client_secret=s3cret-1"),
        (&certificate, &[], format!("{of_application}certificate"), "client_assertion=ey"),
        (&["--managed-identity"], &[], "managed identity, from the instance metadata service".into(), ""),
        (
            &["--managed-identity", "--client-id", APPLICATION],
            &[],
            "managed identity, ".into(),
            "client_id=00000000-",
        ),
        (&["--environment"], &variables, format!("{of_application}client secret"), "client_secret=s3cret-2"),
    ];
    for (arguments, variables, described, sent) in &table {
        let emulator = on_azure();
        let mut command = syncd(&emulator, arguments);
        let (code, said) = Agent::start(command.envs(variables.iter().copied())).end();
        assert_eq!(code, 0, "{arguments:?}: {said}");
        assert!(said.contains(&format!(" tokens: from {described}")), "{arguments:?}: {said}");
        assert!(said.contains(" result: AUTOPILOT_OK: the sync completed "), "{said}");
        let requests = emulator.requests();
        let body = String::from_utf8_lossy(&requests[0].body).into_owned();
        let asked = body + requests[0].query.as_deref().unwrap_or_default();
        assert!(asked.contains(sent), "{arguments:?}: {asked}");
        assert_eq!(token_requests(&emulator), 1, "{arguments:?}");
    }
}

/// The clock stands until the sync is being watched, and then the token has expired.
#[test]
fn the_daemon_gets_another_token_when_an_hour_has_passed() {
    let emulator = with_secret("s3cret-1", Clock::manual());
    let file = secret_file("hour", "s3cret-1");
    let agent = Agent::start(&mut syncd(&emulator, &by_secret(&file)));
    agent.wait_for("phase: watching");
    assert_eq!(token_requests(&emulator), 1);
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(" result: AUTOPILOT_OK: the sync completed "), "{said}");
    assert_eq!(token_requests(&emulator), 2);
}

#[test]
fn the_daemon_takes_a_new_secret_and_keeps_a_token_that_is_good() {
    let emulator = with_secret("s3cret-new", Clock::manual().step(Duration::from_secs(6)));
    let file = secret_file("rotated", "s3cret-old");
    let agent = Agent::start(syncd(&emulator, &by_secret(&file)).args(["--every", "1"]));
    agent.wait_for("result: AUTOPILOT_ERROR_UNAUTHORIZED: ");
    fs::remove_file(&file).unwrap();
    agent.wait_for("result: AUTOPILOT_ERROR_CONFIGURATION: ");
    write(&file, "s3cret-new");
    agent.wait_for("result: AUTOPILOT_OK: ");
    let asked = token_requests(&emulator);
    agent.wait_for("phase: too soon");
    agent.signal("TERM");
    let (code, said) = agent.end();
    assert_eq!(code, 0, "{said}");
    assert_eq!(token_requests(&emulator), asked, "{said}");
}

#[test]
fn the_daemon_says_why_it_gets_no_token() {
    let emulator = with_secret("s3cret-1", Clock::manual());
    emulator.identities(|identities| identities.system_assigned = false);
    let wrong = secret_file("wrong", "s3cret-2");
    let (empty, key) = (secret_file("empty", ""), secret_file("key", "no key"));
    let application = ["--tenant", TENANT, "--client-id", APPLICATION];
    let certificate = [&application[..], &["--certificate", key.to_str().unwrap()]].concat();
    let none = by_secret(Path::new("/nowhere"));
    let mut no_tenant = by_secret(&wrong);
    no_tenant[1] = "a/b";
    let table: [(&[&str], i32, &str); 6] = [
        (
            &by_secret(&wrong),
            77,
            "AUTOPILOT_ERROR_UNAUTHORIZED: unauthorized: no token: HTTP 401 from login.",
        ),
        (&by_secret(&empty), 78, "AUTOPILOT_ERROR_CONFIGURATION: "),
        (&none, 78, "(/nowhere): No such file or directory"),
        (&certificate, 78, "it holds no private key in PEM"),
        (&["--managed-identity"], 78, "AUTOPILOT_ERROR_CONFIGURATION: "),
        (&no_tenant, 64, "autopilot-syncd: invalid argument: the tenant must be its id"),
    ];
    for (arguments, expected, words) in table {
        let (code, said) = Agent::start(&mut syncd(&emulator, arguments)).end();
        assert_eq!(code, expected, "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert!(emulator.requests().iter().all(|request| request.token.is_none()));
}

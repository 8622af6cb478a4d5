//! The agents get their tokens themselves, from an emulated Entra or an emulated machine of Azure's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use autopilot_emulator::{
    Behaviour, ClientCertificate, Clock, Config, Emulator, Identities, Machine, Registration, RetryAfter,
};
use chrono::Utc;

use super::fleet::{accepted, wait_for};
use super::{Agent, path, write};
use crate::compiler;
use crate::pages::commands;
use crate::program::Program;
use crate::readme::folder;

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
    token_requests_of(emulator, "")
}

fn token_requests_of(emulator: &Emulator, tenant: &str) -> usize {
    let requests = emulator.requests();
    requests.iter().filter(|request| request.path.contains(&format!("{tenant}/oauth2/"))).count()
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

#[test]
fn the_readmes_daemon_runs_on_by_itself() {
    let (compile, start) = (commands("cc -Iinclude bindings/"), commands("./autopilot-syncd "));
    assert_eq!((compile.len(), start.len()), (1, 1));
    let folder = folder("daemon");
    compiler::run(Command::new("sh").args(["-c", &compile[0]]).current_dir(&folder));
    write(&folder.join("secret"), "s3cret-1");
    let emulator = with_secret("s3cret-1", Clock::manual().step(Duration::from_secs(6)));
    let mut shell = emulator.command("sh");
    shell.args(["-c", &format!("exec {}", start[0])]).current_dir(&folder);
    let agent = Agent::start(shell.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION));
    agent.wait_for("result: AUTOPILOT_OK: the sync completed ");
    agent.wait_for("pause: 3600 s");
    agent.signal("TERM");
    assert_eq!(agent.end().0, 0);
}

/// The program for many tenants, all of which the same application serves.
fn fleet(emulator: &Emulator, tenants: &str, arguments: &[&str]) -> Command {
    let file = path("tenants");
    fs::write(&file, tenants).unwrap();
    let mut command = Program::cpp_example("autopilot-fleet.cpp").against(emulator);
    command.args(["--client-id", APPLICATION]).args(arguments).arg(file);
    command
}

#[test]
fn the_fleet_gets_each_tenants_token_by_one_certificate() {
    let certificate = certificate("fleet");
    let pem = ClientCertificate::from_pem(&fs::read_to_string(&certificate).unwrap()).unwrap();
    let known = ["contoso.com", "fabrikam.com"];
    let registration = Registration {
        client_certificate: Some(pem),
        entra_tenants: known.map(String::from).into(),
        ..Registration::default()
    };
    let emulator = azure(registration, Clock::manual());
    let tenants = "contoso.com\nfabrikam.com\ngone.example\nno_name\nother env:OTHER\n";
    let mut command = fleet(&emulator, tenants, &["--certificate", certificate.to_str().unwrap()]);
    let (code, said) = Agent::start(command.env("OTHER", "s3cret-other")).end();
    assert_eq!(code, 77, "{said}");
    for line in [
        "contoso.com: AUTOPILOT_OK: ",
        "fabrikam.com: AUTOPILOT_OK: ",
        "gone.example: AUTOPILOT_ERROR_UNAUTHORIZED: unauthorized: no token: HTTP 400 from ",
        "no_name: NO_TOKEN: its name is no id and no domain of a tenant (trigger not sent)",
        "other: AUTOPILOT_OK: ",
        "3 of 5 are synchronised",
    ] {
        assert!(said.lines().any(|said| said.starts_with(line)), "{line}: {said}");
    }
    for (tenant, count) in [("contoso.com", 1), ("fabrikam.com", 1), ("gone.example", 1), ("other", 0)] {
        assert_eq!(token_requests_of(&emulator, tenant), count, "{tenant}");
    }
}

/// The clock stands until both syncs are triggered, and then the tokens have expired.
#[test]
fn the_fleet_gets_other_tokens_when_an_hour_has_passed() {
    let emulator = with_secret("s3cret-1", Clock::manual());
    let secret = secret_file("fleet", "s3cret-1");
    let arguments = ["--secret-file", secret.to_str().unwrap(), "--wait", "1h"];
    let agent = Agent::start(&mut fleet(&emulator, "contoso.com\nfabrikam.com\n", &arguments));
    wait_for(&emulator, || accepted(&emulator) == 2);
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.matches(": AUTOPILOT_OK: the sync completed (trigger accepted").count(), 2, "{said}");
    for tenant in ["contoso.com", "fabrikam.com"] {
        assert_eq!(token_requests_of(&emulator, tenant), 2, "{tenant}");
    }
}

#[test]
fn the_fleet_says_why_its_application_cannot_be_used() {
    let emulator = with_secret("s3cret-1", Clock::manual());
    let wrong = secret_file("fleet-wrong", "s3cret-2");
    let (wrong, key) = (wrong.to_str().unwrap(), secret_file("fleet-key", "no key"));
    let table: [(&[&str], i32, &str); 4] = [
        (&["--secret-file", wrong], 77, "AADSTS7000215: "),
        (&["--secret-file", "/nowhere"], 78, "(/nowhere): No such file or directory"),
        (&["--certificate", key.to_str().unwrap()], 78, "it holds no private key in PEM"),
        (&["--secret-file", wrong, "--client-id", "a b"], 64, "the client id must be the application's id"),
    ];
    for (arguments, expected, words) in table {
        let (code, said) = Agent::start(&mut fleet(&emulator, "contoso.com\n", arguments)).end();
        assert_eq!((code, said.contains(words)), (expected, true), "{arguments:?}: {said}");
    }
}

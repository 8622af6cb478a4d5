//! Tokens that the library gets itself, from an emulated Microsoft Entra.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use autopilot_emulator::{Behaviour, Clock, Config, Emulator, Fault, Registration, Reply, Step};
use autopilot_sync::{
    Answer, Canceller, Client, Cloud, Credential, Error, ErrorKind, Fleet, FleetEvent, Goal, Secret,
    Step as Next, SyncOutcome, Trigger,
};
use chrono::TimeDelta;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

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

#[test]
fn a_secret_that_entra_refuses_says_what_to_do() {
    let emulator =
        emulator(Registration { client_secret: Some("another".into()), ..Registration::default() });
    let error = error(client(&emulator).sync(&secret()));
    assert_eq!((error.kind(), error.detail().trigger()), (ErrorKind::Unauthorized, Trigger::NotSent));
    let detail = error.detail();
    assert_eq!((detail.http_status(), detail.code()), (Some(401), Some("AADSTS7000215")));
    let text = error.to_string();
    assert!(text.contains("no token: HTTP 401 from login.microsoftonline.com: AADSTS7000215: "), "{text}");
    assert!(text.ends_with("; hint: give the secret's value, not its id, or create a new secret"), "{text}");
    let attempt = &detail.attempts()[0];
    assert!(attempt.request_id().is_some(), "Entra's trace id");
    assert_eq!(requests(&emulator), ["login POST"], "nothing reaches Graph");
}

#[test]
fn what_fails_in_passing_is_tried_again() {
    let emulator = emulator(Registration::default());
    let client = client(&emulator);
    for step in [
        Step::error(503),
        Step::reply(Reply::new(429).header("Retry-After", "1")),
        Step::fault(Fault::LoseReply),
    ] {
        emulator.clear_requests();
        emulator.script([step.on("TOKEN")]);
        let outcome = client.settings(&secret());
        assert!(outcome.is_ok(), "{outcome:?}");
        assert_eq!(requests(&emulator), ["login POST", "login POST", "graph GET"]);
    }
}

#[test]
fn a_proxy_that_answers_in_the_place_of_entra_is_told() {
    let emulator = emulator(Registration::default());
    let client = Client::builder().ignore_environment().proxy(&emulator.proxy_url()).unwrap();
    let client = client.ca_file(emulator.ca_file()).unwrap().max_retries(0).unwrap().build().unwrap();
    for (reply, kind) in [
        (Reply::new(302).header("Location", "https://elsewhere.example/"), ErrorKind::Protocol),
        (Reply::new(200).body("<html>sign in here</html>"), ErrorKind::Protocol),
        (Reply::new(403).body("<html>no</html>"), ErrorKind::Protocol),
        (Reply::new(200).body("x".repeat(100_000)), ErrorKind::Protocol),
        (Reply::new(502).body("<html>"), ErrorKind::Service),
    ] {
        emulator.clear_requests();
        emulator.script([Step::reply(reply).on("TOKEN")]);
        let error = error(client.sync(&secret()));
        assert_eq!((error.kind(), error.detail().trigger()), (kind, Trigger::NotSent), "{error}");
        assert_eq!(requests(&emulator), ["login POST"]);
    }
}

#[test]
fn a_token_is_renewed_before_its_end_and_when_graph_refuses_it() {
    let lifetime = Duration::from_secs(200);
    let emulator = emulator(Registration { token_lifetime: lifetime, ..Registration::default() });
    let (client, credential) = (client(&emulator), secret());
    client.settings(&credential).unwrap();
    client.settings(&credential).unwrap();
    assert_eq!(
        requests(&emulator),
        ["login POST", "graph GET", "login POST", "graph GET"],
        "under five minutes"
    );

    emulator.register(|registration| registration.token_lifetime = Duration::from_secs(3600));
    client.settings(&credential).unwrap();
    emulator.clear_requests();
    emulator.script([Step::error(401)]);
    let settings = client.settings(&credential);
    assert!(settings.is_ok(), "{settings:?}");
    assert_eq!(requests(&emulator), ["graph GET", "login POST", "graph GET"]);
}

#[test]
fn claims_of_a_challenge_go_to_entra() {
    let emulator = emulator(Registration::default());
    let (client, credential) = (client(&emulator), secret());
    client.settings(&credential).unwrap();
    emulator.clear_requests();
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1702682181"}}}"#;
    let challenge = "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwidmFsdWUiOiIxNzAyNjgyMTgxIn19fQ==\"";
    emulator.script([Step::reply(
        Reply::new(401).header("WWW-Authenticate", challenge).header("request-id", "r"),
    )]);
    client.settings(&credential).unwrap();
    let asked = emulator.requests().into_iter().find(|request| request.host.starts_with("login")).unwrap();
    let form = String::from_utf8(asked.body).unwrap();
    let field = form.split('&').find_map(|field| field.strip_prefix("claims=")).unwrap();
    assert_eq!(
        field
            .replace("%7B", "{")
            .replace("%7D", "}")
            .replace("%22", "\"")
            .replace("%3A", ":")
            .replace("%2C", ","),
        claims
    );
}

#[test]
fn a_wait_gets_its_tokens_itself() {
    let lifetime = Duration::from_secs(200);
    let emulator = emulator(Registration { token_lifetime: lifetime, ..Registration::default() });
    let outcome = client(&emulator)
        .sync_and_wait(&secret(), Duration::from_secs(60), |_| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(outcome.answer(), Answer::Accepted);
    let logins = requests(&emulator).iter().filter(|request| *request == "login POST").count();
    let others = requests(&emulator).len() - logins;
    assert_eq!(logins, others, "one for each request");
}

#[test]
fn a_cancel_ends_a_request_for_a_token_and_another_call_asks_anew() {
    let emulator = emulator(Registration::default());
    let (client, credential, canceller) = (client(&emulator), secret(), Canceller::new());
    emulator.script([Step::fault(Fault::Hang).on("TOKEN")]);
    thread::scope(|scope| {
        let first = scope.spawn(|| client.with_canceller(&canceller).sync(&credential));
        assert!(emulator.wait(Duration::from_secs(60), |counts| counts.requests == 1));
        let second = scope.spawn(|| client.settings(&credential));
        canceller.cancel();
        let error = error(first.join().unwrap());
        assert_eq!((error.kind(), error.detail().trigger()), (ErrorKind::Cancelled, Trigger::NotSent));
        second.join().unwrap().unwrap();
    });
}

#[test]
fn each_cloud_has_its_own_login() {
    for (cloud, host) in [
        (Cloud::Global, "login.microsoftonline.com"),
        (Cloud::UsGovernment, "login.microsoftonline.us"),
        (Cloud::UsGovernmentDod, "login.microsoftonline.us"),
        (Cloud::China, "login.chinacloudapi.cn"),
    ] {
        let emulator = emulator(Registration::default());
        let builder =
            Client::builder().ignore_environment().cloud(cloud).proxy(&emulator.proxy_url()).unwrap();
        let client = builder.ca_file(emulator.ca_file()).unwrap().build().unwrap();
        client.settings(&secret()).unwrap();
        let asked = &emulator.requests()[0];
        assert_eq!(asked.host, host);
        let form = String::from_utf8(asked.body.clone()).unwrap();
        let scope = format!("{}/.default", cloud.root()).replace(':', "%3A").replace('/', "%2F");
        assert!(form.contains(&format!("&scope={scope}&")), "{form}");
    }
}

#[test]
fn a_fleet_of_tenants_shares_an_application() {
    let emulator = emulator(Registration::default());
    let fleet = Fleet::new(&client(&emulator));
    let credential = secret();
    for tenant in ["contoso.example", "fabrikam.example"] {
        fleet
            .add(tenant, &credential.for_tenant(tenant).unwrap(), Goal::Settings, Duration::from_secs(60))
            .unwrap();
    }
    fleet.add("later", None, Goal::Settings, Duration::from_secs(60)).unwrap();
    fleet.close();
    let mut ended = Vec::new();
    loop {
        match fleet.next(Duration::from_secs(60)) {
            FleetEvent::WantsToken { key, .. } => fleet.set_token(&key, &credential).unwrap(),
            FleetEvent::Ended { key, result } => {
                result.unwrap();
                ended.push(key);
            }
            FleetEvent::Finished => break,
            _ => {}
        }
    }
    ended.sort_unstable();
    assert_eq!(ended, ["contoso.example", "fabrikam.example", "later"]);
    let paths =
        emulator.requests().into_iter().map(|request| request.path).filter(|path| path.ends_with("/token"));
    let mut paths: Vec<_> = paths.collect();
    paths.sort_unstable();
    let expected =
        ["contoso.example", "default", "fabrikam.example"].map(|name| format!("/{name}/oauth2/v2.0/token"));
    assert_eq!(paths, expected);
}

/// What the program `openssl` prints.
fn openssl(arguments: &str) -> String {
    let made = Command::new("openssl")
        .args(arguments.split(' '))
        .output()
        .expect("openssl is missing. Install it (Debian: apt-get install openssl)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap()
}

/// A credential with this key and certificate, PEM.
fn certificate(name: &str, pem: &str) -> Result<Credential, Error> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.pem", std::process::id()));
    fs::write(&file, pem).unwrap();
    let credential = Credential::client_certificate(TENANT, APPLICATION, &file);
    fs::remove_file(file).unwrap();
    credential
}

/// An RSA key and its certificate, valid now.
fn pair() -> String {
    openssl("req -x509 -newkey rsa:2048 -nodes -subj /CN=agent -keyout -")
}

/// A reply with this text wherever somebody might log it.
fn repeating(status: u16, text: &str, is_page: bool) -> Reply {
    let body = format!(
        r#"{{"error":"{text}","error_description":"no {text}","trace_id":"{text}","correlation_id":"{text}"}}"#
    );
    let headers = ["Date", "Retry-After", "Location", "WWW-Authenticate", "x-ms-request-id"];
    let reply =
        Reply::new(status).reason(text).body(if is_page { format!("<html>{text}</html>") } else { body });
    headers.into_iter().fold(reply, |reply, name| reply.header(name, text))
}

#[test]
fn what_proves_an_application_is_in_no_output_even_if_a_reply_repeats_it() {
    let emulator = emulator(Registration::default());
    let odd = "a+secret/with=signs&of%percent+encoding";
    let encoded = "a%2Bsecret%2Fwith%3Dsigns%26of%25percent%2Bencoding";
    let of_file = certificate("repeated", &pair()).unwrap();
    let of = |secret| Credential::client_secret(TENANT, APPLICATION, Secret::Text(secret)).unwrap();
    let client = client(&emulator);
    for status in [200, 201, 302, 400, 401, 403, 404, 418] {
        let echo = || Step::echo(status);
        let says = |text, is_page| Step::reply(repeating(status, text, is_page));
        for (credential, step) in [
            (&of_file, echo()),
            (&of_file.clone().with_chain(), echo()),
            (&secret(), echo()),
            (&of(odd), echo()),
            (&of(odd), says(encoded, false)),
            (&of(odd), says(encoded, true)),
        ] {
            emulator.clear_requests();
            emulator.script([step.on("TOKEN")]);
            let error = client.sync(credential).unwrap_err();
            let shown = format!(
                "{error:?} {error:#?} {error:#} {} {credential} {credential:?}",
                error.detail().trace()
            );
            assert_eq!(error.detail().trigger(), Trigger::NotSent);
            assert_eq!(requests(&emulator), ["login POST"], "{status}: {shown}");
            let form = String::from_utf8(emulator.requests()[0].body.clone()).unwrap();
            let sent = form.split('&').find_map(|field| {
                let (name, value) = field.split_once('=')?;
                ["client_secret", "client_assertion"].contains(&name).then(|| value.to_owned())
            });
            for secret in [&*sent.unwrap(), odd, SECRET] {
                for run in secret.as_bytes().windows(16).map(|run| std::str::from_utf8(run).unwrap()) {
                    assert!(!shown.contains(run), "{status}: {run} in {shown}");
                }
            }
        }
    }
}

#[test]
fn a_wrong_clock_is_told() {
    let credential = certificate("clock", &pair()).unwrap();
    for (hours, expected) in [(2, "minutes behind: set it"), (-2, "minutes ahead: set it")] {
        let clock = Clock::real().offset(TimeDelta::hours(hours));
        let emulator = Emulator::start(Config { clock, ..Config::default() });
        let error = error(client(&emulator).sync(&credential));
        assert_eq!((error.kind(), error.detail().trigger()), (ErrorKind::Configuration, Trigger::NotSent));
        assert_eq!(error.detail().code(), Some("AADSTS700024"));
        let text = error.to_string();
        assert!(text.contains("hint: this machine's clock is ") && text.ends_with(expected), "{text}");
        assert_eq!(requests(&emulator), ["login POST"]);
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_told_before_anything_is_sent() {
    let emulator = emulator(Registration::default());
    let client = client(&emulator);
    let [key, other] = [(); 2].map(|()| openssl("genrsa 2048"));
    let encrypted = openssl("genrsa -aes256 -passout pass:x 2048");
    let valid = |from, until| {
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 2), date_time_ymd(until, 3, 4));
        params.self_signed(&KeyPair::from_pem(&key).unwrap()).unwrap().pem()
    };
    for (pem, expected) in [
        (valid(2020, 2021) + &key, "it expired on 2021-03-04 00:00:00 UTC, and this machine's clock shows "),
        (valid(4000, 4001) + &key, "it is valid from 4000-01-02 00:00:00 UTC, but this machine's clock"),
        (valid(2020, 4000) + &encrypted, "the key is encrypted: decrypt it with `openssl pkey`"),
        (valid(2020, 4000) + &other, "its private key belongs to none of its certificates"),
    ] {
        let error =
            certificate("unusable", &pem).and_then(|credential| client.sync(&credential)).unwrap_err();
        assert_eq!((error.kind(), error.detail().trigger()), (ErrorKind::Configuration, Trigger::NotSent));
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }
    assert_eq!(requests(&emulator), [""; 0]);
}

#[test]
fn what_entra_refuses_is_asked_for_once() {
    let emulator = emulator(Registration::default());
    let client = client(&emulator);
    for (code, status) in [(700_016, 400), (90_002, 400), (7_000_222, 401), (700_027, 401)] {
        emulator.clear_requests();
        emulator.script([Step::error(code).on("TOKEN")]);
        let error = error(client.sync(&secret()));
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(error.detail().http_status(), Some(status));
        assert_eq!(requests(&emulator), ["login POST"]);
    }
}

#[test]
fn entra_says_when_it_is_asked_again() {
    let emulator = emulator(Registration::default());
    let client = client(&emulator);
    for status in [429, 500, 503, 504] {
        emulator.script([Step::reply(Reply::new(status).header("Retry-After", "7")).on("TOKEN")]);
        let mut wait = client.wait(&secret(), Goal::Settings, Duration::from_secs(60)).unwrap();
        let (before, pause) = (Instant::now(), Duration::from_secs(7));
        let next = wait.step();
        let Next::Pause(until) = next else { panic!("{status}: {next:?}") };
        assert!((before + pause..=Instant::now() + pause).contains(&until), "{status}");
    }
}

//! The endpoint for managed identities: what it asks for, and what it gives.

mod client;

use std::time::Duration;

use autopilot_emulator::{
    Clock, Config, Emulator, ExpiryForm, Fault, Identities, Machine, Party, Registration, Step, Via,
};
use client::*;
use serde_json::json;

const IMDS: &str = "/metadata/identity/oauth2/token";
const APP_SERVICE: &str = "/msi/token";
const ARC: &str = "/arc/metadata/identity/oauth2/token";
const METADATA: &str = "Metadata: true\r\n";

fn start(identities: Identities) -> Emulator {
    Emulator::start(Config { clock: Clock::manual(), identities, ..Config::default() })
}

fn ask(emulator: &Emulator, path: &str, query: &str, headers: &str) -> Answer {
    let mut tcp = tcp(port(&emulator.identity_url()));
    let query = format!("resource=https%3A%2F%2Fgraph.microsoft.com&{query}");
    send(&mut tcp, &format!("GET {path}?{query} HTTP/1.1\r\nHost: x\r\n{headers}\r\n"));
    read_answer(&mut tcp).expect("a reply")
}

fn imds(emulator: &Emulator, query: &str) -> Answer {
    ask(emulator, IMDS, &format!("api-version=2018-02-01{query}"), METADATA)
}

fn variable(emulator: &Emulator, machine: Machine, name: &str) -> String {
    let all = emulator.machine_env(machine);
    all.into_iter().find(|(own, _)| *own == name).expect("it is set").1
}

/// The header that App Service asks for.
fn identity_header(emulator: &Emulator) -> String {
    format!("X-IDENTITY-HEADER: {}\r\n", variable(emulator, Machine::AppService, "IDENTITY_HEADER"))
}

/// What Graph answers to a reading with the token of this answer.
fn read_settings(emulator: &Emulator, answer: &Answer) -> u16 {
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    let mut tls = dial(emulator);
    send(&mut tls, &get_text(&token));
    read_answer(&mut tls).expect("a reply").status
}

#[test]
fn each_machine_gives_a_token_for_graph() {
    let folder = tempfile::tempdir().expect("a directory");
    let emulator = start(Identities { arc_keys: folder.path().to_owned(), ..Identities::default() });
    let version = "api-version=2019-08-01";
    let answer = ask(&emulator, APP_SERVICE, version, &identity_header(&emulator));
    assert_eq!(read_settings(&emulator, &answer), 200);
    let body = answer.json();
    assert_eq!((&body["expires_on"], &body["expires_in"]), (&json!("1772442000"), &json!(null)));
    let answer = imds(&emulator, "");
    assert_eq!(read_settings(&emulator, &answer), 200);
    assert_eq!(answer.json()["expires_in"], "3600");
    emulator.identities(|identities| identities.expiry_form = ExpiryForm::Number);
    assert_eq!(imds(&emulator, "").json()["expires_in"], 3600);
    let requests = emulator.requests();
    assert_eq!((requests[0].via, requests[0].party()), (Via::Identity, Party::Identity));
    assert_eq!(requests[0].host, emulator.identity_url().trim_start_matches("http://"));
}

#[test]
fn a_program_is_led_to_the_machine() {
    let emulator = start(Identities { managed_identity: Some(Machine::Arc), ..Identities::default() });
    let url = emulator.identity_url();
    let names: Vec<_> = emulator.env().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["HTTPS_PROXY", "SSL_CERT_FILE", "IDENTITY_ENDPOINT", "IMDS_ENDPOINT"]);
    assert_eq!(variable(&emulator, Machine::Arc, "IDENTITY_ENDPOINT"), format!("{url}{ARC}"));
    assert_eq!(variable(&emulator, Machine::AppService, "IDENTITY_ENDPOINT"), format!("{url}{APP_SERVICE}"));
    assert_eq!(variable(&emulator, Machine::Imds, "AZURE_POD_IDENTITY_AUTHORITY_HOST"), url);
    assert!(emulator.misleading().any(|name| name == "IDENTITY_HEADER"));
    assert!(emulator.misleading().all(|name| name != "IMDS_ENDPOINT"));
}

#[test]
fn headers_and_parameters_have_to_be_right() {
    let emulator = start(Identities::default());
    let (version, header) = ("api-version=2019-08-01", &*identity_header(&emulator));
    for (path, query, headers, status) in [
        (IMDS, version, METADATA, 200),
        (IMDS, version, "", 400),
        (IMDS, version, "Metadata: yes\r\n", 400),
        (IMDS, version, "Metadata: true\r\nX-Forwarded-For: 10.0.0.1\r\n", 400),
        (IMDS, "api-version=2017-09-01", METADATA, 400),
        (IMDS, "", METADATA, 400),
        (APP_SERVICE, version, header, 200),
        (APP_SERVICE, version, "", 401),
        (APP_SERVICE, version, "X-IDENTITY-HEADER: other\r\n", 401),
        (ARC, "api-version=2020-06-01", "", 400),
        ("/metadata/instance", version, METADATA, 404),
    ] {
        assert_eq!(ask(&emulator, path, query, headers).status, status, "{path} {query} {headers}");
    }
    let mut tcp = tcp(port(&emulator.identity_url()));
    for (request, status) in [("GET", 400), ("POST", 405)] {
        send(&mut tcp, &format!("{request} {IMDS}?{version} HTTP/1.1\r\nHost: x\r\n{METADATA}\r\n"));
        assert_eq!(read_answer(&mut tcp).expect("a reply").status, status, "{request} without a resource");
    }
}

#[test]
fn the_identity_is_the_one_that_is_named() {
    const NONE: &str = "Identity not found";
    const MANY: &str = "Multiple user assigned identities exist";
    for (system_assigned, user_assigned, query, expected) in [
        (true, &[][..], "", Ok("5f5e0000-0000-4000-8000-000000000001")),
        (true, &["a"], "", Ok("5f5e0000-0000-4000-8000-000000000001")),
        (true, &[], "&client_id=any", Ok("any")),
        (true, &["a", "b"], "&object_id=B", Ok("B")),
        (true, &["a"], "&msi_res_id=%2Fb", Err(NONE)),
        (false, &["a"], "", Ok("a")),
        (false, &["a", "b"], "", Err(MANY)),
        (false, &[], "", Err(NONE)),
    ] {
        let user_assigned = user_assigned.iter().map(|id| (*id).to_owned()).collect();
        let emulator = start(Identities { system_assigned, user_assigned, ..Identities::default() });
        let answer = imds(&emulator, query);
        let body = answer.json();
        match expected {
            Ok(id) => assert_eq!((answer.status, &body["client_id"]), (200, &json!(id)), "{query}"),
            Err(text) => {
                let words = body["error_description"].as_str().expect("text");
                assert!(answer.status == 400 && words.starts_with(text), "{query}: {body}");
            }
        }
    }
}

#[test]
fn app_service_names_identities_in_its_own_way() {
    let user_assigned = vec!["/a".to_owned()];
    let emulator = start(Identities { user_assigned, system_assigned: false, ..Identities::default() });
    for (query, status) in [("mi_res_id=%2Fa", 200), ("msi_res_id=%2Fa", 400), ("client_id=b", 400)] {
        let query = format!("api-version=2019-08-01&{query}");
        let answer = ask(&emulator, APP_SERVICE, &query, &identity_header(&emulator));
        assert_eq!(answer.status, status, "{query}");
        if status == 400 {
            assert_eq!(answer.json()["statusCode"], 400);
        }
    }
}

#[test]
fn azure_arc_gives_tokens_to_those_who_can_read_its_file() {
    let folder = tempfile::tempdir().expect("a directory");
    let keys = folder.path().join("tokens");
    let emulator = start(Identities { arc_keys: keys.clone(), ..Identities::default() });
    let ask = |headers: &str| ask(&emulator, ARC, "api-version=2020-06-01", &format!("{METADATA}{headers}"));
    let challenge = || {
        let challenge = ask("");
        let realm = challenge.header("www-authenticate").expect("a challenge").to_owned();
        assert_eq!(challenge.status, 401);
        std::path::PathBuf::from(realm.strip_prefix("Basic realm=").expect("a realm"))
    };
    let file = challenge();
    assert_eq!((file.parent(), file.extension()), (Some(&*keys), Some("key".as_ref())));
    let key = std::fs::read_to_string(&file).expect("written");
    assert_eq!(ask("Authorization: Basic AAAA\r\n").status, 401);
    let authorization = format!("Authorization: Basic {key}\r\n");
    assert_eq!(read_settings(&emulator, &ask(&authorization)), 200);
    assert_eq!(ask(&authorization).status, 401, "a key is for one request");
    assert!(!file.exists());
    let left = challenge();
    assert!(left.exists());
    drop(emulator);
    assert!(!left.exists(), "the emulator removes its files");
}

/// Without any variable, programs look for it there, as they do for IMDS.
#[test]
fn azure_arc_may_have_the_path_of_imds() {
    let folder = tempfile::tempdir().expect("a directory");
    let emulator = start(Identities { arc_keys: folder.path().to_owned(), ..Identities::default() });
    let version = "api-version=2020-06-01";
    assert_eq!(ask(&emulator, IMDS, version, METADATA).status, 200);
    emulator.identities(|identities| identities.managed_identity = Some(Machine::Arc));
    assert_eq!(ask(&emulator, IMDS, version, METADATA).status, 401);
}

#[test]
fn scripts_and_faults_reach_the_endpoint() {
    let emulator = start(Identities::default());
    let on = |step: Step| step.on("IDENTITY");
    emulator.script([
        on(Step::error(410)),
        on(Step::error(429)),
        on(Step::error(400)),
        on(Step::fault(Fault::ResetUnread)),
        on(Step::fault(Fault::CloseAfter)),
        Step::error(500),
    ]);
    assert_eq!([(); 3].map(|()| imds(&emulator, "").status), [410, 429, 400]);
    let mut tcp = tcp(port(&emulator.identity_url()));
    send(&mut tcp, &format!("GET {IMDS} HTTP/1.1\r\nHost: x\r\n\r\n"));
    let reset = read_answer(&mut tcp).expect_err("reset");
    assert_eq!(reset.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(imds(&emulator, "").status, 200);
    assert_eq!((imds(&emulator, "").status, emulator.steps_left()), (200, 1));
}

#[test]
fn the_tenant_and_lifetime_are_options() {
    let identities = Identities { identity_tenant: "contoso".to_owned(), ..Identities::default() };
    let registration = Registration {
        token_lifetime: Duration::from_secs(60),
        token_roles: vec![],
        ..Registration::default()
    };
    let config = Config { clock: Clock::manual(), identities, registration, ..Config::default() };
    let emulator = Emulator::start(config);
    let answer = imds(&emulator, "");
    assert_eq!(answer.json()["expires_in"], "60");
    assert_eq!(read_settings(&emulator, &answer), 403);
    emulator.register(|registration| registration.token_roles = Registration::default().token_roles);
    let answer = imds(&emulator, "");
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    let mut tls = dial(&emulator);
    send(&mut tls, &post_text(&token));
    assert_eq!(read_answer(&mut tls).expect("a reply").status, 204);
    assert_eq!(emulator.tenant("contoso", |tenant| tenant.runs().len()), 1);
}

#[test]
fn the_log_has_no_secrets() {
    let folder = tempfile::tempdir().expect("a directory");
    let log = folder.path().join("log");
    let emulator = start(Identities { arc_keys: folder.path().to_owned(), ..Identities::default() });
    emulator.log_to(Box::new(std::fs::File::create(&log).expect("a file")));
    let header = identity_header(&emulator);
    let answer = ask(&emulator, APP_SERVICE, "api-version=2019-08-01", &header);
    let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
    let authorization = format!("{METADATA}Authorization: Basic the-key-of-arc\r\n");
    assert_eq!(ask(&emulator, ARC, "api-version=2020-06-01", &authorization).status, 401);
    let text = std::fs::read_to_string(&log).expect("written");
    let secret = header.trim_end().split_once(' ').expect("a value").1;
    for hidden in [secret, &token, "the-key-of-arc"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    assert!(text.contains("(secret of 36 bytes)") && text.contains("(token of "), "{text}");
}

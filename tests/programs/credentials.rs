//! Credentials in C: each way to a token, and where a credential may be handed in. `cpp.rs` has the same in C++, and
//! `tests/credential.rs` what a credential does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use autopilot_emulator::{
    Access, Behaviour, ClientCertificate, Config, Emulator, Identities, Machine, Registration, Token,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::compiler;
use crate::program::Program;

const SECRET: &str = "abc8Q~secret-0123456789-abcdefghij";
const APPLICATION: &str = "00000000-0000-0000-0000-00000000000a";

fn file(name: &str, content: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("credentials-{}-{name}", std::process::id()));
    fs::write(&path, content).unwrap();
    path
}

/// A file with an RSA key and its certificate.
fn certificate() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let (key, file) = (file("key.pem", ""), file("certificate.pem", ""));
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=agent"]);
        compiler::run(command.arg("-keyout").arg(&key).arg("-out").arg(&file));
        let both = fs::read_to_string(&file).unwrap() + &fs::read_to_string(&key).unwrap();
        fs::write(&file, both).unwrap();
        file
    })
}

/// An application that Entra knows, and no other. Syncs take an hour.
fn emulator(machine: Option<Machine>) -> Emulator {
    let certificate = ClientCertificate::from_pem(&fs::read_to_string(certificate()).unwrap()).unwrap();
    let registration = Registration {
        client_id: Some(APPLICATION.to_owned()),
        client_secret: Some(SECRET.to_owned()),
        client_certificate: Some(certificate),
        ..Registration::default()
    };
    let identities = Identities { managed_identity: machine, ..Identities::default() };
    let behaviour = Behaviour {
        duration: Duration::from_secs(3600),
        start_delay: Duration::ZERO,
        ..Behaviour::default()
    };
    let config = Config { behaviour, registration, identities, ..Config::default() };
    Emulator::start(config.token("expired", Token::new(Access::Expired)))
}

/// A token of another issuer for the application, with the line break of the tools that write such files.
fn federated_token() -> PathBuf {
    let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims =
        r#"{"aud":"api://AzureADTokenExchange","iss":"https://issuer","sub":"agent","exp":4102444800}"#;
    file(
        "token",
        &format!(
            "{}.{}.{}\n",
            encoded(r#"{"alg":"RS256","kid":"1"}"#),
            encoded(claims),
            encoded("signature")
        ),
    )
}

/// A program of the tests, which finds no credential in the environment.
fn against(program: &Program, emulator: &Emulator) -> Command {
    let mut command = program.against(emulator);
    let other_platforms = ["IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT"];
    let azures = std::env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("AZURE_"));
    for name in azures
        .filter(|name| name != "AZURE_POD_IDENTITY_AUTHORITY_HOST")
        .chain(other_platforms.map(str::to_owned))
    {
        command.env_remove(name);
    }
    command
}

/// A way to a token: a program's arguments, the variables, the kind of machine, and the words that describe it.
struct Way {
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    machine: Option<Machine>,
    words: &'static str,
}

fn ways() -> Vec<Way> {
    let path = |path: &Path| path.display().to_string();
    let (certificate, token) = (path(certificate()), path(&federated_token()));
    let secret = path(&file("secret", &format!("{SECRET}\r\n")));
    let named = |more: &[(&'static str, &str)]| {
        let ids = [("AZURE_TENANT_ID", "default"), ("AZURE_CLIENT_ID", APPLICATION)];
        ids.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>()
    };
    let way = |arguments: &[&str], variables: &[(&'static str, String)], machine, words| Way {
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        variables: variables.to_vec(),
        machine,
        words,
    };
    vec![
        way(&["text", SECRET], &[], None, "in tenant default, by its client secret"),
        way(&["file", &secret], &[], None, "by its client secret"),
        way(
            &["variable", "AGENT_SECRET"],
            &[("AGENT_SECRET", SECRET.to_owned())],
            None,
            "by its client secret",
        ),
        way(&["certificate", &certificate], &[], None, "by its certificate"),
        way(&["chain", &certificate], &[], None, "by its certificate and chain"),
        way(&["token", &token], &[], None, "by its federated token in "),
        way(&["machine"], &[], Some(Machine::Imds), "the instance metadata service at 127.0.0.1:"),
        way(&["machine", APPLICATION], &[], Some(Machine::AppService), "App Service's identity endpoint at "),
        way(
            &["machine", "3", "/a/resource"],
            &[],
            Some(Machine::AppService),
            "App Service's identity endpoint at ",
        ),
        way(&["environment"], &named(&[("AZURE_CLIENT_SECRET", SECRET)]), None, "AZURE_CLIENT_SECRET"),
        way(
            &["environment"],
            &named(&[("AZURE_CLIENT_CERTIFICATE_PATH", &certificate)]),
            None,
            "AZURE_CLIENT_CERTIFICATE_PATH",
        ),
        way(
            &["environment"],
            &named(&[("AZURE_FEDERATED_TOKEN_FILE", &token)]),
            None,
            "AZURE_FEDERATED_TOKEN_FILE",
        ),
        way(
            &["environment"],
            &[],
            Some(Machine::AppService),
            "managed identity of App Service (system-assigned)",
        ),
    ]
}

/// Each way leads a program to a token, which serves all its calls.
pub(crate) fn leads_to_a_token(program: &Program) {
    for way in ways() {
        let emulator = emulator(way.machine);
        let mut command = against(program, &emulator);
        let printed = compiler::run(command.arg("call").args(&way.arguments).envs(way.variables));
        let lines: Vec<&str> = printed.lines().collect();
        assert!(lines[0].contains(way.words) && !lines[0].contains(SECRET), "{printed}");
        let (ok, stopped) = ("AUTOPILOT_OK", "AUTOPILOT_ERROR_CANCELLED: cancelled: by the caller");
        assert_eq!(lines[1..], [ok, ok, stopped, stopped, ok], "{printed}");
        let requests = emulator.requests();
        let for_tokens = requests.iter().filter(|request| request.host != "graph.microsoft.com");
        assert_eq!(for_tokens.count(), 1, "{:?}: one token serves all calls", way.arguments);
    }
}

#[test]
fn each_way_leads_a_c_program_to_a_token() {
    leads_to_a_token(&Program::named("credentials.c"));
}

#[test]
fn a_refused_secret_is_unauthorized_and_says_what_to_do() {
    let emulator = emulator(None);
    let mut command = against(&Program::named("credentials.c"), &emulator);
    let printed = compiler::run(command.args(["call", "text", "an-old-secret"]));
    let errors: Vec<&str> = printed.lines().skip(2).collect();
    assert_eq!(errors.len(), 4);
    for error in errors {
        assert!(
            error.starts_with("AUTOPILOT_ERROR_UNAUTHORIZED: ") && error.contains("AADSTS7000215"),
            "{error}"
        );
        assert!(
            error.contains("give the secret's value, not its id") && !error.contains("an-old-secret"),
            "{error}"
        );
    }
    assert!(emulator.requests().iter().all(|request| request.host == "login.microsoftonline.com"));
}

#[test]
fn what_no_credential_can_be_made_of_is_told() {
    let program = Program::named("credentials.c");
    let emulator = emulator(None);
    for (arguments, variables, words) in [
        (&["variable", "NO_SUCH_VARIABLE"][..], &[][..], "NO_SUCH_VARIABLE: the client secret is not set"),
        (&["certificate", "/nowhere.pem"], &[], "/nowhere.pem"),
        (
            &["machine"],
            &[("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://192.0.2.1")],
            "AZURE_POD_IDENTITY_AUTHORITY_HOST",
        ),
        (&["environment"], &[("AZURE_AUTHORITY_HOST", "http://login.example")], "AZURE_AUTHORITY_HOST"),
    ] {
        let mut command = against(&program, &emulator);
        let printed = compiler::run(command.arg("call").args(arguments).envs(variables.iter().copied()));
        assert!(
            printed.starts_with("none\nAUTOPILOT_ERROR_CONFIGURATION: ") && printed.contains(words),
            "{printed}"
        );
    }
    assert_eq!(emulator.counts().accepted, 0, "nothing was sent");
}

/// A call in steps takes a credential when its token is refused.
pub(crate) fn is_handed_in(program: &Program) {
    let emulator = emulator(None);
    let printed = compiler::run(against(program, &emulator).args(["step", "text", SECRET]));
    assert!(printed.ends_with("\nAUTOPILOT_OK\n"), "{printed}");
    let hosts: Vec<String> = emulator.requests().into_iter().map(|request| request.host).collect();
    assert_eq!(hosts, ["graph.microsoft.com", "login.microsoftonline.com", "graph.microsoft.com"]);
}

/// A fleet asks in each tenant for the token of the same application.
pub(crate) fn serves_a_fleet(program: &Program) {
    let emulator = emulator(None);
    let printed = compiler::run(against(program, &emulator).args(["fleet", "text", SECRET]));
    let results = "adatum AUTOPILOT_OK\ncontoso AUTOPILOT_OK\nfabrikam AUTOPILOT_OK\n";
    assert!(printed.ends_with(results), "{printed}");
    let requests = emulator.requests();
    let mut tenants: Vec<&str> =
        requests.iter().filter_map(|one| one.path.strip_suffix("/oauth2/v2.0/token")).collect();
    tenants.sort_unstable();
    assert_eq!(tenants, ["/adatum", "/contoso", "/fabrikam"]);
}

#[test]
fn a_c_program_hands_a_credential_to_a_wait_and_to_a_fleet() {
    let program = Program::named("credentials.c");
    is_handed_in(&program);
    serves_a_fleet(&program);
}

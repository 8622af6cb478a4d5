//! The official credentials get tokens from the emulator as they do from Entra and from managed identities, and the
//! emulator's Graph takes the tokens.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::LazyLock;

use autopilot_emulator::{ClientCertificate, Config, Emulator, Identities, LOGIN_HOSTS, Machine, Party};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::output;
use crate::venv;

const FOLDER: &str = "tests/real_clients";
const SECRET: &str = "a~very+secret";
const SUBJECT: &str = "system:serviceaccount:agents:autopilot";
pub(crate) const APPLICATION: &str = "an-application";
pub(crate) const SUCCESS: &str = "200 completed";

/// The variables that this process may have itself.
const VARIABLES: [&str; 6] = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",
    "AZURE_FEDERATED_TOKEN_FILE",
];

pub(crate) static PYTHON: LazyLock<PathBuf> = LazyLock::new(|| {
    venv::python(
        "credentials-venv",
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join("requirements.txt"),
    )
});

/// The files of an application: its key, its certificate and its issuer's in one; the certificates alone; another
/// provider's token.
pub(crate) struct Files {
    all: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) issuer: PathBuf,
    token: PathBuf,
}

pub(crate) static FILES: LazyLock<Files> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("credentials-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = |name| folder.join(name);
    let [key, certificate, issuer_key, issuer] =
        ["key.pem", "certificate.pem", "issuer-key.pem", "issuer.pem"].map(file);
    let new = |name, key: &Path, certificate: &Path| {
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", name, "-keyout"]);
        openssl.arg(key).arg("-out").arg(certificate);
        openssl
    };
    output(&mut new("/CN=issuer", &issuer_key, &issuer), "Install openssl");
    let mut own = new("/CN=agent", &key, &certificate);
    output(own.arg("-CA").arg(&issuer).arg("-CAkey").arg(&issuer_key), "It is too old: 3.0 is needed");
    let all = [&key, &certificate, &issuer].map(|path| fs::read_to_string(path).unwrap());
    fs::write(file("all.pem"), all.concat()).unwrap();
    let claims = format!(
        r#"{{"iss":"https://provider.example","sub":"{SUBJECT}","aud":"api://AzureADTokenExchange"}}"#
    );
    let [header, claims] = [r#"{"alg":"RS256"}"#, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    fs::write(file("token"), format!("{header}.{claims}.c2ln\n")).unwrap();
    Files { all: file("all.pem"), certificate, issuer, token: file("token") }
});

/// The variables that name a credential of an application; for a managed identity none.
pub(crate) fn variables(kind: &str) -> Vec<(&'static str, OsString)> {
    let (name, value) = match kind {
        "secret" => ("AZURE_CLIENT_SECRET", SECRET.into()),
        "certificate" => ("AZURE_CLIENT_CERTIFICATE_PATH", FILES.all.clone().into()),
        "workload" => ("AZURE_FEDERATED_TOKEN_FILE", FILES.token.clone().into()),
        _ => return Vec::new(),
    };
    vec![("AZURE_TENANT_ID", "contoso".into()), ("AZURE_CLIENT_ID", APPLICATION.into()), (name, value)]
}

pub(crate) fn python(emulator: &Emulator, script: &str) -> Command {
    let mut command = emulator.command(&*PYTHON);
    command.env("REQUESTS_CA_BUNDLE", emulator.ca_file());
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join(script));
    command
}

/// What a program prints with the variables of this kind of credential, and these.
pub(crate) fn with_credential(mut program: Command, kind: &str, more: &[(&str, &str)]) -> String {
    for variable in VARIABLES {
        program.env_remove(variable);
    }
    output(program.envs(variables(kind)).envs(more.iter().copied()), "").trim_end().to_owned()
}

/// What the official credential of this kind prints.
pub(crate) fn printed(emulator: &Emulator, kind: &str, more: &[(&str, &str)]) -> String {
    let mut program = python(emulator, "credentials.py");
    program.arg(kind);
    with_credential(program, kind, more)
}

/// An emulator that knows exactly one application.
pub(crate) fn strict() -> Emulator {
    let emulator = Emulator::start(Config::default());
    emulator.register(|registration| {
        registration.entra_tenants = vec!["contoso".to_owned()];
        registration.client_id = Some(APPLICATION.to_owned());
        registration.client_secret = Some(SECRET.to_owned());
        let certificate = fs::read_to_string(&FILES.certificate).unwrap();
        registration.client_certificate = Some(ClientCertificate::from_pem(&certificate).unwrap());
        registration.federated_issuer = Some("https://provider.example".to_owned());
        registration.federated_subject = Some(SUBJECT.to_owned());
    });
    emulator
}

pub(crate) fn on(machine: Machine) -> Emulator {
    let identities = Identities { managed_identity: Some(machine), ..Identities::default() };
    Emulator::start(Config { identities, ..Config::default() })
}

#[test]
fn an_application_gets_tokens_from_entra() {
    for kind in ["secret", "certificate", "workload"] {
        let emulator = strict();
        assert_eq!(printed(&emulator, kind, &[]), SUCCESS, "{kind}");
        let requests = emulator.requests();
        let token = requests.iter().find(|request| request.method == "POST").expect("a request for a token");
        assert_eq!((token.party(), &*token.host), (Party::Entra, LOGIN_HOSTS[0]));
        assert_eq!(token.path, "/contoso/oauth2/v2.0/token");
    }
}

#[test]
fn what_entra_refuses_is_understood() {
    let table: [(&str, fn(&Emulator), &str); 6] = [
        (
            "secret",
            |emulator| emulator.register(|it| it.client_secret = Some("b".to_owned())),
            "AADSTS7000215: ",
        ),
        ("secret", |emulator| emulator.register(|it| it.client_id = Some("b".to_owned())), "AADSTS700016: "),
        ("secret", |emulator| emulator.register(|it| it.token_error = Some(7_000_229)), "AADSTS7000229: "),
        (
            "secret",
            |emulator| emulator.register(|it| it.entra_tenants = vec!["b".to_owned()]),
            "Unable to get authority",
        ),
        (
            "workload",
            |emulator| emulator.register(|it| it.federated_subject = Some("b".to_owned())),
            "AADSTS700213: ",
        ),
        (
            "workload",
            |emulator| emulator.register(|it| it.entra_tenants = vec!["b".to_owned()]),
            "AADSTS90002: ",
        ),
    ];
    for (kind, change, words) in table {
        let emulator = strict();
        change(&emulator);
        let printed = printed(&emulator, kind, &[]);
        assert!(
            printed.starts_with("ClientAuthenticationError") && printed.contains(words),
            "{kind}: {printed}"
        );
    }
}

#[test]
fn a_machine_gets_tokens_for_its_identity() {
    for machine in [Machine::Imds, Machine::AppService] {
        let emulator = on(machine);
        assert_eq!(printed(&emulator, "managed", &[]), SUCCESS, "{machine:?}");
        emulator.identities(|identities| identities.user_assigned = vec!["an-identity".to_owned()]);
        let with_id = |id| printed(&emulator, "managed", &[("AZURE_CLIENT_ID", id)]);
        assert_eq!(with_id("an-identity"), SUCCESS, "{machine:?}");
        let printed = with_id("another");
        assert!(printed.starts_with("CredentialUnavailableError"), "{machine:?}: {printed}");
        assert!(emulator.requests().iter().all(|request| request.party() != Party::Entra), "{machine:?}");
    }
}

/// Whether this is the test program that runs in namespaces of its own. If not, starts it, with this test only.
pub(crate) fn is_inside(namespaces: &[&str], test: &str) -> bool {
    const INSIDE: &str = "AUTOPILOT_TEST_NAMESPACES";
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    // Only one process at a time can make it.
    LazyLock::force(&PYTHON);
    let mut unshare = Command::new("unshare");
    unshare.arg("--map-root-user").args(namespaces).arg(env::current_exe().unwrap());
    let help = "Run as root, or enable unprivileged user namespaces";
    let printed = output(unshare.args(["--exact", test]).env(INSIDE, "1"), help);
    assert!(printed.contains("test result: ok. 1 passed"), "{printed}");
    false
}

pub(crate) fn run(command: &str) {
    let mut words = command.split(' ');
    output(Command::new(words.next().unwrap()).args(words), "Install iproute2 and util-linux");
}

/// Without any variable, the official credential asks a fixed address.
#[test]
fn a_virtual_machine_gets_tokens_at_the_address_of_imds() {
    if is_inside(&["--net"], "credentials::a_virtual_machine_gets_tokens_at_the_address_of_imds") {
        run("ip link set lo up");
        run("ip address add 169.254.169.254/32 dev lo");
        let identity_address = "169.254.169.254:80".parse().unwrap();
        let identities = Identities { identity_address, ..Identities::default() };
        let emulator = Emulator::start(Config { identities, ..Config::default() });
        assert_eq!(printed(&emulator, "managed", &[]), SUCCESS);
        assert_eq!(emulator.requests()[0].header("host"), Some("169.254.169.254"));
    }
}

/// The official credential accepts Azure Arc's key files in one folder of the system only.
#[test]
fn a_server_of_azure_arc_gets_tokens_for_its_identity() {
    if is_inside(&["--mount"], "credentials::a_server_of_azure_arc_gets_tokens_for_its_identity") {
        run("mount -t tmpfs tmpfs /var/opt");
        let emulator = on(Machine::Arc);
        assert_eq!(printed(&emulator, "managed", &[]), SUCCESS);
        let requests = emulator.requests();
        let statuses = requests.iter().map(|request| request.reply.as_ref().map(|reply| reply.status));
        assert_eq!(statuses.collect::<Vec<_>>(), [Some(401), Some(200), Some(200)]);
    }
}

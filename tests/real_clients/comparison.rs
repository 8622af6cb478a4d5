//! The library asks for tokens as the official credentials do: the same emulator serves both, and their requests differ
//! only as `DIFFERENCES` says.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;

use autopilot_emulator::{Config, Emulator, Form, Identities, Machine, Party, Recorded};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::compiler;
use crate::credentials::{
    APPLICATION, FILES, SUCCESS, is_inside, on, printed, python, run, strict, with_credential,
};

/// The program with the library.
static UNATTENDED: LazyLock<PathBuf> = LazyLock::new(|| compiler::example("unattended"));

/// Whose requests have a field, or in whose it has another value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Has {
    Official,
    Library,
    Both,
}
use Has::{Both, Library, Official};

const ENTRA: &[&str] = &["Entra"];
const EVERYWHERE: &[&str] = &["Entra", "IMDS", "App Service", "Azure Arc"];

/// Where the requests differ, in which field, who has it, and why the service does not mind.
const DIFFERENCES: [(&[&str], &str, Has, &str); 23] = [
    (
        ENTRA,
        "request GET /contoso/v2.0/.well-known/openid-configuration",
        Official,
        "MSAL asks for the address of the token endpoint, which is documented and does not change",
    ),
    (ENTRA, "form client_info", Official, "asks for the user's ids, for a cache of many users"),
    (
        ENTRA,
        "form client_assertion",
        Both,
        "the line break at the end of a federated token's file is not sent",
    ),
    (
        ENTRA,
        "assertion's header alg",
        Both,
        "PS256 is what the documentation demands; RS256 is what MSAL sends",
    ),
    (ENTRA, "assertion's header x5t", Official, "a SHA-1 thumbprint, beside RS256"),
    (
        ENTRA,
        "assertion's header x5t#S256",
        Library,
        "the SHA-256 thumbprint, which the documentation demands",
    ),
    (ENTRA, "assertion's claim nbf", Library, "the documentation demands it; it is the time of iat"),
    (ENTRA, "header content-length", Both, "follows from the form"),
    (ENTRA, "header x-client-sku", Official, TELEMETRY),
    (ENTRA, "header x-client-ver", Official, TELEMETRY),
    (ENTRA, "header x-client-os", Official, TELEMETRY),
    (ENTRA, "header x-client-current-telemetry", Official, TELEMETRY),
    (ENTRA, "header x-client-last-telemetry", Official, TELEMETRY),
    (ENTRA, "header x-ms-lib-capability", Official, TELEMETRY),
    (&["IMDS"], "header x-client-sku", Official, TELEMETRY),
    (&["IMDS"], "header x-client-ver", Official, TELEMETRY),
    (&["App Service"], "header metadata", Official, "X-IDENTITY-HEADER takes its place there"),
    (EVERYWHERE, "header accept", Both, "every reply is JSON"),
    (EVERYWHERE, "header accept-encoding", Both, "a reply with a token is not compressed"),
    (EVERYWHERE, "header connection", Official, "keep-alive is HTTP/1.1's default"),
    (EVERYWHERE, "header user-agent", Both, "names the program for statistics"),
    (EVERYWHERE, "header client-request-id", Library, "an id for Entra's log; the others ignore it"),
    (
        EVERYWHERE,
        "header x-ms-client-request-id",
        Official,
        "the same id, as other services of Azure name it",
    ),
];

const TELEMETRY: &str = "tells Microsoft which client is used; nothing depends on it";

/// The fields of a request, by name.
type Fields = BTreeMap<String, String>;

fn fields(request: &Recorded) -> Fields {
    let mut fields = Fields::from([
        ("host".to_owned(), request.host.clone()),
        ("method".to_owned(), request.method.clone()),
        ("path".to_owned(), request.path.clone()),
    ]);
    let mut add = |kind: &str, name: &str, value: String| {
        let known = fields.insert(format!("{kind} {name}"), value);
        assert_eq!(known, None, "{kind} {name} occurs twice");
    };
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        let value = match &*name {
            "client-request-id" => shape_of_id(value),
            "authorization" => value.split(' ').map(|word| format!("{} bytes ", word.len())).collect(),
            _ => value.clone(),
        };
        add("header", &name, value);
    }
    for (name, value) in Form::read(request.query.as_deref().unwrap_or_default()).fields() {
        add("query", name, value.to_owned());
    }
    for (name, value) in Form::read(&String::from_utf8_lossy(&request.body)).fields() {
        match assertion(value).filter(|[_, claims]| claims["iss"] == APPLICATION) {
            Some(parts) => {
                for (kind, part) in ["assertion's header", "assertion's claim"].into_iter().zip(parts) {
                    for (name, value) in part.as_object().expect("an object") {
                        add(kind, name, claim(name, value, &part, request));
                    }
                }
            }
            None => add("form", name, value.to_owned()),
        }
    }
    fields
}

/// The header and the claims of a JWT.
fn assertion(text: &str) -> Option<[Value; 2]> {
    let mut parts = text.split('.').map(|part| {
        let json = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<Value>(&json).ok().filter(Value::is_object)
    });
    Some([parts.next()??, parts.next()??])
}

/// A claim, with its time in words that do not depend on the moment.
fn claim(name: &str, value: &Value, claims: &Value, request: &Recorded) -> String {
    let seconds = |value: &Value| value.as_f64().expect("seconds");
    match name {
        "iat" if (seconds(value) - request.time.timestamp() as f64).abs() <= 60.0 => "now".to_owned(),
        "nbf" | "exp" => format!("iat + {:.0}", seconds(value) - seconds(&claims["iat"])),
        "jti" => shape_of_id(value.as_str().expect("text")),
        _ => value.to_string(),
    }
}

/// An id is another one in each request.
fn shape_of_id(id: &str) -> String {
    id.chars().map(|letter| if letter.is_ascii_hexdigit() { 'x' } else { letter }).collect()
}

/// The requests for tokens since the last look.
fn asked(emulator: &Emulator) -> Vec<Recorded> {
    let requests = emulator.requests();
    emulator.clear_requests();
    requests.into_iter().filter(|request| request.party() != Party::Graph).collect()
}

fn library(emulator: &Emulator, kind: &str, more: &[(&str, &str)]) -> String {
    with_credential(emulator.command(&*UNATTENDED), kind, more)
}

/// Where the requests differ, in which field, who has it, and both values.
type Found = (&'static str, String, Has, [Option<String>; 2]);

/// The differences between the requests of both for the same credential.
fn compare(place: &'static str, emulator: &Emulator, kind: &str, more: &[(&str, &str)]) -> Vec<Found> {
    assert_eq!(printed(emulator, kind, more), SUCCESS, "{place} {kind} {more:?}");
    let mut official = asked(emulator);
    assert_eq!(library(emulator, kind, more), SUCCESS, "{place} {kind} {more:?}");
    let library = asked(emulator);
    let mut found = Vec::new();
    official.retain(|request| {
        let is_same = |other: &Recorded| (&other.method, &other.path) == (&request.method, &request.path);
        let is_shared = library.iter().any(is_same);
        if !is_shared {
            let name = format!("request {} {}", request.method, request.path);
            found.push((place, name, Official, [None, None]));
        }
        is_shared
    });
    assert_eq!(official.len(), library.len(), "{place} {kind} {more:?}");
    for (official, library) in official.iter().map(fields).zip(library.iter().map(fields)) {
        for name in official.keys().chain(library.keys().filter(|name| !official.contains_key(*name))) {
            let values = [official.get(name).cloned(), library.get(name).cloned()];
            let has = match &values {
                [official, library] if official == library => continue,
                [Some(_), Some(_)] => Both,
                [_, None] => Official,
                [None, _] => Library,
            };
            found.push((place, name.clone(), has, values));
        }
    }
    found
}

/// The differences between the requests of both for every credential.
fn compare_all() -> Vec<Found> {
    let chain = ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true");
    let id = ("AZURE_CLIENT_ID", "an-identity");
    let mut found = Vec::new();
    for (kind, more) in
        [("secret", &[][..]), ("certificate", &[]), ("certificate", &[chain]), ("workload", &[])]
    {
        found.extend(compare("Entra", &strict(), kind, more));
    }
    for (place, machine) in
        [("IMDS", Machine::Imds), ("App Service", Machine::AppService), ("Azure Arc", Machine::Arc)]
    {
        for more in [&[][..], &[id]] {
            found.extend(compare(place, &on(machine), "managed", more));
        }
    }
    let identity_address = "169.254.169.254:80".parse().unwrap();
    let identities = Identities { identity_address, ..Identities::default() };
    let emulator = Emulator::start(Config { identities, ..Config::default() });
    found.extend(compare("IMDS", &emulator, "managed", &[]));
    found
}

/// In namespaces of its own, because IMDS has a fixed address, and Azure Arc's keys a fixed folder.
#[test]
fn both_ask_in_the_same_way() {
    LazyLock::force(&UNATTENDED);
    if !is_inside(&["--net", "--mount"], "comparison::both_ask_in_the_same_way") {
        return;
    }
    run("ip link set lo up");
    run("ip address add 169.254.169.254/32 dev lo");
    run("mount -t tmpfs tmpfs /var/opt");
    let found = compare_all();
    let mut explained = BTreeSet::new();
    for (places, field, has, _) in DIFFERENCES {
        explained.extend(places.iter().map(|place| (*place, field, has)));
    }
    let is_explained = |(place, field, has, _): &&Found| explained.contains(&(*place, &**field, *has));
    let unexplained: Vec<_> = found.iter().filter(|found| !is_explained(found)).collect();
    assert!(unexplained.is_empty(), "not explained: {unexplained:#?}");
    for (place, field, has, _) in &found {
        explained.remove(&(*place, &**field, *has));
    }
    assert!(explained.is_empty(), "no difference any more: {explained:?}");
}

/// What PyJWT says about an assertion and a certificate: its claims, or an error.
fn verified(emulator: &Emulator, assertion: &str, certificate: &Path, audience: &str) -> String {
    let mut command = python(emulator, "assertion.py");
    command.arg(certificate).arg(audience).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(assertion.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn pyjwt_verifies_an_assertion() {
    const AUDIENCE: &str = "https://login.microsoftonline.com/contoso/oauth2/v2.0/token";
    let emulator = strict();
    assert_eq!(library(&emulator, "certificate", &[]), SUCCESS);
    let form = Form::read(&String::from_utf8_lossy(&asked(&emulator)[0].body));
    let assertion = form.get("client_assertion").unwrap();
    let verified = |certificate, audience| verified(&emulator, assertion, certificate, audience);
    let claims: Value = serde_json::from_str(&verified(&FILES.certificate, AUDIENCE)).unwrap();
    assert_eq!((&claims["iss"], &claims["sub"]), (&APPLICATION.into(), &APPLICATION.into()));
    assert_eq!(verified(&FILES.issuer, AUDIENCE), "InvalidSignatureError");
    assert_eq!(verified(&FILES.certificate, "https://elsewhere.example"), "InvalidAudienceError");
}

//! Entra: who gets a token, and what it is good for.

mod client;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use autopilot_emulator::{
    ClientCertificate, Clock, Config, Emulator, Fault, LOGIN_HOSTS, Party, Registration, Reply, Step, Token,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use client::*;
use ring::{digest, rand, signature};
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

const LOGIN: &str = "login.microsoftonline.com";
const SCOPE: &str = "https%3A%2F%2Fgraph.microsoft.com%2F.default";
const SECRET: &str = "a~very+secret";

fn manual() -> Emulator {
    Emulator::start(Config { clock: Clock::manual(), ..Config::default() })
}

fn secret_form(secret: &str, scope: &str) -> String {
    format!("client_id=app&grant_type=client_credentials&client_secret={secret}&scope={scope}")
}

fn post_form(tls: &mut Tls, tenant: &str, form: &str) {
    let length = form.len();
    send(
        tls,
        &format!(
            "POST /{tenant}/oauth2/v2.0/token HTTP/1.1\r\nHost: {LOGIN}\r\nclient-request-id: mine\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
        ),
    );
}

fn ask(emulator: &Emulator, host: &str, tenant: &str, form: &str) -> Answer {
    let mut tls = dial_to(emulator, host);
    post_form(&mut tls, tenant, form);
    read_answer(&mut tls).expect("a reply")
}

fn token(emulator: &Emulator, tenant: &str) -> String {
    let answer = ask(emulator, LOGIN, tenant, &secret_form(SECRET, SCOPE));
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

/// What Graph answers to a trigger with this token.
fn trigger(emulator: &Emulator, host: &str, token: &str) -> Answer {
    let mut tls = dial_to(emulator, host);
    send(&mut tls, &post_text(token));
    read_answer(&mut tls).expect("a reply")
}

#[test]
fn each_cloud_issues_tokens_for_its_graph() {
    let emulator = manual();
    for (login, graph, other) in [
        (LOGIN_HOSTS[0], "graph.microsoft.com", "graph.microsoft.us"),
        (LOGIN_HOSTS[1], "graph.microsoft.us", "graph.microsoft.com"),
        (LOGIN_HOSTS[1], "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"),
        (LOGIN_HOSTS[2], "microsoftgraph.chinacloudapi.cn", "dod-graph.microsoft.us"),
        (LOGIN_HOSTS[3], "microsoftgraph.chinacloudapi.cn", "graph.microsoft.com"),
    ] {
        let form = |host| secret_form(SECRET, &format!("https://{host}/.default"));
        let answer = ask(&emulator, login, login, &form(graph));
        assert_eq!((answer.status, &answer.json()["expires_in"]), (200, &json!(3600)), "{login} {graph}");
        let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
        assert!(matches!(trigger(&emulator, graph, &token).status, 204 | 409), "{graph}");
        assert_eq!(trigger(&emulator, other, &token).status, 401, "{other}");
        assert_eq!(ask(&emulator, login, login, &form(other)).json()["error"], "invalid_resource", "{other}");
    }
}

#[test]
fn tokens_of_a_tenant_belong_to_it() {
    let emulator = manual();
    let [first, second, again] = ["contoso", "fabrikam", "contoso"].map(|tenant| token(&emulator, tenant));
    assert_ne!(first, again);
    let statuses = [&first, &second, &again].map(|token| trigger(&emulator, HOST, token).status);
    assert_eq!(statuses, [204, 204, 409]);
    assert_eq!(emulator.tenant("fabrikam", |tenant| tenant.runs().len()), 1);
}

#[test]
fn a_token_ends() {
    let emulator = manual();
    emulator.register(|registration| registration.token_lifetime = Duration::from_secs(86_400));
    let answer = ask(&emulator, LOGIN, "t", &secret_form(SECRET, SCOPE)).json();
    assert_eq!((&answer["expires_in"], &answer["refresh_in"]), (&json!(86_400), &json!(43_200)));
    let first = answer["access_token"].as_str().expect("a token");
    assert_eq!(trigger(&emulator, HOST, first).status, 204);
    emulator.advance(Duration::from_secs(86_399));
    assert_eq!(trigger(&emulator, HOST, first).status, 204);
    emulator.advance(Duration::from_secs(1));
    let refused = trigger(&emulator, HOST, first);
    assert!(refused.status == 401 && !refused.header("www-authenticate").expect("it").contains("claims"));
}

#[test]
fn revoked_tokens_are_challenged() {
    let emulator = manual();
    let first = token(&emulator, "t");
    emulator.revoke_tokens();
    let refused = trigger(&emulator, HOST, &first);
    assert!(refused.status == 401 && refused.header("www-authenticate").expect("it").contains("claims="));
    assert_eq!(trigger(&emulator, HOST, &token(&emulator, "t")).status, 204);
    assert_eq!(trigger(&emulator, HOST, "another kind of token").status, 204);
}

#[test]
fn an_application_without_roles_is_forbidden() {
    let emulator = manual();
    for (role, status) in [("", 403), ("DeviceManagementServiceConfig.Read.All", 403)] {
        emulator.register(|registration| registration.token_roles = vec![role.to_owned()]);
        assert_eq!(trigger(&emulator, HOST, &token(&emulator, "t")).status, status, "{role:?}");
    }
}

/// The request, what changes before it, and the code of the error.
#[test]
fn requests_that_are_refused() {
    let base = "client_id=app&grant_type=client_credentials";
    let secret = format!("{base}&client_secret={SECRET}");
    let table: [(String, fn(&mut Registration), u64, u16, &str); 11] = [
        (String::new(), |_| {}, 900_144, 400, "invalid_request"),
        ("grant_type=password".to_owned(), |_| {}, 70_003, 400, "unsupported_grant_type"),
        (secret.replace("client_id=app", ""), |_| {}, 900_144, 400, "invalid_request"),
        (secret.clone(), |_| {}, 900_144, 400, "invalid_request"),
        (format!("{secret}&scope=User.Read"), |_| {}, 1_002_012, 400, "invalid_scope"),
        (format!("{base}&scope={SCOPE}"), |_| {}, 7_000_216, 401, "invalid_client"),
        (format!("{base}&client_assertion=a.b.c"), |_| {}, 50_027, 401, "invalid_client"),
        (secret.clone(), |r| r.entra_tenants = vec!["u".to_owned()], 90_002, 400, "invalid_request"),
        (secret.clone(), |r| r.client_id = Some("b".to_owned()), 700_016, 400, "unauthorized_client"),
        (secret.clone(), |r| r.client_secret = Some("b".to_owned()), 7_000_215, 401, "invalid_client"),
        (secret, |r| r.token_error = Some(7_000_222), 7_000_222, 401, "invalid_client"),
    ];
    for (form, change, code, status, error) in table {
        let emulator = manual();
        emulator.register(change);
        let answer = ask(&emulator, LOGIN, "t", &form);
        let body = answer.json();
        assert_eq!((answer.status, body["error"].as_str()), (status, Some(error)), "{form}: {body}");
        assert_eq!(
            (&body["error_codes"], &body["correlation_id"]),
            (&json!([code]), &json!("mine")),
            "{form}"
        );
        assert_eq!(body["trace_id"].as_str(), answer.header("x-ms-request-id"));
        assert_eq!(body["timestamp"], "2026-03-02 08:00:00Z");
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    }
}

#[test]
fn the_secret_and_the_tenant_may_be_the_right_ones() {
    let emulator = manual();
    emulator.register(|registration| {
        registration.client_secret = Some("a~very secret".to_owned());
        registration.client_id = Some("APP".to_owned());
        registration.entra_tenants = vec!["other".to_owned(), "T".to_owned()];
    });
    assert_eq!(trigger(&emulator, HOST, &token(&emulator, "t")).status, 204);
}

/// An RSA key and a certificate for it.
struct Key {
    key: signature::RsaKeyPair,
    certificate: CertificateDer<'static>,
    pem: String,
}

static KEY: LazyLock<Key> = LazyLock::new(|| Key::new("first"));

impl Key {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let file = |end: &str| -> PathBuf { folder.path().join(format!("{name}.{end}")) };
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=agent", "-keyout"]);
        let output = openssl.arg(file("key")).arg("-out").arg(file("pem")).output();
        let output = output.expect("openssl is installed (Debian: apt-get install openssl)");
        assert!(output.status.success(), "{output:?}");
        let key = PrivatePkcs8KeyDer::from_pem_file(file("key")).expect("PKCS#8");
        let pem = std::fs::read_to_string(file("pem")).expect("written");
        Self {
            key: signature::RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("an RSA key"),
            certificate: CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM"),
            pem,
        }
    }

    fn thumbprint(&self, algorithm: &'static digest::Algorithm) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &self.certificate))
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let [header_text, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header_text}.{claims}");
        let encoding: &dyn signature::RsaEncoding =
            if header["alg"] == "PS256" { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 };
        let mut bytes = vec![0; self.key.public().modulus_len()];
        let random = rand::SystemRandom::new();
        self.key.sign(encoding, &random, signed.as_bytes(), &mut bytes).expect("the key signs");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn with_assertion(emulator: &Emulator, assertion: &str) -> (u16, u64) {
    let form =
        format!("client_id=app&grant_type=client_credentials&scope={SCOPE}&client_assertion={assertion}");
    let answer = ask(emulator, LOGIN, "t", &form);
    (answer.status, answer.json()["error_codes"][0].as_u64().unwrap_or_default())
}

#[test]
fn an_assertion_is_of_the_registered_certificate() {
    let (own, other) = (&*KEY, Key::new("second"));
    let emulator = manual();
    let now = emulator.clock().now().timestamp();
    let claims = json!({
        "aud": format!("https://{LOGIN}/t/oauth2/v2.0/token"), "iss": "app", "sub": "app", "exp": now + 600,
    });
    let sha1 = |key: &Key| key.thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    let sha256 = |key: &Key| key.thumbprint(&digest::SHA256);
    let table = [
        (own, json!({"alg": "RS256", "x5t": sha1(own)}), 0),
        (own, json!({"alg": "PS256", "x5t#S256": sha256(own)}), 0),
        (own, json!({"alg": "PS256", "x5t": format!("{}=", sha1(own))}), 0),
        (own, json!({"alg": "RS256", "x5t": sha1(&other)}), 700_027),
        (own, json!({"alg": "RS256", "x5t#S256": sha1(own)}), 700_027),
        (&other, json!({"alg": "RS256", "x5t": sha1(own)}), 700_027),
        (own, json!({"alg": "RS256"}), 50_027),
        (own, json!({"alg": "none", "x5t": sha1(own)}), 50_027),
    ];
    for (key, header, code) in table {
        let assertion = key.sign(&header, &claims);
        // Without a registered certificate, who signed does not matter.
        emulator.register(|registration| registration.client_certificate = None);
        let expected = if code == 50_027 { code } else { 0 };
        assert_eq!(with_assertion(&emulator, &assertion).1, expected, "{header}");
        emulator.register(|registration| {
            registration.client_certificate =
                Some(ClientCertificate::from_pem(&own.pem).expect("a certificate"));
        });
        assert_eq!(with_assertion(&emulator, &assertion).1, code, "{header}");
    }
    assert!(
        ClientCertificate::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----").is_err()
    );
}

#[test]
fn an_assertion_is_for_this_endpoint_and_time() {
    let emulator = manual();
    let now = emulator.clock().now().timestamp();
    let endpoint = format!("https://{LOGIN}/t/oauth2/v2.0/token");
    let changed = |name: &str, value: Value| {
        let mut claims = json!({"aud": endpoint, "iss": "app", "sub": "app", "nbf": now, "exp": now + 600});
        claims[name] = value;
        claims
    };
    for (claims, code) in [
        (changed("jti", json!("1")), 0),
        (changed("aud", json!(format!("https://{LOGIN}/t/v2.0"))), 0),
        (changed("aud", json!(format!("https://{LOGIN}/u/oauth2/v2.0/token"))), 700_023),
        (changed("iss", json!("b")), 700_021),
        (changed("sub", json!("b")), 700_021),
        (changed("exp", json!(now - 299)), 0),
        (changed("exp", json!(now - 300)), 700_024),
        (changed("exp", json!(f64::from(u32::try_from(now).expect("small")) + 0.5)), 0),
        (changed("exp", Value::Null), 50_027),
        (changed("nbf", json!(now + 300)), 0),
        (changed("nbf", json!(now + 301)), 700_024),
    ] {
        let assertion = KEY.sign(&json!({"alg": "RS256", "x5t": "any"}), &claims);
        assert_eq!(with_assertion(&emulator, &assertion).1, code, "{claims}");
    }
}

#[test]
fn tokens_of_another_provider_are_exchanged() {
    let emulator = manual();
    let now = emulator.clock().now().timestamp();
    let text = |claims: &Value| KEY.sign(&json!({"alg": "RS256", "kid": "1"}), claims);
    let mut claims = json!({"iss": "https://provider.example", "sub": "Name", "exp": now + 1});
    claims["aud"] = json!(["api://AzureADTokenExchange"]);
    assert_eq!(with_assertion(&emulator, &text(&claims)), (200, 0));
    assert_eq!(with_assertion(&emulator, &format!("{}%0A", text(&claims))), (200, 0), "with a line break");
    for (issuer, subject, code) in [
        (Some("https://provider.example"), Some("Name"), 0),
        (Some("https://provider.example/"), None, 700_211),
        (None, Some("Other"), 700_213),
        (None, Some("name"), 7_002_138),
    ] {
        emulator.register(|registration| {
            registration.federated_issuer = issuer.map(str::to_owned);
            registration.federated_subject = subject.map(str::to_owned);
        });
        assert_eq!(with_assertion(&emulator, &text(&claims)).1, code, "{issuer:?} {subject:?}");
    }
    emulator.advance(Duration::from_secs(301));
    assert_eq!(with_assertion(&emulator, &text(&claims)), (401, 700_024));
    claims["aud"] = json!("api://AzureADTokenExchangeUSGov");
    assert_eq!(with_assertion(&emulator, &text(&claims)), (401, 700_212));
}

#[test]
fn discovery_leads_to_the_token_endpoint() {
    let emulator = manual();
    let mut tls = dial_to(&emulator, LOGIN);
    let mut get = |path: &str| {
        send(&mut tls, &format!("GET {path} HTTP/1.1\r\nHost: {LOGIN}\r\n\r\n"));
        read_answer(&mut tls).expect("a reply")
    };
    let configuration = get("/t/v2.0/.well-known/openid-configuration").json();
    assert_eq!(configuration["token_endpoint"], format!("https://{LOGIN}/t/oauth2/v2.0/token"));
    assert_eq!(configuration["issuer"], format!("https://{LOGIN}/t/v2.0"));
    let instances = get("/common/discovery/instance?api-version=1.1").json();
    assert_eq!(instances["metadata"][1]["aliases"], json!([LOGIN_HOSTS[1]]));
    assert_eq!(get("/t/oauth2/v2.0/token").json()["error_codes"], json!([900_561]));
    assert_eq!(get("/elsewhere").status, 404);
    emulator.register(|registration| registration.entra_tenants = vec!["u".to_owned()]);
    let unknown = get("/t/v2.0/.well-known/openid-configuration");
    assert_eq!((unknown.status, &unknown.json()["error"]), (400, &json!("invalid_tenant")));
}

#[test]
fn scripts_tell_requests_for_tokens_from_others() {
    let emulator = manual();
    let form = secret_form(SECRET, SCOPE);
    emulator.script([
        Step::error(503),
        Step::error(429).on("POST"),
        Step::error(7_000_222).on("token"),
        Step::error(503).on("TOKEN"),
        Step::reply(Reply::new(200).html()).on("TOKEN"),
        Step::reply(Reply::new(429).header("Retry-After", "7")).on("TOKEN"),
        Step::echo(401).on("TOKEN"),
    ]);
    let codes = [401, 503].map(|status| {
        let answer = ask(&emulator, LOGIN, "t", &form);
        assert_eq!(answer.status, status);
        answer.json()["error_codes"][0].as_u64().expect("a code")
    });
    assert_eq!(codes, [7_000_222, 90_033]);
    assert_eq!(ask(&emulator, LOGIN, "t", &form).header("content-type"), Some("text/html; charset=us-ascii"));
    let throttled = ask(&emulator, LOGIN, "t", &form);
    assert_eq!((throttled.status, throttled.header("retry-after")), (429, Some("7")));
    assert_eq!(throttled.header("x-ms-ests-server"), Some("2.1.0.0 - EMULATOR ProdSlices"));
    assert!(ask(&emulator, LOGIN, "t", &form).reason.contains("a~very secret"), "it repeats the secret");
    let mut graph = dial(&emulator);
    assert_eq!([get(&mut graph).status, post(&mut graph).status], [503, 429]);
    assert_eq!(emulator.steps_left(), 0);
}

#[test]
fn a_script_may_be_for_one_tenant() {
    let emulator = manual();
    let [contoso, fabrikam] = ["contoso", "fabrikam"].map(|tenant| token(&emulator, tenant));
    emulator.set_token("declared", Token::default().of("contoso"));
    emulator.script([
        Step::error(7_000_229).on("TOKEN").for_tenant("contoso"),
        Step::fault(Fault::ResetUnread).on("TOKEN").for_tenant("contoso"),
        Step::error(503).for_tenant("contoso").times(2),
    ]);
    let status = |tenant: &str| ask(&emulator, LOGIN, tenant, &secret_form(SECRET, SCOPE)).status;
    assert_eq!(["fabrikam", "contoso"].map(status), [200, 401]);
    let mut tls = dial_to(&emulator, LOGIN);
    post_form(&mut tls, "contoso", "");
    assert_eq!(read_answer(&mut tls).expect_err("reset").kind(), ErrorKind::ConnectionReset);
    let status = |token: &str| trigger(&emulator, HOST, token).status;
    assert_eq!([&fabrikam, &contoso, "declared", "declared"].map(status), [204, 503, 503, 204]);
}

#[test]
fn faults_spoil_replies_with_tokens() {
    let emulator = manual();
    let table = [
        (Fault::ResetUnread, Err(ErrorKind::ConnectionReset)),
        (Fault::Close, Err(ErrorKind::UnexpectedEof)),
        (Fault::Truncate { keep: 9 }, Err(ErrorKind::UnexpectedEof)),
        (Fault::CloseAfter, Ok(200)),
    ];
    for (fault, expected) in table {
        emulator.script([Step::fault(fault.clone()).on("TOKEN")]);
        let mut tls = dial_to(&emulator, LOGIN);
        assert_eq!(get(&mut dial(&emulator)).status, 200, "Graph is as usual");
        post_form(&mut tls, "t", &secret_form(SECRET, SCOPE));
        let status = read_answer(&mut tls).map(|answer| answer.status).map_err(|error| error.kind());
        assert_eq!(status, expected, "{fault:?}");
    }
}

#[test]
fn requests_for_tokens_are_recorded_and_logged_without_secrets() {
    let emulator = manual();
    let log = SharedLog::default();
    emulator.log_to(Box::new(log.clone()));
    let token = token(&emulator, "t");
    emulator.script([Step::reply(Reply::new(200).body(SECRET)).on("TOKEN")]);
    assert_eq!(ask(&emulator, LOGIN, "t", &secret_form(SECRET, SCOPE)).body, SECRET.as_bytes());
    let refused = ask(&emulator, LOGIN, "t", &secret_form("x&scope=x", ""));
    assert_eq!(refused.status, 400);
    let requests = emulator.requests();
    let request = &requests[0];
    assert_eq!((request.party(), &*request.host), (Party::Entra, LOGIN));
    assert_eq!((&*request.method, &*request.path), ("POST", "/t/oauth2/v2.0/token"));
    assert_eq!(request.body, secret_form(SECRET, SCOPE).as_bytes());
    let text = String::from_utf8(log.0.lock().expect("no holder panics").clone()).expect("text");
    assert!(!text.contains("very") && !text.contains(&token) && text.contains("(token of "), "{text}");
    assert!(text.contains("client_secret=(secret of 13 bytes)&scope="), "{text}");
    assert!(text.contains("client_secret=(secret of 1 bytes)&scope=x"), "{text}");
    assert!(text.contains(r#""party":"entra""#), "{text}");
}

#[derive(Clone, Default)]
struct SharedLog(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for SharedLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no holder panics").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_login_hosts_are_served_without_a_proxy_too() {
    let emulator = manual();
    let mut tls = handshake(&emulator, tcp(port(&emulator.direct_url())), LOGIN).expect("TLS");
    post_form(&mut tls, "t", &secret_form(SECRET, SCOPE));
    assert_eq!(read_answer(&mut tls).expect("a reply").status, 200);
    assert_eq!(emulator.requests()[0].host, LOGIN);
}

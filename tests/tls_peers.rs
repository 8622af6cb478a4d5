//! OpenSSL's server with features that rustls, webpki and ring may not support: each works, or the error says why not.
//! The table in `docs/networks.md` says the same.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind as IoErrorKind, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::{self, JoinHandle};

use autopilot_sync::{Client, ErrorKind};

const EC: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const P521: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-521"];
const RSA: &[&str] = &["rsa:2048"];
const RSA_PSS: &[&str] = &["rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"];
const ED25519: &[&str] = &["ed25519"];
const ED448: &[&str] = &["ed448"];

const SHA256: &[&str] = &["-sha256"];
const SHA512: &[&str] = &["-sha512"];
const PSS_32: &[&str] = &["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"];
const PSS_20: &[&str] = &["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"];
const PSS_222: &[&str] = &["-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:222"];
const PURE: &[&str] = &[];

const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign";
const SERVER: &str =
    "basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth";

/// A certificate and its key in files, made by OpenSSL.
#[derive(Clone)]
struct Made {
    certificate: PathBuf,
    key: PathBuf,
}

/// Makes certificates in a folder of its own.
struct Maker(PathBuf);

impl Maker {
    fn new(row: usize) -> Maker {
        let name = format!("tls-peers-{}-{row}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("the folder can be made");
        Maker(folder)
    }

    /// Without an issuer, the certificate is self-signed.
    fn make(
        &self,
        name: &str,
        key: &[&str],
        extensions: &str,
        issuer: Option<&Made>,
        signature: &[&str],
    ) -> Made {
        let file = |extension| self.0.join(format!("{name}.{extension}"));
        let made = Made { certificate: file("pem"), key: file("key") };
        let config = format!(
            "[req]\ndistinguished_name=name\nx509_extensions=extensions\n[name]\n[extensions]\n{extensions}\n"
        );
        fs::write(file("cnf"), config).expect("the folder can be written");
        let mut command = Command::new("openssl");
        command.args([
            "req",
            "-x509",
            "-days",
            "30",
            "-nodes",
            "-subj",
            &format!("/O=Contoso/CN={name}"),
            "-config",
        ]);
        command.arg(file("cnf")).arg("-newkey").args(key).args(signature);
        command.arg("-keyout").arg(&made.key).arg("-out").arg(&made.certificate);
        if let Some(issuer) = issuer {
            command.arg("-CA").arg(&issuer.certificate).arg("-CAkey").arg(&issuer.key);
        }
        let output = command.output().expect("Debian's package openssl is installed");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        made
    }

    fn root(&self) -> Made {
        self.make("Contoso Root", EC, AUTHORITY, None, SHA256)
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a server sends, and what its clients trust.
struct Shown {
    server: Made,
    between: Option<Made>,
    ca_file: PathBuf,
}

impl Shown {
    fn by_root(server: Made, root: &Made) -> Shown {
        Shown { server, between: None, ca_file: root.certificate.clone() }
    }

    fn itself(server: Made) -> Shown {
        Shown { ca_file: server.certificate.clone(), server, between: None }
    }
}

/// The server's own certificate has this kind of key and these additional extensions.
fn server(maker: &Maker, key: &[&str], more: &str) -> Shown {
    let root = maker.root();
    Shown::by_root(maker.make("localhost", key, &format!("{SERVER}\n{more}"), Some(&root), SHA256), &root)
}

/// The authority has this kind of key and signs with this algorithm.
fn signed(maker: &Maker, key: &[&str], signature: &[&str]) -> Shown {
    let root = maker.make("Contoso Root", key, AUTHORITY, None, signature);
    Shown::by_root(maker.make("localhost", EC, SERVER, Some(&root), signature), &root)
}

/// An intermediate authority has these additional extensions.
fn constrained(maker: &Maker, more: &str) -> Shown {
    let root = maker.root();
    let between = maker.make("Contoso Issuing", EC, &format!("{AUTHORITY}\n{more}"), Some(&root), SHA256);
    let server = maker.make("localhost", EC, SERVER, Some(&between), SHA256);
    Shown { server, between: Some(between), ca_file: root.certificate }
}

/// The root, which the client trusts, has these additional extensions.
fn constrained_root(maker: &Maker, more: &str) -> Shown {
    let root = maker.make("Contoso Root", EC, &format!("{AUTHORITY}\n{more}"), None, SHA256);
    Shown::by_root(maker.make("localhost", EC, SERVER, Some(&root), SHA256), &root)
}

const POLICY: &str = "policyConstraints=critical,inhibitPolicyMapping:0";
const DIRECTORY: &str = "nameConstraints=critical,permitted;dirName:directory\n[directory]\nO=Contoso";

/// How a call ends: None if it works.
type End = Option<(ErrorKind, &'static [&'static str])>;

const WORKS: End = None;

const fn tls(words: &'static [&'static str]) -> End {
    Some((ErrorKind::Tls, words))
}

/// A line: what is special; the certificates; the server's options; how the call ends.
type Line = (&'static str, fn(&Maker) -> Shown, &'static [&'static str], End);

const NOT_IN_COMMON: End = tls(&[
    "the server aborts TLS: it has no cipher suite, key or signature algorithm that this library supports",
    "CBC or RSA key exchange",
    "alert 40: handshake failure",
]);

#[rustfmt::skip] // Columns.
const LINES: &[Line] = &[
    ("nothing",                            |maker| server(maker, EC, ""), &[], WORKS),
    ("nothing, TLS 1.2",                   |maker| server(maker, RSA, ""), &["-tls1_2"], WORKS),
    ("policy constraints",                 |maker| constrained(maker, POLICY), &[],
        tls(&["an unsupported critical extension (policy constraints, for example)", "CN=localhost", "CN=Contoso Issuing"])),
    ("policy constraints of the root",     |maker| constrained_root(maker, POLICY), &[], WORKS),
    ("directory-name constraints",         |maker| constrained(maker, DIRECTORY), &[],
        tls(&["constrain directory names, which is not supported", "CN=localhost"])),
    ("directory-name constraints of root", |maker| constrained_root(maker, DIRECTORY), &[],
        tls(&["constrain directory names, which is not supported", "CN=localhost"])),
    ("a key on P-521",                     |maker| server(maker, P521, ""), &[], NOT_IN_COMMON),
    ("a key on P-521, TLS 1.2",            |maker| server(maker, P521, ""), &["-tls1_2"], NOT_IN_COMMON),
    ("an authority's key on P-521",        |maker| signed(maker, P521, SHA256), &[],
        tls(&["signed (ECDSA with SHA-256) with an unsupported kind of key (EC on P-521)", "CN=localhost"])),
    ("ECDSA on P-256 with SHA-512",        |maker| signed(maker, EC, SHA512), &[],
        tls(&["signed with an unsupported algorithm (ECDSA with SHA-512)", "CN=localhost", "CN=Contoso Root"])),
    ("RSA with SHA-512",                   |maker| signed(maker, RSA, SHA512), &[], WORKS),
    ("RSASSA-PSS, a salt as the hash",     |maker| signed(maker, RSA, PSS_32), &[], WORKS),
    ("RSASSA-PSS, a shorter salt",         |maker| signed(maker, RSA, PSS_20), &[],
        tls(&["signed with an unsupported algorithm (RSASSA-PSS with SHA-256 and a salt of 20 bytes)"])),
    ("RSASSA-PSS, the longest salt",       |maker| signed(maker, RSA, PSS_222), &[],
        tls(&["signed with an unsupported algorithm (RSASSA-PSS with SHA-256 and a salt of more than 127 bytes)"])),
    ("an RSASSA-PSS key",                  |maker| server(maker, RSA_PSS, ""), &[], NOT_IN_COMMON),
    ("an authority's RSASSA-PSS key",      |maker| signed(maker, RSA_PSS, PSS_32), &[],
        tls(&["with an unsupported kind of key (RSASSA-PSS)"])),
    ("Ed25519",                            |maker| signed(maker, ED25519, PURE), &[], WORKS),
    ("Ed448",                              |maker| signed(maker, ED448, PURE), &[],
        tls(&["signed with an unsupported algorithm (Ed448)"])),
    ("TLS 1.2 with CBC only",              |maker| server(maker, EC, ""),
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA"], NOT_IN_COMMON),
    ("TLS 1.2 with RSA key exchange only", |maker| server(maker, RSA, ""),
        &["-tls1_2", "-cipher", "AES128-GCM-SHA256:AES256-GCM-SHA384"], NOT_IN_COMMON),
    ("TLS 1.2 with DHE only",              |maker| server(maker, RSA, ""),
        &["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], NOT_IN_COMMON),
    ("its own certificate, CA:FALSE",      |maker| Shown::itself(maker.make("localhost", EC, SERVER, None, SHA256)), &[], WORKS),
    ("its own certificate, CA:TRUE",       |maker| Shown::itself(maker.make("localhost", EC, &SERVER.replace("CA:FALSE", "CA:TRUE"), None, SHA256)), &[],
        tls(&["the certificate is an authority's (CA:TRUE), so a server cannot use it", "CN=localhost"])),
    ("its own certificate, issued",        |maker| Shown::itself(server(maker, EC, "").server), &["-partial_chain"],
        tls(&["the certificate of CN=localhost, O=Contoso is issued by CN=Contoso Root, O=Contoso, which is not trusted"])),
];

/// OpenSSL's server with these certificates, on a port of its own.
struct Server {
    program: Child,
    port: u16,
    answers: Option<JoinHandle<()>>,
}

/// What it does when the request has arrived.
#[derive(Clone, Copy)]
enum Then {
    Accept,
    /// Types OpenSSL's command to renegotiate, and never answers.
    Renegotiate,
}

impl Server {
    fn start(shown: &Shown, options: &[&str], then: Then) -> Server {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-cert"]).arg(&shown.server.certificate);
        command.arg("-key").arg(&shown.server.key).args(options);
        if let Some(between) = &shown.between {
            command.arg("-cert_chain").arg(&between.certificate);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut program = command.spawn().expect("Debian's package openssl is installed");
        let input = program.stdin.take().expect("a pipe");
        let mut output = BufReader::new(program.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let port = loop {
            line.clear();
            assert_ne!(output.read_line(&mut line).expect("its text is UTF-8"), 0, "it does not start");
            if let Some(address) = line.strip_prefix("ACCEPT ") {
                break address.trim().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
            }
        };
        let answers = thread::spawn(move || answer(output, input, then));
        Server { program, port, answers: Some(answers) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        let _ = self.answers.take().map(JoinHandle::join);
    }
}

/// OpenSSL prints what it receives, and sends what is typed.
fn answer(mut output: impl Read, mut input: ChildStdin, then: Then) {
    let (mut seen, mut part, mut is_answered) = (Vec::new(), [0; 4096], false);
    while let Ok(length @ 1..) = output.read(&mut part) {
        seen.extend_from_slice(&part[..length]);
        let is_there = seen.windows(4).any(|end| end == b"\r\n\r\n");
        if is_there && !is_answered {
            is_answered = true;
            let typed: &[u8] = match then {
                Then::Accept => b"HTTP/1.1 204 No Content\r\n\r\n",
                Then::Renegotiate => b"r\n",
            };
            // The client may be gone.
            let _ = input.write_all(typed).and_then(|()| input.flush());
        }
    }
}

fn client(ca_file: &Path, port: u16) -> Client {
    let builder = Client::builder().ignore_environment().no_proxy().max_retries(0).unwrap();
    let builder = builder.base_url(&format!("https://localhost:{port}")).unwrap();
    builder.ca_file(ca_file).unwrap().build().unwrap()
}

/// Whether OpenSSL's own client accepts it.
fn openssl_takes(shown: &Shown, port: u16, options: &[&str]) -> Result<(), String> {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-verify_return_error", "-verify_hostname", "localhost", "-CAfile"]);
    command.arg(&shown.ca_file).args(["-connect", &format!("127.0.0.1:{port}")]).args(options);
    let output = command.stdin(Stdio::null()).output().expect("Debian's package openssl is installed");
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// What is wrong with a line.
fn complaint(row: usize, (name, certificates, options, end): &Line) -> Option<String> {
    let maker = Maker::new(row);
    let shown = certificates(&maker);
    // This option is for the client.
    let (of_client, of_server): (Vec<&str>, Vec<&str>) =
        options.iter().partition(|option| **option == "-partial_chain");
    let server = Server::start(&shown, &of_server, Then::Accept);
    if let Err(error) = openssl_takes(&shown, server.port, &of_client) {
        return Some(format!("{name}: not even OpenSSL accepts it: {error}"));
    }
    let result = client(&shown.ca_file, server.port).sync("token");
    match (result, end) {
        (Ok(_), None) => None,
        (Ok(_), Some(_)) => Some(format!("{name}: it works")),
        (Err(error), None) => Some(format!("{name}: {error:#}")),
        (Err(error), Some((kind, words))) => {
            let text = format!("{error:#}");
            let is_told = error.kind() == *kind && words.iter().all(|words| text.contains(words));
            (!is_told).then(|| format!("{name}: {:?}: {text}", error.kind()))
        }
    }
}

#[test]
fn what_openssl_takes_works_or_is_told_in_words() {
    let complaints: Vec<String> = thread::scope(|scope| {
        let lines: Vec<_> =
            LINES.iter().enumerate().map(|(row, line)| scope.spawn(move || complaint(row, line))).collect();
        lines.into_iter().filter_map(|line| line.join().expect("no line panics")).collect()
    });
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The server asks for it after the request, so the service may have carried the request out.
#[test]
fn renegotiation_is_told_in_words() {
    let maker = Maker::new(LINES.len());
    let shown = server(&maker, EC, "");
    let server = Server::start(&shown, &["-tls1_2"], Then::Renegotiate);
    let error = client(&shown.ca_file, server.port).sync("token").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:#}");
    assert!(format!("{error:#}").contains("renegotiat"), "{error:#}");
}

/// Windows checks for revocation. Elsewhere nobody does, like OpenSSL.
#[test]
fn nobody_is_asked_for_revocations() {
    let revocations = TcpListener::bind("127.0.0.1:0").unwrap();
    revocations.set_nonblocking(true).unwrap();
    let address = format!("http://{}/", revocations.local_addr().unwrap());
    let asks = format!("crlDistributionPoints=URI:{address}crl\nauthorityInfoAccess=OCSP;URI:{address}ocsp");
    let maker = Maker::new(LINES.len() + 1);
    let shown = server(&maker, EC, &asks);
    let server = Server::start(&shown, &[], Then::Accept);
    client(&shown.ca_file, server.port).sync("token").unwrap();
    assert_eq!(revocations.accept().unwrap_err().kind(), IoErrorKind::WouldBlock);
}

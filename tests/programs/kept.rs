//! A credential leaves no copy of its secrets in the process's memory: neither of what proves the application, nor of the
//! token that came. The test reads that memory from outside, with the credential alive, after it is freed, and after
//! the client is freed too.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use autopilot_emulator::{Config, Emulator, Fault, Identities, Machine, Reply, Step};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::compiler;
use crate::program::Program;
use crate::residue::{self, Copy, Words};
use crate::secrets;

/// How often rustls leaves a reply as it came, because it wipes nothing: in its buffer for a record, and in the memory
/// that it gave back.
const LEFT_BY_TLS: usize = 2;

/// What the registers hold while a token is read from a reply, and their copies on the stack.
const REGISTERS: usize = 64;

struct Keeper {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Keeper {
    fn start(emulator: &Emulator, kind: &str) -> Keeper {
        let mut command = Program::at(compiler::example("keeper")).plainly_against(emulator);
        command.arg(kind).env("LD_BIND_NOW", "1");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Keeper { child, input, output: BufReader::new(output) }
    }

    /// Says a line, and hears the next one.
    fn tell(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        let mut heard = String::new();
        self.output.read_line(&mut heard).unwrap();
        heard.trim_end().to_owned()
    }

    fn copies<'a>(&self, secrets: impl IntoIterator<Item = &'a [u8]>) -> Vec<Copy> {
        residue::copies(self.child.id(), &Words::of(secrets))
    }
}

/// What proves the application, or the machine.
struct Proof {
    kind: &'static str,
    /// What the program reads first.
    line: String,
    secrets: Vec<Vec<u8>>,
    /// How often it must be in memory while the credential lives.
    kept: usize,
}

fn text() -> String {
    String::from_utf8(secrets::token(40, 5)).unwrap()
}

fn file(name: &str, content: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A file with an RSA key and its certificate. The key's text and its numbers are secret.
fn certificate() -> Proof {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=agent", "-keyout", "-"])
        .output()
        .expect("openssl is missing. Install it (Debian: apt-get install openssl)");
    let pem = String::from_utf8(made.stdout).unwrap();
    let (key, _) = pem.split_once("-----END").expect("the key comes first");
    let digits: String = key.lines().skip(1).collect();
    let mut numbers = Vec::new();
    collect_numbers(&BASE64_STANDARD.decode(&digits).unwrap(), &mut numbers);
    numbers.retain(|number| number.len() > 100);
    let secrets = numbers.split_off(1); // the modulus is public
    assert_eq!(secrets.len(), 6, "d, p, q and three more");
    Proof {
        kind: "certificate",
        line: file("agent.pem", &pem),
        secrets: secrets.into_iter().chain([digits.into_bytes()]).collect(),
        kept: 0, // only in the form of ring
    }
}

/// The integers in DER, also in the octet strings of PKCS#8.
fn collect_numbers(mut der: &[u8], numbers: &mut Vec<Vec<u8>>) {
    while let [tag, first, rest @ ..] = der {
        let more = usize::from(first.saturating_sub(0x80));
        let length = rest[..more].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        let length = if more > 0 { length } else { usize::from(*first) };
        let (content, after) = rest[more..].split_at(length);
        match tag {
            0x02 => numbers.push(content.to_vec()),
            0x04 | 0x30 => collect_numbers(content, numbers),
            _ => {}
        }
        der = after;
    }
}

fn proof(kind: &'static str, emulator: &Emulator) -> Proof {
    let of = |line, kept| Proof { kind, line, secrets: vec![text().into_bytes()], kept };
    match kind {
        "secret" => of(text(), 1),
        "secret-file" => of(file("secret", &text()), 1),
        "workload" => of(file("federated", &text()), 0),
        "certificate" => certificate(),
        _ => {
            let variables = emulator.machine_env(Machine::AppService);
            let (_, header) = variables.iter().find(|(name, _)| *name == "IDENTITY_HEADER").unwrap();
            Proof { secrets: vec![header.clone().into_bytes()], ..of(String::new(), 1) }
        }
    }
}

/// The reply with a token.
fn given(token: &str) -> Step {
    Step::reply(Reply::new(200).body(format!(r#"{{"expires_in":3600,"access_token":"{token}"}}"#)))
}

/// What was sent to prove the application: what follows the last dot of an assertion is its signature.
fn sent(emulator: &Emulator) -> Vec<u8> {
    let requests = emulator.requests();
    let form = String::from_utf8_lossy(&requests[0].body);
    let value = form.split('&').find_map(|field| field.strip_prefix("client_assertion="));
    value.and_then(|value| value.rsplit('.').next()).unwrap_or_default().as_bytes().to_vec()
}

#[test]
fn a_credential_leaves_no_copy_of_its_secrets() {
    let token = String::from_utf8(secrets::token(1500, 7)).unwrap();
    let lost = || Step::fault(Fault::LoseReply);
    for (kind, steps, result) in [
        ("secret", vec![given(&token)], 0),
        ("secret", vec![Step::error(503), given(&token)], 0),
        ("secret", vec![lost(), given(&token)], 0),
        ("secret", vec![Step::error(7_000_215)], -7),
        ("secret", vec![lost(), lost()], -6),
        ("secret-file", vec![given(&token)], 0),
        ("certificate", vec![given(&token)], 0),
        ("certificate", vec![Step::error(700_027)], -7),
        ("workload", vec![given(&token)], 0),
        ("identity", vec![given(&token)], 0),
    ] {
        let managed_identity = (kind == "identity").then_some(Machine::AppService);
        let identities = Identities { managed_identity, ..Identities::default() };
        let emulator = Emulator::start(Config { identities, ..Config::default() });
        let party = if managed_identity.is_some() { "IDENTITY" } else { "TOKEN" };
        emulator.script(steps.into_iter().map(|step| step.on(party)));
        let proof = proof(kind, &emulator);
        let mut keeper = Keeper::start(&emulator, proof.kind);
        assert_eq!(keeper.tell(&proof.line), format!("made {result}"), "{kind}");
        let secrets = || proof.secrets.iter().map(Vec::as_slice);
        let sent = sent(&emulator);
        let left_by_tls = if party == "TOKEN" && result == 0 { LEFT_BY_TLS } else { 0 };
        let (mut kept, mut held) = (proof.kept, usize::from(result == 0));
        for stage in ["alive", "forgotten", "freed"] {
            let mut found = keeper.copies(secrets());
            // The environment, which has the secret of a machine's identity, begins there.
            found.retain(|copy| party == "TOKEN" || copy.mapping != "[stack]");
            assert_eq!(found.len(), kept, "{kind} {result} {stage}: {found:?}");
            let found = keeper.copies([&*sent]);
            assert!(found.is_empty(), "{kind} {result} {stage}, the assertion: {found:?}");
            let found = keeper.copies([token.as_bytes()]);
            let bytes: usize =
                found.iter().map(|copy| copy.length).filter(|length| *length > REGISTERS).sum();
            let copies = bytes.div_ceil(token.len());
            assert!(
                (held..=held + left_by_tls).contains(&copies),
                "{kind} {result} {stage}, the token: {found:?}"
            );
            (kept, held) = (0, 0);
            keeper.tell("");
        }
        assert!(keeper.child.wait().unwrap().success(), "{kind}");
    }
}

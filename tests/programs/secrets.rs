//! However a call ends, it leaves no copy of its token in the process's memory. The test reads that memory from
//! outside, with the connection alive and after the client is freed. It first sees the caller's own copy, which is then
//! wiped.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use autopilot_emulator::{
    Access, Behaviour, Certificate, Config, Counts, Emulator, Fault, Network, ProxyFault, Step, TlsFault,
    TlsVersions, Token,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::program::{Language, Program};
use crate::residue::{self, Copy, Words};

const SHORT: usize = 1500;
const LONG: usize = 60 * 1024;
const PATIENT: &str = "3600000";

/// A text like a token. None of its parts occurs anywhere else.
pub(crate) fn token(length: usize, seed: u64) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ALPHABET[usize::try_from(state >> 58).unwrap()]
    };
    (0..length).map(|i| if i == length / 8 || i == length / 2 { b'.' } else { next() }).collect()
}

/// A running `caller`.
struct Caller {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Caller {
    fn start(language: Language, emulator: &Emulator, case: &Case) -> Caller {
        let mut command = Program::caller(language).plainly_against(emulator);
        // At the first call of a function, the dynamic linker saves the registers to the stack, and what they copied
        // last.
        command.env("LD_BIND_NOW", "1").envs((case.way)(emulator).map(|proxy| ("HTTPS_PROXY", proxy)));
        command.args([case.action, case.timeout_ms]).args(case.cancelled.map(|_| "cancel"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Caller { child, input, output: BufReader::new(output) }
    }

    fn tell(&mut self, line: &[u8]) {
        self.input.write_all(&[line, b"\n"].concat()).unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn copies(&self, tokens: &Words) -> Vec<Copy> {
        residue::copies(self.child.id(), tokens)
    }
}

/// A call, the behaviour of the service, and the expected result.
struct Case {
    name: &'static str,
    prepare: fn(&Emulator),
    action: &'static str,
    /// A proxy to use instead of the usual one.
    way: fn(&Emulator) -> Option<String>,
    timeout_ms: &'static str,
    /// When the call is cancelled.
    cancelled: Option<fn(&Counts) -> bool>,
    /// How many tokens the callback passes.
    renewals: u64,
    /// What is changed in the first token.
    change: fn(&mut Vec<u8>),
    result: i32,
}

const ACCEPTED: Case = Case {
    name: "accepted",
    prepare: |_| (),
    action: "sync",
    way: |_| None,
    timeout_ms: PATIENT,
    cancelled: None,
    renewals: 0,
    change: |_| (),
    result: 0,
};

const fn answered(name: &'static str, prepare: fn(&Emulator), result: i32) -> Case {
    Case { name, prepare, result, ..ACCEPTED }
}

const fn read(name: &'static str, prepare: fn(&Emulator), result: i32) -> Case {
    Case { action: "settings", ..answered(name, prepare, result) }
}

const fn waited(name: &'static str, prepare: fn(&Emulator), renewals: u64, result: i32) -> Case {
    Case { action: "wait", renewals, ..answered(name, prepare, result) }
}

const fn by(name: &'static str, way: fn(&Emulator) -> Option<String>) -> Case {
    Case { name, way, ..ACCEPTED }
}

const fn late(name: &'static str, prepare: fn(&Emulator)) -> Case {
    Case { timeout_ms: "1500", ..answered(name, prepare, -4) }
}

const fn cancelled(name: &'static str, prepare: fn(&Emulator), when: fn(&Counts) -> bool) -> Case {
    Case { cancelled: Some(when), ..answered(name, prepare, -5) }
}

const fn refused(name: &'static str, change: fn(&mut Vec<u8>)) -> Case {
    Case { name, change, result: -1, ..ACCEPTED }
}

/// A call with a JWT, which the service refuses.
const fn explained(name: &'static str, change: fn(&mut Vec<u8>), result: i32) -> Case {
    Case { name, change, result, ..ACCEPTED }
}

/// Puts the first half of a token into a claim of a JWT that has these claims too.
fn into_claim(token: &mut Vec<u8>, mut claims: Value) {
    let (secret, signature) = token.split_at(token.len() / 2);
    claims["oid"] = String::from_utf8_lossy(secret).into();
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    *token = [b"e30.", payload.as_bytes(), &signature[..342]].concat(); // the signature begins with the dot
}

fn forever(emulator: &Emulator, step: Step) {
    emulator.script([step.forever()]);
}

fn fault(emulator: &Emulator, fault: Fault) {
    forever(emulator, Step::fault(fault));
}

fn network(emulator: &Emulator, network: Network) {
    emulator.network(|way| *way = network);
}

fn tls(emulator: &Emulator, fault: TlsFault) {
    network(emulator, Network { tls_fault: Some(fault), ..Network::default() });
}

fn proxy(emulator: &Emulator, fault: ProxyFault) {
    network(emulator, Network { proxy_fault: Some(fault), ..Network::default() });
}

/// In a wait, the first token is refused at once, and the second after one request.
fn old_tokens(emulator: &Emulator) {
    for length in [SHORT, LONG] {
        let text = |number| String::from_utf8(token(length, number)).unwrap();
        emulator.set_token(&text(0), Token::new(Access::Expired));
        emulator.set_token(&text(1), Token::new(Access::Full).for_requests(1));
    }
}

const CASES: &[Case] = &[
    ACCEPTED,
    Case { action: "one-call", ..answered("one call", |_| (), 0) },
    answered("already running", |emulator| forever(emulator, Step::error(409)), 1),
    answered(
        "too soon",
        |emulator| emulator.behave(|behaviour| behaviour.window = Duration::from_secs(1 << 30)),
        2,
    ),
    answered("expired", |emulator| emulator.set_other_tokens(Access::Expired), -7),
    answered("challenged", |emulator| emulator.set_other_tokens(Access::Challenged), -7),
    answered("forbidden", |emulator| emulator.set_other_tokens(Access::Forbidden), -8),
    answered("repeated", |emulator| forever(emulator, Step::error(503)), -9),
    answered(
        "TLS 1.2",
        |emulator| network(emulator, Network { tls_versions: TlsVersions::Only12, ..Network::default() }),
        0,
    ),
    by("a proxy with TLS", |emulator| Some(emulator.tls_proxy_url())),
    by("SOCKS", |emulator| Some(emulator.socks_url().replace("socks5:", "socks5h:"))),
    read("settings", |_| (), 0),
    read("settings, lost", |emulator| fault(emulator, Fault::Reset), -6),
    waited("a wait", |_| (), 0, 0),
    waited("a wait with three tokens", old_tokens, 2, 0),
    Case { action: "steps", ..waited("steps with three tokens", old_tokens, 2, 0) },
    Case { action: "fleet", ..waited("a fleet with three tokens", old_tokens, 2, 0) },
    Case {
        action: "fleet",
        ..waited("a fleet in vain", |emulator| emulator.set_other_tokens(Access::Expired), 1, -7)
    },
    Case { action: "since", ..waited("a recent sync, for the second token", old_tokens, 1, 4) },
    waited("a wait in vain", |emulator| emulator.set_other_tokens(Access::Expired), 1, -7),
    answered("closed", |emulator| fault(emulator, Fault::Close), -6),
    answered("reset", |emulator| fault(emulator, Fault::Reset), -6),
    answered("reset unread", |emulator| fault(emulator, Fault::ResetUnread), -6),
    answered("vanished", |emulator| fault(emulator, Fault::Vanish), -6),
    answered(
        "truncated",
        |emulator| forever(emulator, Step::error(403).spoiled(Fault::Truncate { keep: 7 })),
        -6,
    ),
    answered("closed after", |emulator| fault(emulator, Fault::CloseAfter), 0),
    answered("not HTTP", |emulator| fault(emulator, Fault::Raw(b"nonsense\r\n\r\n".to_vec())), -10),
    answered("endless header", |emulator| fault(emulator, Fault::EndlessHeader), -10),
    answered("proxy's refusal", |emulator| proxy(emulator, ProxyFault::Status(403)), -2),
    answered("proxy's reset", |emulator| proxy(emulator, ProxyFault::Reset), -2),
    answered("garbage for TLS", |emulator| tls(emulator, TlsFault::Garbage), -3),
    answered(
        "untrusted",
        |emulator| network(emulator, Network { certificate: Certificate::SelfSigned, ..Network::default() }),
        -3,
    ),
    late("a silent proxy", |emulator| proxy(emulator, ProxyFault::Silent)),
    late("a silent handshake", |emulator| tls(emulator, TlsFault::Silent)),
    late("no answer", |emulator| fault(emulator, Fault::Hang)),
    late("half an answer", |emulator| {
        forever(emulator, Step::error(500).spoiled(Fault::Stall { after: 20 }))
    }),
    cancelled(
        "a silent proxy, cancelled",
        |emulator| proxy(emulator, ProxyFault::Silent),
        |counts| counts.connects > 0,
    ),
    cancelled(
        "a silent handshake, cancelled",
        |emulator| tls(emulator, TlsFault::Silent),
        |counts| counts.tunnels > 0,
    ),
    cancelled("no answer, cancelled", |emulator| fault(emulator, Fault::Hang), |counts| counts.requests > 0),
    explained("an expired JWT", |token| into_claim(token, json!({"exp": 1, "scp": "openid"})), -7),
    explained("a JWT without the scope", |token| into_claim(token, json!({"scp": "openid"})), -8),
    Case {
        action: "settings",
        ..explained("a JWT without roles", |token| into_claim(token, json!({"roles": [""]})), -8)
    },
    refused("a blank", |token| token.push(b' ')),
    refused("a scheme", |token| drop(token.splice(..0, *b"Bearer "))),
    refused("too long", |token| token.resize(64 * 1024 + 1, b'x')),
];

/// Several runs at a time, because they mostly wait. All failures are reported at the end.
#[test]
fn no_copy_of_a_token_outlives_a_call() {
    let runs = CASES.iter().flat_map(|case| {
        [(Language::C, SHORT), (Language::C, LONG), (Language::Rust, SHORT), (Language::Rust, LONG)]
            .map(|(language, length)| (language, case, length))
    });
    let runs = Mutex::new(runs);
    let next = || runs.lock().unwrap().next();
    let faults = thread::scope(|scope| {
        let worker = || {
            std::iter::from_fn(next).filter_map(|(language, case, length)| fault_of(language, case, length))
        };
        let workers = [(); 8].map(|()| scope.spawn(move || worker().collect::<Vec<_>>()));
        workers.map(|worker| worker.join().unwrap()).concat()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What was wrong, if anything.
fn fault_of(language: Language, case: &Case, length: usize) -> Option<String> {
    let name = format!("{language:?}, {length} bytes: {}", case.name);
    let behaviour = Behaviour { duration: Duration::from_secs(1), ..Behaviour::default() };
    let emulator = Emulator::start(Config { behaviour, ..Config::default() });
    (case.prepare)(&emulator);
    let mut tokens: Vec<_> = (0..=case.renewals).map(|number| token(length, number)).collect();
    let mut secrets = tokens.clone();
    (case.change)(&mut tokens[0]);
    secrets.push(tokens[0].clone());
    let mut caller = Caller::start(language, &emulator, case);
    for token in &tokens {
        caller.tell(token);
    }
    if let Some(when) = case.cancelled {
        assert!(emulator.wait(Duration::from_secs(3600), when), "{name}");
        caller.tell(b"");
    }
    let made = caller.hear();
    if made != format!("made {}", case.result) {
        return Some(format!("{name}: {made}"));
    }
    let words = Words::of(secrets.iter().map(Vec::as_slice));
    let copies = caller.copies(&words);
    assert!(
        copies.iter().any(|copy| copy.length + 16 > tokens[0].len()),
        "{name}: the caller's own is not seen"
    );
    caller.tell(b"");
    assert_eq!(caller.hear(), "wiped", "{name}");
    let alive = caller.copies(&words);
    caller.tell(b"");
    assert_eq!(caller.hear(), "freed", "{name}");
    let freed = caller.copies(&words);
    caller.tell(b"");
    assert!(caller.child.wait().unwrap().success(), "{name}");
    (!alive.is_empty() || !freed.is_empty()).then(|| format!("{name}: alive {alive:?}, freed {freed:?}"))
}

//! A C program whose process has problems: signals, limits, closed streams, forks, a wrong clock, no trusted
//! certificates, a suspension, a small stack. Each call returns a result, and later calls work.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use autopilot_emulator::{Access, Config, Emulator, Fault, Reply, Step, Token};

use crate::compiler;
use crate::program::Program;

const LONG: Duration = Duration::from_secs(3600);

/// It never answers one of the tokens.
fn emulator() -> Emulator {
    let emulator = Emulator::start(Config::default());
    emulator.script([Step::fault(Fault::Hang).for_token("unanswered").forever()]);
    emulator
}

fn command(emulator: &Emulator, condition: &str) -> Command {
    let mut command = Program::named("conditions.c").plainly_against(emulator);
    command.arg(condition);
    command
}

/// The output of the program before its last line, which must be "kept".
fn kept(command: &mut Command) -> String {
    let printed = compiler::run(command);
    let (before, _) = printed.split_once("kept\n").unwrap_or_else(|| panic!("{command:?}: {printed}"));
    before.trim_end().to_owned()
}

#[test]
fn signals_interrupt_no_call() {
    let emulator = emulator();
    emulator.script([Step::service().for_token("token").after(Duration::from_millis(20)).forever()]);
    kept(&mut command(&emulator, "storm"));
}

#[test]
fn a_peer_that_left_does_not_kill_the_process() {
    let emulator = emulator();
    compiler::run(command(&emulator, "pipe-signal").env("LD_PRELOAD", Program::shim()));
    assert_eq!(emulator.requests().len(), 2);
}

#[test]
fn what_runs_out_is_a_result() {
    for condition in ["no-descriptors", "no-threads", "no-memory"] {
        let emulator = emulator();
        // By a name, so that the call looks it up.
        let proxy = format!("http://localhost:{}", emulator.proxy_port());
        kept(command(&emulator, condition).env("HTTPS_PROXY", proxy));
        assert_eq!(emulator.requests().len(), 1, "{condition}: the call afterwards");
    }
}

#[test]
fn each_tenant_of_a_fleet_is_told_what_runs_out() {
    kept(&mut command(&emulator(), "scarce-fleet"));
}

#[test]
fn nothing_is_printed_into_a_connection() {
    let emulator = emulator();
    kept(&mut command(&emulator, "no-streams"));
    assert_eq!((emulator.requests().len(), emulator.counts().handshakes), (6, 3));
}

#[test]
fn a_process_may_fork_while_its_threads_call() {
    kept(&mut command(&emulator(), "fork-among-threads"));
}

#[test]
fn an_unloaded_library_is_still_there() {
    let emulator = emulator();
    kept(&mut command(&emulator, "unload"));
    assert_eq!((emulator.requests().len(), emulator.counts().handshakes), (3, 1));
}

#[test]
fn a_wrong_clock_is_told_by_the_certificate() {
    const TWENTY_YEARS: i64 = 20 * 365 * 86_400;
    for (offset, words) in [(TWENTY_YEARS, "expired"), (-TWENTY_YEARS, "not valid before")] {
        let emulator = emulator();
        let mut command = command(&emulator, "mistrust");
        command.env("LD_PRELOAD", Program::shim()).env("SHIM_CLOCK", offset.to_string());
        let said = kept(&mut command);
        assert!(said.contains(words), "{said}");
        assert_eq!(emulator.requests().len(), 0);
    }
}

/// The library then trusts Mozilla's authorities, and so not the emulator's.
#[test]
fn a_system_without_certificates_trusts_nobody_else() {
    let emulator = emulator();
    let mut command = command(&emulator, "mistrust");
    command.env_remove("SSL_CERT_FILE").env("LD_PRELOAD", Program::shim()).env("SHIM_NO_CA", "1");
    let printed = compiler::run(&mut command);
    assert!(printed.contains("kept\n") && printed.ends_with("looked for certificates\n"), "{printed}");
    assert!(printed.contains("certificate"), "{printed}");
    assert_eq!(emulator.requests().len(), 0);
}

#[test]
fn a_suspended_process_goes_on() {
    let emulator = Emulator::start(Config::default());
    emulator.script([
        Step::service().for_token("token").after(Duration::from_secs(2)),
        Step::fault(Fault::Hang).for_token("unanswered"),
    ]);
    let mut command = command(&emulator, "suspended");
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let signal =
        |name: &str| compiler::run(Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]));
    assert!(emulator.wait(LONG, |counts| counts.requests >= 1));
    signal("STOP");
    signal("CONT"); // the answer comes later
    assert!(emulator.wait(LONG, |counts| counts.requests >= 2));
    signal("STOP");
    thread::sleep(Duration::from_secs(6)); // until its deadline is past
    signal("CONT");
    let printed = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&printed.stdout), "kept\n");
}

/// The header promises that 64 KiB are enough. A tenth of that must be left.
#[test]
fn a_call_needs_little_stack() {
    let emulator = Emulator::start(Config::default());
    emulator.set_token("challenged", Token::new(Access::Challenged));
    emulator.set_token("forbidden", Token::new(Access::Forbidden));
    let mut tokens = ["token", "challenged", "forbidden", "a b"].map(str::to_owned).to_vec();
    for (number, (status, body)) in deep_bodies().into_iter().enumerate() {
        assert!(body.len() <= 256 * 1024, "{} bytes are not read", body.len());
        let token = format!("deep-{number}");
        emulator.script([Step::reply(Reply::new(status).body(body)).for_token(&token).forever()]);
        tokens.push(token);
    }
    let used: usize = kept(command(&emulator, "stack").args(&tokens)).parse().unwrap();
    assert!(used < 64 * 1024 * 9 / 10, "{used} bytes");
}

/// Replies with the deepest nesting that fits into the limit.
fn deep_bodies() -> Vec<(u16, String)> {
    let lists = |kib: usize| format!("{}0{}", "[".repeat(kib * 512), "]".repeat(kib * 512));
    let objects = |kib: usize| format!("{}0{}", "{\"a\":".repeat(kib * 170), "}".repeat(kib * 170));
    let settings = |other: String| format!(r#"{{"other":{other},"value":{{"syncStatus":"completed"}}}}"#);
    let error = |other: String| format!(r#"{{"other":{other},"error":{{"message":"m"}}}}"#);
    let in_text = |text: String| {
        let text = serde_json::to_string(&text).unwrap();
        format!(r#"{{"other":{},"error":{{"message":{text}}},"Message":{text}}}"#, lists(20))
    };
    vec![
        (400, lists(255)),
        (400, objects(255)),
        (400, format!("{{\"error\":{}}}", lists(255))),
        (400, error(lists(255))),
        (400, error(objects(255))),
        (400, in_text(lists(100))),
        (400, in_text(objects(60))),
        (400, in_text(in_text(in_text("m".to_owned())))),
        (200, lists(255)),
        (200, settings(lists(255))),
        (200, settings(objects(255))),
    ]
}

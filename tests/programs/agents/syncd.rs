//! The daemon in C.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use autopilot_emulator::{
    Access, Behaviour, Certificate, Clock, Config, Emulator, Fault, Past, ProxyFault, Step, Token, Via,
};

use super::unattended::{APPLICATION, TENANT, certificate, on_azure, secret_file};
use super::{Agent, ignoring, path, unread, write};
use crate::compiler;
use crate::emulators::stepping;
use crate::program::Program;

const HOUR: Duration = Duration::from_secs(3600);

fn syncd(emulator: &Emulator) -> Command {
    Program::c_example("autopilot-syncd.c").against(emulator)
}

/// A token file with this text, and the two arguments that name it.
fn token(name: &str, text: &str) -> (PathBuf, [String; 2]) {
    let path = path(name);
    write(&path, text);
    let argument = path.to_str().unwrap().to_owned();
    (path, ["--token-file".to_owned(), argument])
}

/// The clock stands still, so a sync never ends unless the test moves the clock.
fn standing() -> Emulator {
    Emulator::start(Config { clock: Clock::manual(), ..Config::default() })
}

fn tokens(emulator: &Emulator) -> BTreeSet<String> {
    emulator.requests().into_iter().filter_map(|request| request.token).collect()
}

/// What it said, without the times.
fn events(said: &str) -> Vec<&str> {
    said.lines().map(|line| line.split_once("Z ").expect("a time before each line").1).collect()
}

#[test]
fn a_sync_is_told_line_by_line() {
    let emulator = stepping();
    let (_, file) = token("told", "s3cret-1\n");
    let (code, said) = Agent::start(syncd(&emulator).args(file)).end();
    let expected = [
        "start: libautopilot_sync ",
        "phase: starting",
        "settings: status=completed last_sync=2026-03-01T",
        "phase: watching",
        "settings: status=inProgress last_sync=2026-03-01T",
        "settings: status=completed last_sync=2026-03-02T",
        "result: AUTOPILOT_OK: the sync completed (http=200 trigger=accepted retry_after_s=-1 requests=4 ",
    ];
    let events = events(&said);
    assert_eq!(events.len(), expected.len(), "{said}");
    for (event, expected) in events.iter().zip(expected) {
        assert!(event.starts_with(expected), "{event:?}, not {expected:?}");
    }
    assert_eq!(code, 0);
    let requests = emulator.requests();
    let last = requests.last().unwrap();
    let id = last.header("client-request-id").unwrap();
    assert!(events.last().unwrap().contains(id), "{said}");
    assert!(last.header("user-agent").unwrap().ends_with(" autopilot-syncd/0.1.0"), "{last:?}");
    assert_eq!(tokens(&emulator), BTreeSet::from(["s3cret-1".to_owned()]));
}

#[test]
fn each_exit_code_has_its_reason() {
    let with = |behaviour| {
        let clock = Clock::manual().step(Duration::from_secs(6));
        Emulator::start(Config { clock, behaviour, ..Config::default() })
    };
    let access = |access| {
        let emulator = standing();
        emulator.set_other_tokens(access);
        emulator
    };
    let proxy_refuses = standing();
    proxy_refuses.network(|network| network.proxy_fault = Some(ProxyFault::Status(403)));
    let untrusted = standing();
    untrusted.network(|network| network.certificate = Certificate::UnknownAuthority);
    let silent = standing();
    silent.script([Step::fault(Fault::Hang).forever()]);
    let no_sync = standing();
    no_sync.script([Step::error(400).on("POST")]);
    let no_settings = standing();
    no_settings.script([Step::error(404)]);
    let out_of_order = standing();
    out_of_order.script([Step::error(501).forever()]);
    let failing = with(Behaviour { failing_runs: 1, ..Behaviour::default() });
    let last_sync = Past::Ago(Duration::from_secs(60));
    let too_soon = with(Behaviour { last_sync, ..Behaviour::default() });
    let table = [
        (failing, "3600", 10, "AUTOPILOT_ERROR_SYNC_FAILED: "),
        (proxy_refuses, "3600", 69, "AUTOPILOT_ERROR_CONNECT: "),
        (untrusted, "3600", 69, "AUTOPILOT_ERROR_TLS: "),
        (no_sync, "3600", 65, "AUTOPILOT_ERROR_SERVICE: "),
        (no_settings, "3600", 65, "AUTOPILOT_ERROR_SERVICE: "),
        (out_of_order, "1", 69, "AUTOPILOT_ERROR_"),
        (too_soon, "300", 75, "AUTOPILOT_SYNC_TOO_SOON: "),
        (access(Access::TriggerOnly), "3600", 75, "AUTOPILOT_SYNC_UNCONFIRMED: "),
        (silent, "1", 69, "AUTOPILOT_ERROR_TIMEOUT: "),
        (access(Access::Forbidden), "3600", 77, "AUTOPILOT_ERROR_FORBIDDEN: "),
        (access(Access::Unlicensed), "3600", 77, "AUTOPILOT_ERROR_FORBIDDEN: "),
        (access(Access::Expired), "3600", 77, "token: refused; its source still has the same one"),
        (access(Access::Challenged), "3600", 77, "token: a new one must answer these claims: {"),
    ];
    let (_, file) = token("reasons", "s3cret-1");
    std::thread::scope(|scope| {
        for (emulator, timeout, code, words) in &table {
            let mut command = syncd(emulator);
            command.args(&file).args(["--timeout", timeout]);
            scope.spawn(move || {
                let (ended, said) = Agent::start(&mut command).end();
                assert_eq!(ended, *code, "{words}\n{said}");
                assert!(said.contains(words), "{words}\n{said}");
            });
        }
    });
}

/// The last sync was a day ago.
#[test]
fn a_sync_since_then_is_enough() {
    let (_, file) = token("since", "s3cret-1");
    for (since, expected) in [
        (
            "25h",
            "result: AUTOPILOT_SYNC_UP_TO_DATE: up to date: a sync has completed since (http=200 trigger=not-sent ",
        ),
        ("23h", "result: AUTOPILOT_OK: the sync completed (http=200 trigger=accepted "),
        ("start", "result: AUTOPILOT_OK: the sync completed (http=200 trigger=accepted "),
    ] {
        let (code, said) = Agent::start(syncd(&stepping()).args(&file).args(["--since", since])).end();
        assert_eq!(code, 0, "{since}: {said}");
        assert!(events(&said).last().unwrap().starts_with(expected), "{since}: {said}");
    }
}

/// Each has another source of its tokens, and the last triggers only if it must.
#[test]
fn the_units_command_lines_work() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/c/examples/autopilot-sync.service");
    let unit = fs::read_to_string(unit).unwrap();
    let program = "ExecStart=/usr/local/bin/autopilot-syncd ";
    let commands = unit.lines().filter_map(|line| line.trim_start_matches('#').strip_prefix(program));
    let commands: Vec<&str> = commands.collect();
    assert_eq!(commands.len(), 5);
    let files = [
        ("%d/secret", secret_file("unit", "s3cret-1")),
        ("%d/certificate", certificate("unit")),
        ("%d/token", token("unit", "s3cret-1").0),
    ];
    let words = |command: &str| -> Vec<String> {
        let ids = [("${TENANT}", TENANT), ("${CLIENT_ID}", APPLICATION)];
        let files = files.iter().map(|(name, file)| (*name, file.to_str().unwrap()));
        let values: Vec<(&str, &str)> = ids.into_iter().chain(files).collect();
        let word = |word: &str| {
            values.iter().find(|(name, _)| *name == word).map_or(word, |(_, value)| value).into()
        };
        command.split(' ').map(word).collect()
    };
    for command in commands {
        let (code, said) = Agent::start(syncd(&on_azure()).args(words(command))).end();
        assert_eq!(code, 0, "{command}: {said}");
    }
}

/// Where a machine is too slow to trigger it in time, it gets more of it.
#[test]
fn a_sync_that_runs_on_at_the_deadline_is_no_failure() {
    let (_, file) = token("deadline", "s3cret-1");
    let run = |timeout| Agent::start(syncd(&standing()).args(&file).args(["--timeout", timeout])).end();
    let ran_on =
        ["5", "10", "60", "360"].into_iter().map(run).find(|(_, said)| said.contains(" trigger=accepted "));
    let (code, said) = ran_on.expect("a trigger within minutes");
    assert_eq!((code, said.contains("result: AUTOPILOT_ERROR_TIMEOUT: ")), (75, true), "{said}");
}

/// The clock stands until the sync is being watched, so that it cannot be over before.
#[test]
fn a_running_sync_is_joined() {
    let emulator = standing();
    assert!(emulator.own_sync());
    let (_, file) = token("joined", "s3cret-1");
    let agent = Agent::start(syncd(&emulator).args(file));
    agent.wait_for("phase: watching");
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("result: AUTOPILOT_SYNC_ALREADY_RUNNING: ") && said.contains(" trigger=joined "),
        "{said}"
    );
}

#[test]
fn what_is_no_token_is_refused_before_anything_is_opened() {
    let emulator = standing();
    let folder = path("folder");
    fs::create_dir_all(&folder).unwrap();
    let pipe = path("pipe");
    let _ = fs::remove_file(&pipe);
    compiler::run(Command::new("mkfifo").arg(&pipe));
    let file = |name: &str, text: &str| token(name, text).0;
    let long = "s3cret".repeat(20_000);
    for (path, words) in [
        (path("nowhere"), "token: cannot be opened: No such file or directory"),
        (folder, "is not a regular file"),
        (pipe, "is not a regular file; for a pipe use --token-fd"),
        (file("empty", ""), "the token is empty"),
        (file("blank", "s3cret 1"), "a blank"),
        (file("two", "s3cret-1\ns3cret-2\n"), "a control character"),
        (file("nul", "s3cret-1\0"), "token: contains a NUL byte"),
        (file("long", &long), "at most 65536"),
    ] {
        let (code, said) = Agent::start(syncd(&emulator).arg("--token-file").arg(&path)).end();
        assert_eq!(code, 66, "{said}");
        assert!(said.contains(words), "{words}: {said}");
    }
    let (code, said) = Agent::start(syncd(&emulator).args(["--token-fd", "999"])).end();
    assert_eq!(code, 66, "{said}");
    assert!(said.contains("token: cannot be opened: Bad file descriptor"), "{said}");
    assert_eq!(emulator.counts().accepted, 0);
}

#[test]
fn a_token_that_others_can_read_is_warned_of() {
    let emulator = standing();
    emulator.set_other_tokens(Access::Forbidden);
    for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true)] {
        let (path, file) = token("mode", "s3cret-1");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let (code, said) = Agent::start(syncd(&emulator).args(file)).end();
        assert_eq!((code, said.contains("every user of this machine can read")), (77, warned), "{said}");
    }
}

#[test]
fn options_are_checked() {
    let emulator = standing();
    for arguments in [
        "",
        "--token",
        "--token-file",
        "--token-file=",
        "--token-file a --token-fd 0",
        "--token-fd -1",
        "--token-fd x",
        "--token-file a --environment",
        "--environment --managed-identity",
        "--environment=1",
        "--environment --client-id b",
        "--managed-identity --tenant a",
        "--managed-identity --client-id=",
        "--secret-file a",
        "--secret-file a --tenant b",
        "--certificate a --client-id b",
        "--certificate a --secret-file b --tenant c --client-id d",
        "--token-file a --timeout 0",
        "--token-file a --timeout 86401",
        "--token-file a --timeout 24h1s",
        "--token-file a --timeout 1h30",
        "--token-file a --timeout 30m1h",
        "--token-file a --timeout h",
        "--token-file a --timeout 5x",
        "--token-file a --since 1h30",
        "--token-file a --since 0m",
        "--token-file a --since -1m",
        "--token-file a --since 10x",
        "--token-file a --since 10mm",
        "--token-file a --since 366d",
        "--token-file a --since 9999999999d",
        "--token-file a --since later",
        "--token-file a --every 0",
        "--token-file a --every",
        "--token-file a --cloud mars",
        "--token-file a --proxy ftp://proxy",
        "--token-file a --proxy=",
        "--token-file a --ca-file=",
        "--token-file a s3cret-1",
        "--token-file a --help",
        "--every 5 --token-fd 0",
    ] {
        let mut command = syncd(&emulator);
        command.args(arguments.split_whitespace()).stdin(Stdio::piped());
        let (code, said) = Agent::start(&mut command).end();
        assert_eq!(code, 64, "{arguments}: {said}");
        assert!(said.starts_with("autopilot-syncd: "), "{arguments}: {said}");
    }
    let (code, said) = Agent::start(syncd(&emulator).arg("--version")).end();
    assert_eq!((code, &*said), (0, "autopilot-syncd 0.1.0, libautopilot_sync 0.1.0\n"));
    let (_, file) = token("options", "s3cret-1");
    let mut command = syncd(&emulator);
    let (code, said) = Agent::start(command.args(&file).args(["--ca-file", "/nowhere.pem"])).end();
    assert_eq!((code, said.contains("/nowhere.pem")), (78, true), "{said}");
    let mut command = syncd(&emulator);
    let (code, said) = Agent::start(command.args(&file).env("HTTPS_PROXY", "ftp://proxy")).end();
    assert_eq!((code, said.contains("HTTPS_PROXY")), (78, true), "{said}");
    assert_eq!(emulator.counts().accepted, 0);
}

#[test]
fn cloud_proxy_and_ca_file_are_taken_from_the_command_line() {
    let emulator = standing();
    emulator.set_other_tokens(Access::Forbidden);
    let (_, file) = token("way", "s3cret-1");
    let mut command = syncd(&emulator);
    command.env_remove("HTTPS_PROXY").env_remove("SSL_CERT_FILE").args(file);
    command.args(["--cloud", "us-government", "--once"]).arg(format!("--proxy={}", emulator.tls_proxy_url()));
    let (code, said) = Agent::start(command.arg("--ca-file").arg(emulator.ca_file())).end();
    assert_eq!(code, 77, "{said}");
    let request = &emulator.requests()[0];
    assert_eq!((&*request.host, request.via), ("graph.microsoft.us", Via::TlsProxy));
}

/// The old token is good until the sync is being watched. The clock stands until its file is replaced, and then jumps, so
/// the next look at the sync is refused, and the one after it finds the sync ended.
#[test]
fn a_token_is_renewed_from_its_file() {
    let renewed = |name: &str, replace: &dyn Fn(&Path), arguments: &dyn Fn(&mut Command, &Path)| {
        let emulator = Emulator::start(
            Config { clock: Clock::manual(), other_tokens: Access::Invalid, ..Config::default() }
                .token("s3cret-old", Token::default().for_time(Duration::from_secs(60)))
                .token("s3cret-new", Token::default()),
        );
        let (path, _) = token(name, "s3cret-old\n");
        let mut command = syncd(&emulator);
        arguments(&mut command, &path);
        let agent = Agent::start(&mut command);
        agent.wait_for("phase: watching");
        replace(&path);
        emulator.advance(HOUR);
        (agent.end(), tokens(&emulator))
    };
    let by_name = |command: &mut Command, path: &Path| {
        command.arg("--token-file").arg(path);
    };
    let by_descriptor = |command: &mut Command, path: &Path| {
        command.args(["--token-fd", "0"]).stdin(File::open(path).unwrap());
    };
    // By its name a file may be another one; a descriptor stays with the one that it was opened for.
    let by_another = |path: &Path| write(path, "s3cret-new\n");
    let in_place = |path: &Path| fs::write(path, "s3cret-new\n").unwrap();
    let by_none = |path: &Path| fs::remove_file(path).unwrap();
    let by_nonsense = |path: &Path| write(path, "s3cret new");
    let is_renewed = |((code, said), used): ((i32, String), BTreeSet<String>)| {
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("token: refused; trying the new one"), "{said}");
        assert!(said.contains("result: AUTOPILOT_OK"), "{said}");
        assert_eq!(used, BTreeSet::from(["s3cret-old".to_owned(), "s3cret-new".to_owned()]));
    };
    let is_not = |((code, said), used): ((i32, String), BTreeSet<String>), words: &str| {
        assert_eq!(code, 77, "{said}");
        assert!(said.contains(words), "{said}");
        assert_eq!(used, BTreeSet::from(["s3cret-old".to_owned()]));
    };
    std::thread::scope(|scope| {
        scope.spawn(|| is_renewed(renewed("renewed", &by_another, &by_name)));
        scope.spawn(|| is_renewed(renewed("in-place", &in_place, &by_descriptor)));
        scope.spawn(|| is_not(renewed("gone", &by_none, &by_name), "token: refused; no new one can be read"));
        let no_token = "token: refused; the new one is not valid";
        scope.spawn(|| is_not(renewed("nonsense", &by_nonsense, &by_name), no_token));
    });
}

#[test]
fn a_pipe_gives_the_token_once() {
    for (access, expected, words) in [
        (Access::Full, 0, "result: AUTOPILOT_OK"),
        (Access::Expired, 77, "token: refused; a pipe has no second one"),
    ] {
        let emulator = stepping();
        emulator.set_other_tokens(access);
        let mut command = syncd(&emulator);
        let mut agent = Agent::start(command.args(["--token-fd", "0"]).stdin(Stdio::piped()));
        agent.child.stdin.take().unwrap().write_all(b"s3cret-1\n").unwrap();
        let (code, said) = agent.end();
        assert_eq!((code, said.contains(words)), (expected, true), "{said}");
        assert_eq!(tokens(&emulator), BTreeSet::from(["s3cret-1".to_owned()]));
    }
}

#[test]
fn a_signal_ends_a_wait() {
    let (_, file) = token("signal", "s3cret-1");
    for (signal, expected) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let emulator = standing();
        let agent = Agent::start(syncd(&emulator).args(&file));
        agent.wait_for("phase: watching");
        agent.signal(signal);
        let (code, said) = agent.end();
        assert_eq!(code, expected, "{said}");
        assert!(said.contains("result: AUTOPILOT_ERROR_CANCELLED"), "{said}");
        assert!(said.ends_with(&format!("stop: SIG{signal}\n")), "{said}");
    }
}

/// As `nohup` and a shell's background jobs have them. One that is not ignored still ends it.
#[test]
fn an_ignored_signal_stays_ignored() {
    let (_, file) = token("ignored", "s3cret-1");
    for (ignored, other, expected) in [("HUP", "TERM", 143), ("INT", "HUP", 129), ("TERM", "INT", 130)] {
        let emulator = standing();
        let agent = Agent::start(&mut ignoring(syncd(&emulator).args(&file), ignored));
        agent.wait_for("phase: watching");
        agent.signal(ignored);
        agent.signal(other);
        let (code, said) = agent.end();
        assert_eq!(code, expected, "{said}");
        assert!(said.ends_with(&format!("stop: SIG{other}\n")), "{said}");
    }
}

#[test]
fn it_ends_by_itself_where_every_signal_is_ignored() {
    let (_, file) = token("all-ignored", "s3cret-1");
    let emulator = standing();
    let agent = Agent::start(&mut ignoring(syncd(&emulator).args(&file), "HUP INT TERM USR1"));
    agent.wait_for("phase: watching");
    ["HUP", "INT", "TERM", "USR1"].iter().for_each(|signal| agent.signal(signal));
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("result: AUTOPILOT_OK: ") && !said.contains("stop: "), "{said}");
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let emulator = stepping();
    let (_, file) = token("unread", "s3cret-1");
    let status = syncd(&emulator).args(file).stderr(unread()).status().unwrap();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(emulator.requests().len() >= 4, "from the first look to the end of the sync");
}

#[test]
fn a_signal_ends_a_request_that_hangs() {
    let emulator = standing();
    emulator.script([Step::fault(Fault::Hang).forever()]);
    let (_, file) = token("hang", "s3cret-1");
    let agent = Agent::start(syncd(&emulator).args(file));
    assert!(emulator.wait(HOUR, |counts| counts.requests == 1));
    agent.signal("TERM");
    let (code, said) = agent.end();
    assert_eq!(code, 143, "{said}");
    assert_eq!(emulator.requests().len(), 1);
}

/// Before it has a token, nothing is to be ended but the process.
#[test]
fn a_signal_ends_it_while_a_pipe_has_no_token_yet() {
    let emulator = standing();
    let mut command = syncd(&emulator);
    let mut agent = Agent::start(command.args(["--token-fd", "0"]).stdin(Stdio::piped()));
    agent.wait_for("start: ");
    agent.signal("TERM");
    let status = agent.child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15), "{status}");
}

#[test]
fn it_stays_and_waits_as_long_as_the_service_asks() {
    let emulator = stepping();
    let (_, file) = token("stays", "s3cret-1");
    let mut command = syncd(&emulator);
    let agent = Agent::start(command.args(file).args(["--every=1s", "--timeout", "4m60s"]));
    agent.wait_for("result: AUTOPILOT_OK");
    agent.wait_for("result: AUTOPILOT_SYNC_TOO_SOON");
    agent.wait_for("pause: 5");
    agent.signal("TERM");
    let (code, said) = agent.end();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("pause: 1 s\n") && said.ends_with("stop: SIGTERM\n"), "{said}");
    let (pause, _) = said.rsplit_once("pause: ").unwrap().1.split_once(" s\n").unwrap();
    assert!((500..=600).contains(&pause.parse::<u32>().unwrap()), "{said}");
}

#[test]
fn it_stays_whatever_a_sync_comes_to() {
    let emulator = stepping();
    let path = path("comes");
    let _ = fs::remove_file(&path);
    let mut command = syncd(&emulator);
    let agent = Agent::start(command.args(["--every", "1"]).arg("--token-file").arg(&path));
    agent.wait_for("token: cannot be opened");
    agent.wait_for("pause: 1 s");
    emulator.script([Step::error(400)]);
    write(&path, "s3cret-1");
    agent.wait_for("result: AUTOPILOT_ERROR_SERVICE");
    agent.wait_for("phase: watching");
    agent.signal("TERM");
    let (code, said) = agent.end();
    assert_eq!(code, 0, "{said}");
}

/// As a service of systemd, whose stderr is a socket or a file with this device and inode.
#[test]
fn the_journal_gets_priorities() {
    let emulator = standing();
    let log = path("journal");
    for is_journal in [true, false] {
        let file = File::create(&log).unwrap();
        let status = file.metadata().unwrap();
        let inode = if is_journal { status.ino() } else { status.ino() + 1 };
        let mut command = syncd(&emulator);
        command.args(["--token-file", "/nowhere"]).stderr(file);
        command.env("JOURNAL_STREAM", format!("{}:{inode}", status.dev()));
        assert_eq!(command.status().unwrap().code(), Some(66));
        let said = fs::read_to_string(&log).unwrap();
        let starts: Vec<bool> = said
            .lines()
            .zip(["<6>start: ", "<3>token: "])
            .map(|(line, start)| line.starts_with(start))
            .collect();
        assert_eq!(starts, [is_journal; 2], "{said}");
    }
}

#[test]
fn the_help_explains_every_exit_code() {
    let (code, help) = Agent::start(syncd(&standing()).arg("--help")).end();
    assert_eq!(code, 0);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/c/examples/autopilot-syncd.c");
    let source = fs::read_to_string(source).unwrap();
    let declared = source.lines().filter_map(|line| line.trim().strip_prefix("EXIT_")?.split_once(" = "));
    let declared: Vec<&str> = declared.map(|(_, code)| code.trim_end_matches(',')).collect();
    let (_, explained) = help.split_once("exit codes:\n").unwrap();
    let explained: Vec<_> = explained.lines().filter_map(|line| line.trim().split_once("  ")).collect();
    let explained: Vec<&str> = explained.iter().map(|(code, _)| code.trim_end_matches("+N")).collect();
    assert_eq!(declared.len(), 11, "{declared:?}");
    assert_eq!(explained, declared);
}

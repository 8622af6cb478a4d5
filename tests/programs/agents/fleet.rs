//! The program for many tenants, in C++.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use autopilot_emulator::{
    Access, Behaviour, Clock, Config, Emulator, Fault, Past, Reply, RetryAfter, Step, Token,
};

use super::{Agent, ignoring, path, unread, write};
use crate::compiler;
use crate::program::{self, Program};

const HOUR: Duration = Duration::from_secs(3600);

/// The program, and the file of tenants that is its last argument.
fn fleet(emulator: &Emulator, name: &str, tenants: &str, options: &[&str]) -> Command {
    let file = path(name);
    fs::write(&file, tenants).unwrap();
    let mut command = Program::cpp_example("autopilot-fleet.cpp").against(emulator);
    command.args(options).arg(file);
    command
}

/// A token file, and what names it in a file of tenants.
fn token(name: &str, text: &str) -> (PathBuf, String) {
    let path = path(&format!("token-{name}"));
    write(&path, text);
    let source = format!("file:{}", path.display());
    (path, source)
}

/// A standing clock, tokens that belong to a tenant each, and no others.
fn emulator(tenants: &[(&str, Access)]) -> Emulator {
    let config = Config { clock: Clock::manual(), other_tokens: Access::Invalid, ..Config::default() };
    Emulator::start(tenants.iter().fold(config, |config, (name, access)| {
        config.token(&format!("secret-{name}"), Token::new(*access).of(name))
    }))
}

/// The number of requests with a tenant's token.
fn requests(emulator: &Emulator, name: &str) -> usize {
    let token = format!("secret-{name}");
    emulator.requests().iter().filter(|request| request.token.as_ref() == Some(&token)).count()
}

/// Until each has read the settings, triggered, and looked again.
fn wait_until_watched(emulator: &Emulator, names: &[&str]) {
    let mut count = 0;
    while !names.iter().all(|name| requests(emulator, name) >= 3) {
        count += 1;
        assert!(emulator.wait(HOUR, |counts| counts.requests >= count));
    }
}

/// The program with a part of this folder, which withholds something from it.
fn program_with(part: &str) -> Program {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(compiler::cpp());
    command.args(["-std=c++17", "-Wall", "-Wextra", "-Werror"]);
    command.arg("-I").arg(root.join("include")).arg("-I").arg(root.join("bindings/cpp"));
    command.arg(root.join("bindings/cpp/examples/autopilot-fleet.cpp")).arg(program::folder().join(part));
    Program::linked(&mut command, &part.replace('.', "-"))
}

/// So long after a sync that the next is refused for another nine minutes.
fn synced_a_minute_ago() -> Behaviour {
    let last_sync = Past::Ago(Duration::from_secs(60));
    Behaviour { last_sync, retry_after: RetryAfter::Seconds, ..Behaviour::default() }
}

/// A 429 that asks for a second, and only one: the service itself answers afterwards.
fn again_in_a_second(name: &str) -> Step {
    let reply = Reply::new(429).header("Retry-After", "1").body(r#"{"error":{"code":"TooManyRequests"}}"#);
    Step::reply(reply).for_token(&format!("secret-{name}"))
}

#[test]
fn each_tenant_has_its_own_result() {
    let emulator = emulator(&[
        ("done", Access::Full),
        ("running", Access::Full),
        ("forbidden", Access::Forbidden),
        ("expired", Access::Expired),
        ("later", Access::Full),
        ("too-late", Access::Full),
    ]);
    emulator.set_tenant("too-late", synced_a_minute_ago());
    let now = emulator.clock().now();
    assert!(emulator.tenant("running", |tenant| tenant.own_sync(now)));
    emulator.script([again_in_a_second("later")]);
    let tenants = format!(
        "# name and token\n\ndone {}\nrunning env:RUNNING\nforbidden env:FORBIDDEN\n  expired   env:EXPIRED\n\
         later env:LATER\ntoo-late env:TOO_LATE\nno-file file:secret-1\nno-variable env:secret-1\nnot-one env:NOT_ONE\n",
        token("done", "secret-done\n").1
    );
    let mut command = fleet(&emulator, "results", &tenants, &["--jobs", "3", "--until", "120"]);
    for name in ["running", "forbidden", "expired", "later", "too-late"] {
        let variable = name.to_uppercase().replace('-', "_");
        command.env(variable, format!("secret-{name}"));
    }
    let began = Instant::now();
    let (code, said) = Agent::start(command.env("NOT_ONE", "a secret")).end();
    assert!(began.elapsed() >= Duration::from_secs(1), "the pause that the service asked for");
    assert_eq!(code, 77, "{said}");
    let (lines, table) = said.split_once("\ntenant ").expect("a table");
    let expected = [
        ("done", "AUTOPILOT_OK", 1, 1),
        ("running", "AUTOPILOT_SYNC_ALREADY_RUNNING", 1, 1),
        ("forbidden", "AUTOPILOT_ERROR_FORBIDDEN", 1, 1),
        ("expired", "AUTOPILOT_ERROR_UNAUTHORIZED", 1, 1),
        ("later", "AUTOPILOT_OK", 2, 2),
        ("too-late", "AUTOPILOT_SYNC_TOO_SOON", 1, 1),
        ("no-file", "NO_TOKEN", 1, 0),
        ("no-variable", "NO_TOKEN", 1, 0),
        ("not-one", "AUTOPILOT_ERROR_INVALID_ARGUMENT", 1, 0),
    ];
    for (name, result, tries, sent) in expected {
        let told = lines.lines().filter(|line| line.starts_with(&format!("{name}: {result}: ")));
        assert_eq!(told.count(), 1, "{name}\n{said}");
        let row = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
        let row = row.into_iter().find(|row| row[0] == name).unwrap();
        assert_eq!((row[1], row[2].parse()), (result, Ok(tries)), "{said}");
        assert_eq!(requests(&emulator, name), sent, "{name}");
    }
    assert!(lines.contains("later: AUTOPILOT_SYNC_TOO_SOON, again in 1 s\n"), "{said}");
    assert!(table.ends_with("3 of 9 are synchronised\n"), "{said}");
    assert_eq!(emulator.requests().len(), 7, "no token was used but for its own tenant");
}

/// Each run has one more tenant, whose exit code is higher than those before.
#[test]
fn the_highest_exit_code_of_all_tenants_counts() {
    let emulator =
        Emulator::start(Config { clock: Clock::manual().step(Duration::from_secs(6)), ..Config::default() });
    let secret = |name: &str| format!("secret-{name}");
    for (name, access) in [
        ("done", Access::Full),
        ("too-soon", Access::Full),
        ("refused", Access::Full),
        ("absent", Access::Full),
        ("out-of-order", Access::Full),
        ("forbidden", Access::Forbidden),
        ("unseen", Access::TriggerOnly),
        ("failing", Access::Full),
    ] {
        emulator.set_token(&secret(name), Token::new(access).of(name));
    }
    emulator.set_tenant("done", Behaviour { window: Duration::ZERO, ..Behaviour::default() });
    emulator.set_tenant("too-soon", synced_a_minute_ago());
    emulator.set_tenant("failing", Behaviour { failing_runs: 1, ..Behaviour::default() });
    let fails = |name: &str, status| Step::error(status).for_token(&secret(name)).forever();
    emulator.script([fails("refused", 400), fails("absent", 404), fails("out-of-order", 501)]);
    let triggered: &[_] = &[
        ("done", 0),
        ("too-soon", 2),
        ("refused", 65),
        ("absent", 65),
        ("no-token", 66),
        ("out-of-order", 69),
        ("forbidden", 77),
    ];
    let waited: &[_] = &[("done", 0), ("unseen", 3), ("failing", 10)];
    for (options, table) in
        [(&["--until", "0"][..], triggered), (&["--until", "0", "--jobs", "1", "--wait", "3600"], waited)]
    {
        let mut tenants = String::new();
        for (name, expected) in table {
            tenants.insert_str(0, &format!("{name} env:TOKEN_{}\n", name.replace('-', "_")));
            let mut command = fleet(&emulator, "highest", &tenants, options);
            for (name, _) in table.iter().filter(|(name, _)| *name != "no-token") {
                command.env(format!("TOKEN_{}", name.replace('-', "_")), secret(name));
            }
            let (code, said) = Agent::start(&mut command).end();
            assert_eq!(code, *expected, "{name}: {said}");
        }
    }
}

#[test]
fn a_line_of_json_for_each_tenant() {
    let emulator = emulator(&[("contoso", Access::Full), ("fabrikam", Access::Full)]);
    let tenants = "contoso env:CONTOSO\nfabrikam env:FABRIKAM\n";
    let mut command = fleet(&emulator, "json", tenants, &["--json", "--jobs", "1"]);
    command.env("CONTOSO", "secret-contoso").env("FABRIKAM", "secret-fabrikam");
    let (code, said) = Agent::start(&mut command).end();
    assert_eq!(code, 0, "{said}");
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let requests = emulator.requests();
    for ((line, name), request) in lines.iter().zip(["contoso", "fabrikam"]).zip(&requests) {
        let expected = serde_json::json!({
            "tenant": name, "done": true, "result": "AUTOPILOT_OK", "message": "the service accepted the trigger",
            "http_status": 204, "tries": 1, "retry_after_s": -1,
            "client_request_id": request.header("client-request-id"), "request_id": line["request_id"],
        });
        assert_eq!(*line, expected);
        assert!(line["request_id"].is_string());
    }
    assert_eq!(lines[2], serde_json::json!({"tenants": 2, "done": 2}));
}

/// The clock stands until each sync is being watched and the token of one is replaced; then that one has expired.
/// One tenant had its last sync a minute ago, the other a day ago.
#[test]
fn only_a_tenant_without_a_sync_since_then_is_triggered() {
    let clock = Clock::manual().step(Duration::from_secs(6));
    let config = Config { clock, other_tokens: Access::Invalid, ..Config::default() };
    let emulator = Emulator::start(["fresh", "stale"].into_iter().fold(config, |config, name| {
        config.token(&format!("secret-{name}"), Token::new(Access::Full).of(name))
    }));
    emulator.set_tenant("fresh", synced_a_minute_ago());
    let tenants = "fresh env:FRESH\nstale env:STALE\n";
    let mut command = fleet(&emulator, "since", tenants, &["--wait", "3600", "--since", "2h"]);
    let (code, said) = Agent::start(command.env("FRESH", "secret-fresh").env("STALE", "secret-stale")).end();
    assert_eq!(code, 0, "{said}");
    for expected in
        ["fresh: AUTOPILOT_SYNC_UP_TO_DATE: ", "stale: AUTOPILOT_OK: ", "\n2 of 2 are synchronised\n"]
    {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let requests = emulator.requests();
    let triggers = requests.iter().filter(|request| request.method == "POST");
    let triggered: Vec<_> = triggers.filter_map(|request| request.token.as_deref()).collect();
    assert_eq!(triggered, ["secret-stale"]);
}

#[test]
fn it_waits_and_renews_a_token() {
    let emulator =
        emulator(&[("new", Access::Full), ("forbidden", Access::Forbidden), ("window", Access::Full)]);
    emulator.set_token("secret-old", Token::default().of("new").for_time(Duration::from_secs(60)));
    emulator.set_tenant("window", synced_a_minute_ago());
    let (path, source) = token("renewed", "secret-old");
    let tenants = format!("contoso {source}\nfabrikam env:FORBIDDEN\nwindow env:WINDOW\n");
    let mut command = fleet(&emulator, "wait", &tenants, &["--wait", "3600", "--until", "60"]);
    let agent = Agent::start(command.env("FORBIDDEN", "secret-forbidden").env("WINDOW", "secret-window"));
    // It waits for a sync, and not for the time of one.
    agent.wait_for("window: AUTOPILOT_SYNC_TOO_SOON: ");
    agent.wait_for("fabrikam: AUTOPILOT_ERROR_FORBIDDEN: ");
    let others = requests(&emulator, "forbidden") + requests(&emulator, "window");
    assert!(emulator.wait(HOUR, |counts| counts.requests >= others as u64 + 3));
    write(&path, "secret-new");
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert_eq!(code, 77, "{said}");
    assert!(said.contains("contoso: AUTOPILOT_OK: the sync completed"), "{said}");
    assert!(requests(&emulator, "old") >= 3 && requests(&emulator, "new") >= 1);
}

/// Why there is no new token is told beside what is known of the one that was refused.
#[test]
fn a_token_that_is_not_renewed_hides_nothing() {
    let emulator = emulator(&[("gone", Access::Full), ("same", Access::Full), ("wrong", Access::Full)]);
    let mut tenants = String::new();
    let mut paths = Vec::new();
    for name in ["gone", "same", "wrong"] {
        let secret = format!("secret-{name}");
        emulator.set_token(&secret, Token::default().of(name).for_time(Duration::from_secs(60)));
        let (path, source) = token(&format!("not-renewed-{name}"), &secret);
        tenants += &format!("{name} {source}\n");
        paths.push(path);
    }
    let mut command = fleet(&emulator, "not-renewed", &tenants, &["--wait", "3600", "--json"]);
    let agent = Agent::start(&mut command);
    wait_until_watched(&emulator, &["gone", "same", "wrong"]);
    fs::remove_file(&paths[0]).unwrap();
    write(&paths[2], "a secret");
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert_eq!(code, 77, "{said}");
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (name, why) in [
        ("gone", "; no new token: the file with its token cannot be read: No such file or directory"),
        ("same", "; no new token: its source still has the same token"),
        ("wrong", "; no new token: invalid argument: the new token is not valid"),
    ] {
        let line = lines.iter().find(|line| line["tenant"] == name).unwrap();
        assert_eq!(
            (&line["result"], &line["http_status"]),
            (&"AUTOPILOT_ERROR_UNAUTHORIZED".into(), &401.into())
        );
        assert!(line["message"].as_str().unwrap().ends_with(why), "{said}");
        assert!(line["client_request_id"].is_string() && line["request_id"].is_string(), "{said}");
    }
}

#[test]
fn a_fault_at_one_tenant_holds_up_no_other() {
    let emulator = emulator(&[("done", Access::Full)]);
    let program = program_with("fleet_scarce.cpp");
    let tenants = path("scarce");
    fs::write(&tenants, format!("fault {}\ndone env:DONE\n", token("scarce", "secret-fault").1)).unwrap();
    let mut command = program.against(&emulator);
    let agent = Agent::start(command.args(["--jobs", "2"]).arg(tenants).env("DONE", "secret-done"));
    agent.wait_for("done: AUTOPILOT_OK: ");
    agent.wait_for("autopilot-fleet: std::bad_alloc");
    assert_eq!(agent.end().0, 70);
}

#[test]
fn results_that_cannot_be_written_are_a_fault() {
    let emulator = emulator(&[("done", Access::Full)]);
    let mut command = fleet(&emulator, "full", "done env:DONE\n", &[]);
    command.env("DONE", "secret-done");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let answer = command.stdout(full).output().unwrap();
    assert_eq!(answer.status.code(), Some(70));
    assert_eq!(String::from_utf8_lossy(&answer.stderr), "autopilot-fleet: the results cannot be written\n");
}

#[test]
fn a_signal_ends_all_calls_and_what_was_not_done_is_told() {
    for (signal, expected) in [("INT", 130), ("TERM", 143)] {
        let emulator = emulator(&[
            ("done", Access::Full),
            ("later", Access::Full),
            ("first", Access::Full),
            ("second", Access::Full),
            ("third", Access::Full),
        ]);
        emulator.set_tenant("later", synced_a_minute_ago());
        let hangs = |name: &str| Step::fault(Fault::Hang).for_token(&format!("secret-{name}"));
        emulator.script([hangs("first"), hangs("second")]);
        let tenants = "done env:DONE\nlater env:LATER\nfirst env:FIRST\nsecond env:SECOND\nthird env:THIRD\n";
        let mut command = fleet(&emulator, signal, tenants, &["--jobs", "2"]);
        for name in ["done", "later", "first", "second", "third"] {
            command.env(name.to_uppercase(), format!("secret-{name}"));
        }
        let agent = Agent::start(&mut command);
        agent.wait_for("done: AUTOPILOT_OK: ");
        agent.wait_for("later: AUTOPILOT_SYNC_TOO_SOON, again in 540 s");
        assert!(emulator.wait(HOUR, |counts| counts.requests == 4));
        agent.signal(signal);
        let (code, said) = agent.end();
        assert_eq!(code, expected, "{said}");
        for line in [
            "first: AUTOPILOT_ERROR_CANCELLED: ",
            "second: AUTOPILOT_ERROR_CANCELLED: ",
            "later: AUTOPILOT_SYNC_TOO_SOON: ",
            "third: NOT_STARTED: ",
        ] {
            assert!(said.contains(line), "{line}\n{said}");
        }
        assert!(said.ends_with("1 of 5 are synchronised\n"), "{said}");
        assert_eq!(requests(&emulator, "third"), 0);
    }
}

/// As `nohup` has them, and one that means something inside the program only.
#[test]
fn a_signal_that_is_ignored_or_of_no_meaning_ends_nothing() {
    let emulator = emulator(&[("first", Access::Full), ("second", Access::Full)]);
    let tenants = "first env:FIRST\nsecond env:SECOND\n";
    let mut command = fleet(&emulator, "ignored", tenants, &["--wait", "3600"]);
    command.env("FIRST", "secret-first").env("SECOND", "secret-second");
    let agent = Agent::start(&mut ignoring(&command, "HUP INT TERM"));
    wait_until_watched(&emulator, &["first", "second"]);
    ["HUP", "INT", "TERM", "USR1"].iter().for_each(|signal| agent.signal(signal));
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert!(said.ends_with("2 of 2 are synchronised\n"), "{said}");
    assert_eq!(code, 0, "{said}");
}

/// The others are ignored, and so is what means something inside the program only.
#[test]
fn a_signal_that_is_not_ignored_ends_it() {
    for (ignored, other, expected) in [("HUP", "TERM", 143), ("INT", "HUP", 129), ("TERM", "INT", 130)] {
        let emulator = emulator(&[("first", Access::Full)]);
        let mut command = fleet(&emulator, ignored, "first env:FIRST\n", &["--wait", "3600"]);
        command.env("FIRST", "secret-first");
        let agent = Agent::start(&mut ignoring(&command, ignored));
        wait_until_watched(&emulator, &["first"]);
        [ignored, "USR1", other].iter().for_each(|signal| agent.signal(signal));
        let (code, said) = agent.end();
        assert!(said.contains("first: AUTOPILOT_ERROR_CANCELLED: "), "{said}");
        assert_eq!(code, expected, "{said}");
    }
}

/// Of the results that is a fault, at the end; of what is told beside them it is none.
#[test]
fn a_reader_that_leaves_stops_nothing() {
    let tenants = "first env:FIRST\nlater env:LATER\n";
    for (is_of_results, expected) in [(true, 70), (false, 0)] {
        let emulator = emulator(&[("first", Access::Full), ("later", Access::Full)]);
        emulator.script([again_in_a_second("later")]);
        let mut command = fleet(&emulator, "unread", tenants, &["--jobs", "1"]);
        command.env("FIRST", "secret-first").env("LATER", "secret-later");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let stream = if is_of_results { Command::stdout } else { Command::stderr };
        let answer = stream(&mut command, unread()).spawn().unwrap().wait_with_output().unwrap();
        let said = [answer.stdout, answer.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(answer.status.code(), Some(expected), "{}: {said}", answer.status);
        assert_eq!((requests(&emulator, "first"), requests(&emulator, "later")), (1, 2));
        let last = ["2 of 2 are synchronised\n", "autopilot-fleet: the results cannot be written\n"];
        assert!(said.ends_with(last[usize::from(is_of_results)]), "{said}");
    }
}

/// Of the threads that the program itself starts, the first waits for signals and the others work; or none can be had, by
/// the library neither.
#[test]
fn too_few_threads_make_it_slower_and_nothing_else() {
    let program = &program_with("fleet_threads.cpp");
    let names = ["first", "second", "third"];
    let tenants = &path("threads");
    fs::write(tenants, "first env:FIRST\nsecond env:SECOND\nthird env:THIRD\n").unwrap();
    let run = |refused: &str| {
        let emulator = emulator(&names.map(|name| (name, Access::Full)));
        let mut command = program.against(&emulator);
        for name in names {
            command.env(name.to_uppercase(), format!("secret-{name}"));
        }
        Agent::start(command.env("REFUSED", refused).arg(tenants)).end()
    };
    std::thread::scope(|scope| {
        for (refused, done, expected) in [("1", 3, 0), ("2", 3, 0), ("3", 3, 0), ("all", 0, 69)] {
            scope.spawn(move || {
                let (code, said) = run(refused);
                assert!(said.ends_with(&format!("{done} of 3 are synchronised\n")), "{refused}: {said}");
                assert_eq!(code, expected, "{refused}: {said}");
                assert!(said.contains(": Resource temporarily unavailable\n"), "{refused}: {said}");
            });
        }
    });
}

#[test]
fn arguments_and_the_file_are_checked() {
    let emulator = emulator(&[]);
    for options in [
        "--jobs 0",
        "--jobs 65",
        "--jobs many",
        "--wait 0",
        "--wait 86401",
        "--until -1",
        "--wait 60 --since 10",
        "--wait 60 --since 0m",
        "--wait 60 --since -1m",
        "--wait 60 --since m",
        "--wait 60 --since 366d",
        "--wait 60 --since 9999999999d",
        "--since 10m",
        "--cloud mars",
        "--token x",
        "--help",
        "secret-1",
        "--cloud",
    ] {
        let words: Vec<&str> = options.split_whitespace().collect();
        let (code, said) = Agent::start(&mut fleet(&emulator, "options", "", &words)).end();
        assert_eq!(code, 64, "{options}: {said}");
        assert!(said.starts_with("autopilot-fleet: "), "{said}");
    }
    for (tenants, words) in [
        ("contoso", "line 1: "),
        ("\ncontoso secret-token", "line 2: "),
        ("contoso file:", "line 1: "),
        ("contoso env:", "line 1: "),
        ("con/toso env:A", "line 1: "),
        ("contoso env:A\ncontoso env:B\n", "line 2: another tenant has the same name"),
    ] {
        let (code, said) = Agent::start(&mut fleet(&emulator, "lines", tenants, &[])).end();
        assert_eq!((code, said.contains(words)), (66, true), "{said}");
    }
    let program = || Program::cpp_example("autopilot-fleet.cpp").against(&emulator);
    for (file, words) in [("/nowhere", "No such file"), ("/", "Is a directory")] {
        let (code, said) = Agent::start(program().arg(file)).end();
        assert_eq!((code, said.contains(words)), (66, true), "{said}");
    }
    let (code, said) = Agent::start(program().arg("--version")).end();
    assert_eq!((code, &*said), (0, "autopilot-fleet 0.1.0, libautopilot_sync 0.1.0\n"));
    let (code, said) = Agent::start(program().arg("--help")).end();
    assert!(code == 0 && said.contains("exit codes:"), "{said}");
    let mut command = fleet(&emulator, "configuration", "a env:A\n", &[]);
    let (code, said) = Agent::start(command.env("SSL_CERT_FILE", "/nowhere.pem")).end();
    assert_eq!((code, said.contains("/nowhere.pem")), (78, true), "{said}");
    let (code, said) = Agent::start(&mut fleet(&emulator, "nobody", "# none yet\n", &[])).end();
    assert_eq!((code, said.ends_with("0 of 0 are synchronised\n")), (0, true), "{said}");
    assert_eq!(emulator.counts().accepted, 0);
}

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
        config.token(&format!("s3cret-{name}"), Token::new(*access).of(name))
    }))
}

/// The number of requests with a tenant's token.
fn requests(emulator: &Emulator, name: &str) -> usize {
    let token = format!("s3cret-{name}");
    emulator.requests().iter().filter(|request| request.token.as_ref() == Some(&token)).count()
}

/// Looks after each request whether it was the last that is waited for.
pub(super) fn wait_for(emulator: &Emulator, is_met: impl Fn() -> bool) {
    loop {
        let count = emulator.counts().requests;
        if is_met() {
            return;
        }
        assert!(emulator.wait(HOUR, |counts| counts.requests > count));
    }
}

/// Until each has read the settings, triggered, and looked again.
fn wait_until_watched(emulator: &Emulator, names: &[&str]) {
    wait_for(emulator, || names.iter().all(|name| requests(emulator, name) >= 3));
}

/// The number of triggers that the service has accepted.
pub(super) fn accepted(emulator: &Emulator) -> usize {
    let requests = emulator.requests();
    requests.iter().filter(|request| request.reply.as_ref().is_some_and(|reply| reply.status == 204)).count()
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
    Step::reply(reply).for_token(&format!("s3cret-{name}"))
}

/// The `client-request-id` of the last request with a tenant's token.
fn last_request(emulator: &Emulator, name: &str) -> Option<String> {
    let token = format!("s3cret-{name}");
    let requests = emulator.requests();
    let last = requests.iter().rfind(|request| request.token.as_ref() == Some(&token))?;
    Some(last.header("client-request-id").unwrap().to_owned())
}

/// Whether its last line on standard output is this. What it says on standard error may come before or after.
fn concludes(said: &str, counts: &str) -> bool {
    said.lines().any(|line| line == format!("{counts} are synchronised"))
}

#[test]
fn each_tenant_has_its_own_result() {
    let emulator = emulator(&[
        ("done", Access::Full),
        ("running", Access::Full),
        ("forbidden", Access::Forbidden),
        ("expired", Access::Expired),
        ("too-soon", Access::Full),
    ]);
    emulator.set_tenant("too-soon", synced_a_minute_ago());
    let now = emulator.clock().now();
    assert!(emulator.tenant("running", |tenant| tenant.own_sync(now)));
    let tenants = format!(
        "# name and token\n\ndone {}\nrunning env:RUNNING\nforbidden env:FORBIDDEN\n  expired   env:EXPIRED\n\
         too-soon env:TOO_SOON\nno-file file:s3cret-1\nno-variable env:s3cret-1\nnot-one env:NOT_ONE\n",
        token("done", "s3cret-done\n").1
    );
    let mut command = fleet(&emulator, "results", &tenants, &["--jobs", "3"]);
    for name in ["running", "forbidden", "expired", "too-soon"] {
        let variable = name.to_uppercase().replace('-', "_");
        command.env(variable, format!("s3cret-{name}"));
    }
    let (code, said) = Agent::start(command.env("NOT_ONE", "a s3cret")).end();
    assert_eq!(code, 77, "{said}");
    let no_file = "NO_TOKEN: the file with its token cannot be read: No such file or directory";
    for (name, result, trigger, sent) in [
        ("done", "AUTOPILOT_OK: the service accepted the trigger", "accepted", 1),
        ("running", "AUTOPILOT_SYNC_ALREADY_RUNNING: ", "refused", 1),
        ("forbidden", "AUTOPILOT_ERROR_FORBIDDEN: ", "refused", 1),
        ("expired", "AUTOPILOT_ERROR_UNAUTHORIZED: ", "refused", 2),
        ("too-soon", "AUTOPILOT_SYNC_TOO_SOON: ", "refused", 1),
        ("no-file", no_file, "not sent", 0),
        ("no-variable", "NO_TOKEN: the variable with its token is not set", "not sent", 0),
        ("not-one", "NO_TOKEN: its source has no valid token", "not sent", 0),
    ] {
        let told: Vec<&str> = said.lines().filter(|line| line.starts_with(&format!("{name}: "))).collect();
        let request = last_request(&emulator, name).map(|id| format!(", last request {id}"));
        let end = format!(" (trigger {trigger}{})", request.unwrap_or_default());
        assert!(
            told[0].starts_with(&format!("{name}: {result}")) && told[0].ends_with(&end),
            "{name}: {said}"
        );
        assert_eq!((told.len(), requests(&emulator, name)), (1, sent), "{name}: {said}");
    }
    assert!(concludes(&said, "2 of 8"), "{said}");
    assert_eq!(emulator.requests().len(), 6, "no token was used but for its own tenant");
}

/// Each run has one more tenant, whose exit code is higher than those before.
#[test]
fn the_highest_exit_code_of_all_tenants_counts() {
    let emulator =
        Emulator::start(Config { clock: Clock::manual().step(Duration::from_secs(6)), ..Config::default() });
    let secret = |name: &str| format!("s3cret-{name}");
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
    for (options, table) in [(&[][..], triggered), (&["--jobs", "1", "--wait", "3600"], waited)] {
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
    command.env("CONTOSO", "s3cret-contoso").env("FABRIKAM", "s3cret-fabrikam");
    let (code, said) = Agent::start(&mut command).end();
    assert_eq!(code, 0, "{said}");
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let requests = emulator.requests();
    for ((line, name), request) in lines.iter().zip(["contoso", "fabrikam"]).zip(&requests) {
        let ids = &line["requests"][0];
        assert!(ids["request_id"].is_string());
        let expected = serde_json::json!({
            "tenant": name, "done": true, "result": "AUTOPILOT_OK", "message": "the service accepted the trigger",
            "trigger": "accepted", "http_status": 204, "retry_after_s": -1,
            "requests": [{
                "client_request_id": request.header("client-request-id"), "request_id": ids["request_id"],
            }],
        });
        assert_eq!(*line, expected);
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
        config.token(&format!("s3cret-{name}"), Token::new(Access::Full).of(name))
    }));
    emulator.set_tenant("fresh", synced_a_minute_ago());
    let tenants = "fresh env:FRESH\nstale env:STALE\n";
    let mut command = fleet(&emulator, "since", tenants, &["--wait", "1h", "--since", "1h60m"]);
    let (code, said) = Agent::start(command.env("FRESH", "s3cret-fresh").env("STALE", "s3cret-stale")).end();
    assert_eq!(code, 0, "{said}");
    for expected in
        ["fresh: AUTOPILOT_SYNC_UP_TO_DATE: ", "stale: AUTOPILOT_OK: ", "\n2 of 2 are synchronised\n"]
    {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let requests = emulator.requests();
    let triggers = requests.iter().filter(|request| request.method == "POST");
    let triggered: Vec<_> = triggers.filter_map(|request| request.token.as_deref()).collect();
    assert_eq!(triggered, ["s3cret-stale"]);
}

/// It also waits until the service accepts a trigger, if that is soon enough.
#[test]
fn it_waits_and_renews_a_token() {
    let emulator = emulator(&[
        ("new", Access::Full),
        ("forbidden", Access::Forbidden),
        ("window", Access::Full),
        ("later", Access::Full),
    ]);
    emulator.set_token("s3cret-old", Token::default().of("new").for_time(Duration::from_secs(60)));
    emulator.set_tenant("window", synced_a_minute_ago());
    emulator.script([again_in_a_second("later").on("POST")]);
    let (path, source) = token("renewed", "s3cret-old");
    let tenants = format!("contoso {source}\nfabrikam env:FORBIDDEN\nwindow env:WINDOW\nlater env:LATER\n");
    let mut command = fleet(&emulator, "wait", &tenants, &["--wait", "500"]);
    for name in ["forbidden", "window", "later"] {
        command.env(name.to_uppercase(), format!("s3cret-{name}"));
    }
    let agent = Agent::start(&mut command);
    agent.wait_for("window: AUTOPILOT_SYNC_TOO_SOON: ");
    agent.wait_for("fabrikam: AUTOPILOT_ERROR_FORBIDDEN: ");
    wait_until_watched(&emulator, &["old"]);
    wait_for(&emulator, || accepted(&emulator) == 2);
    write(&path, "s3cret-new");
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert_eq!(code, 77, "{said}");
    assert!(said.contains("contoso: AUTOPILOT_OK: the sync completed (trigger accepted"), "{said}");
    assert!(said.contains("later: AUTOPILOT_OK: the sync completed (trigger accepted"), "{said}");
    assert!(requests(&emulator, "old") >= 3 && requests(&emulator, "new") >= 1);
}

/// Why there is no new token is told beside what is known of the one that was refused.
#[test]
fn a_token_that_is_not_renewed_hides_nothing() {
    let emulator = emulator(&[("gone", Access::Full), ("same", Access::Full), ("wrong", Access::Full)]);
    let mut tenants = String::new();
    let mut paths = Vec::new();
    for name in ["gone", "same", "wrong"] {
        let secret = format!("s3cret-{name}");
        emulator.set_token(&secret, Token::default().of(name).for_time(Duration::from_secs(60)));
        let (path, source) = token(&format!("not-renewed-{name}"), &secret);
        tenants += &format!("{name} {source}\n");
        paths.push(path);
    }
    let mut command = fleet(&emulator, "not-renewed", &tenants, &["--wait", "3600", "--json"]);
    let agent = Agent::start(&mut command);
    wait_until_watched(&emulator, &["gone", "same", "wrong"]);
    fs::remove_file(&paths[0]).unwrap();
    write(&paths[2], "a s3cret");
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert_eq!(code, 77, "{said}");
    let lines: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (name, why) in [
        ("gone", "; no new token: the file with its token cannot be read: No such file or directory"),
        ("same", ": The access token has expired."),
        ("wrong", "; no new token: its source has no valid token"),
    ] {
        let line = lines.iter().find(|line| line["tenant"] == name).unwrap();
        assert_eq!(
            (&line["result"], &line["http_status"]),
            (&"AUTOPILOT_ERROR_UNAUTHORIZED".into(), &401.into())
        );
        assert!(line["message"].as_str().unwrap().ends_with(why), "{said}");
        assert_eq!(line["trigger"], "accepted", "{said}");
        assert_eq!(line["requests"].as_array().unwrap().len(), requests(&emulator, name), "{said}");
    }
}

#[test]
fn a_fault_at_one_tenant_holds_up_no_other() {
    let emulator = emulator(&[("done", Access::Full)]);
    let program = program_with("fleet_scarce.cpp");
    let tenants = path("scarce");
    fs::write(&tenants, format!("fault {}\ndone env:DONE\n", token("scarce", "s3cret-fault").1)).unwrap();
    let mut command = program.against(&emulator);
    let agent = Agent::start(command.args(["--jobs", "2"]).arg(tenants).env("DONE", "s3cret-done"));
    agent.wait_for("done: AUTOPILOT_OK: ");
    agent.wait_for("autopilot-fleet: std::bad_alloc");
    assert_eq!(agent.end().0, 70);
}

#[test]
fn the_path_of_a_token_is_relative_to_the_file_of_tenants() {
    let emulator = emulator(&[("near", Access::Full)]);
    let (token, _) = token("near", "s3cret-near");
    let tenants = format!("near file:{}\n", token.file_name().unwrap().to_string_lossy());
    let (code, said) = Agent::start(&mut fleet(&emulator, "relative", &tenants, &[])).end();
    assert_eq!(code, 0, "{said}");
}

#[test]
fn results_that_cannot_be_written_have_their_exit_code() {
    let emulator = emulator(&[("done", Access::Full)]);
    let mut command = fleet(&emulator, "full", "done env:DONE\n", &[]);
    command.env("DONE", "s3cret-done");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let answer = command.stdout(full).output().unwrap();
    assert_eq!(answer.status.code(), Some(74));
    assert_eq!(String::from_utf8_lossy(&answer.stderr), "autopilot-fleet: the results cannot be written\n");
}

#[test]
fn a_signal_ends_all_calls_and_what_was_not_done_is_told() {
    for (signal, expected) in [("INT", 130), ("TERM", 143)] {
        let names = ["watched", "hangs", "third"];
        let emulator = emulator(&names.map(|name| (name, Access::Full)));
        emulator.script([Step::fault(Fault::Hang).on("POST").for_token("s3cret-hangs")]);
        let tenants = "# nobody\nfirst env:X\nwatched env:WATCHED\nhangs env:HANGS\nthird env:THIRD\nwrong\nlast env:X\n";
        let mut command = fleet(&emulator, signal, tenants, &["--jobs", "2", "--wait", "3600"]);
        for name in names {
            command.env(name.to_uppercase(), format!("s3cret-{name}"));
        }
        let agent = Agent::start(&mut command);
        agent.wait_for("first: NO_TOKEN: ");
        wait_until_watched(&emulator, &["watched"]);
        wait_for(&emulator, || requests(&emulator, "hangs") == 2);
        let signalled = Instant::now();
        agent.signal(signal);
        let (code, said) = agent.end();
        assert!(signalled.elapsed() < HOUR / 2, "sooner than its calls would end");
        assert_eq!(code, expected, "{said}");
        for (name, result, trigger) in [
            ("watched", "AUTOPILOT_ERROR_CANCELLED", "accepted"),
            ("hangs", "AUTOPILOT_ERROR_CANCELLED", "may have run"),
            ("third", "NOT_STARTED", "not sent"),
            ("last", "NOT_STARTED", "not sent"),
        ] {
            let request = last_request(&emulator, name).map(|id| format!(", last request {id}"));
            let end = format!("(trigger {trigger}{})", request.unwrap_or_default());
            let line = |line: &str| line.starts_with(&format!("{name}: {result}: ")) && line.ends_with(&end);
            assert!(said.lines().any(line), "{name}: {said}");
        }
        assert!(said.contains(": line 6: expected NAME "), "{said}");
        assert!(concludes(&said, "0 of 5"), "{said}");
        assert_eq!(requests(&emulator, "third"), 0);
    }
}

/// A thousand tenants at once, each with a sync to wait for, from a file that is read as they end.
#[test]
fn four_threads_wait_for_a_thousand_tenants() {
    const TENANTS: usize = 1000;
    let names: Vec<String> = (0..TENANTS).map(|number| format!("tenant-{number}")).collect();
    let emulator = emulator(&names.iter().map(|name| (&**name, Access::Full)).collect::<Vec<_>>());
    let tenants = names.iter().map(|name| format!("{name} env:{}\n", name.replace('-', "_")));
    let options = ["--threads", "4", "--wait", "3600", "--jobs", "900"];
    let mut command = fleet(&emulator, "thousand", &tenants.collect::<String>(), &options);
    command.envs(names.iter().map(|name| (name.replace('-', "_"), format!("s3cret-{name}"))));
    let agent = Agent::start(&mut command);
    // Those that have room are all triggered before any has ended; then the others.
    for (requests, triggers) in [(1800, 900), (2000, TENANTS)] {
        assert!(emulator.wait(HOUR, |counts| counts.requests >= requests));
        wait_for(&emulator, || accepted(&emulator) == triggers);
        emulator.advance(HOUR);
    }
    let (code, said) = agent.end();
    assert_eq!(code, 0, "{said}");
    assert!(concludes(&said, "1000 of 1000"), "{said}");
    assert_eq!(
        said.matches(": AUTOPILOT_OK: the sync completed (trigger accepted, last request ").count(),
        TENANTS
    );
    assert!(emulator.counts().handshakes <= 4, "a connection for each thread");
}

/// As `nohup` has them.
#[test]
fn a_signal_that_is_ignored_ends_nothing() {
    let emulator = emulator(&[("first", Access::Full), ("second", Access::Full)]);
    let tenants = "first env:FIRST\nsecond env:SECOND\n";
    let mut command = fleet(&emulator, "ignored", tenants, &["--wait", "3600"]);
    command.env("FIRST", "s3cret-first").env("SECOND", "s3cret-second");
    let agent = Agent::start(&mut ignoring(&command, "HUP INT TERM"));
    wait_until_watched(&emulator, &["first", "second"]);
    ["HUP", "INT", "TERM"].iter().for_each(|signal| agent.signal(signal));
    emulator.advance(HOUR);
    let (code, said) = agent.end();
    assert!(concludes(&said, "2 of 2"), "{said}");
    assert_eq!(code, 0, "{said}");
}

/// The others are ignored.
#[test]
fn a_signal_that_is_not_ignored_ends_it() {
    for (ignored, other, expected) in [("HUP", "TERM", 143), ("INT", "HUP", 129), ("TERM", "INT", 130)] {
        let emulator = emulator(&[("first", Access::Full)]);
        let mut command = fleet(&emulator, ignored, "first env:FIRST\n", &["--wait", "3600"]);
        command.env("FIRST", "s3cret-first");
        let agent = Agent::start(&mut ignoring(&command, ignored));
        wait_until_watched(&emulator, &["first"]);
        [ignored, other].iter().for_each(|signal| agent.signal(signal));
        let (code, said) = agent.end();
        assert!(said.contains("first: AUTOPILOT_ERROR_CANCELLED: "), "{said}");
        assert_eq!(code, expected, "{said}");
    }
}

/// Of the results that has its exit code, at the end; of what is told beside them, here a wrong line, it is none.
#[test]
fn a_reader_that_leaves_stops_nothing() {
    let tenants = "first env:FIRST\nwrong\nlater env:LATER\n";
    for (is_of_results, expected) in [(true, 74), (false, 66)] {
        let emulator = emulator(&[("first", Access::Full), ("later", Access::Full)]);
        let mut command = fleet(&emulator, "unread", tenants, &["--jobs", "1"]);
        command.env("FIRST", "s3cret-first").env("LATER", "s3cret-later");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let stream = if is_of_results { Command::stdout } else { Command::stderr };
        let answer = stream(&mut command, unread()).spawn().unwrap().wait_with_output().unwrap();
        let said = [answer.stdout, answer.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(answer.status.code(), Some(expected), "{}: {said}", answer.status);
        assert_eq!((requests(&emulator, "first"), requests(&emulator, "later")), (1, 1));
        let last = ["2 of 2 are synchronised\n", "autopilot-fleet: the results cannot be written\n"];
        assert!(said.ends_with(last[usize::from(is_of_results)]), "{said}");
    }
}

/// Of the threads that the program itself starts, the first waits for signals and the second works; or none can be had, by
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
            command.env(name.to_uppercase(), format!("s3cret-{name}"));
        }
        Agent::start(command.env("REFUSED", refused).arg(tenants)).end()
    };
    std::thread::scope(|scope| {
        for (refused, done, expected) in [("1", 3, 0), ("2", 3, 0), ("all", 0, 69)] {
            scope.spawn(move || {
                let (code, said) = run(refused);
                assert!(concludes(&said, &format!("{done} of 3")), "{refused}: {said}");
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
        "--jobs 20001",
        "--threads 0",
        "--threads 257",
        "--jobs many",
        "--wait 0",
        "--wait 86401",
        "--until 60",
        "--wait 1h30",
        "--wait 30m1h",
        "--wait 24h1s",
        "--wait 60 --since 0",
        "--wait 60 --since 0m",
        "--wait 60 --since -1m",
        "--wait 60 --since m",
        "--wait 60 --since 366d",
        "--wait 60 --since 9999999999d",
        "--since 10m",
        "--cloud mars",
        "--token x",
        "--client-id a",
        "--certificate a",
        "--secret-file a",
        "--client-id a --secret-file b --certificate c",
        "--help",
        "s3cret-1",
        "--cloud",
    ] {
        let words: Vec<&str> = options.split_whitespace().collect();
        let (code, said) = Agent::start(&mut fleet(&emulator, "options", "", &words)).end();
        assert_eq!(code, 64, "{options}: {said}");
        assert!(said.starts_with("autopilot-fleet: "), "{said}");
    }
    for (tenants, words) in [
        ("contoso", "line 1: "),
        ("\ncontoso s3cret-token", "line 2: "),
        ("contoso file:", "line 1: "),
        ("contoso env:", "line 1: "),
        ("con/toso env:A", "line 1: "),
        ("contoso env:A\ncontoso", "line 2: "),
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
    assert_eq!((code, concludes(&said, "0 of 0")), (0, true), "{said}");
    assert_eq!(emulator.counts().accepted, 0);
}

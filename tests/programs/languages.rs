//! One call from a program in each language, linked with the shared library. Only `HTTPS_PROXY` and `SSL_CERT_FILE`
//! lead it to the emulator.

use std::io::Write;
use std::process::{Command, Stdio};

use autopilot_emulator::{Access, Certificate, Emulator, Fault, Network, ProxyFault, Reply, Step, Token};

use crate::compiler;
use crate::emulators::stepping;
use crate::program::{Language, Program};

pub(crate) fn printed(command: &mut Command) -> String {
    compiler::run(command).replace('\n', " ").trim_end().to_owned()
}

#[test]
fn every_language_gets_the_documented_answers_by_the_documented_request() {
    for language in Language::ALL {
        let emulator = stepping();
        let mut command = Program::one_call(language).against(&emulator);
        assert_eq!(printed(command.args(["first", "second", "third"])), "0 1 2", "{language:?}");
        let requests = emulator.requests();
        let tokens: Vec<_> = requests.iter().filter_map(|request| request.token.as_deref()).collect();
        assert_eq!(tokens, ["first", "second", "third"], "{language:?}");
        for request in &requests {
            let line = (&*request.method, &*request.path, &*request.host);
            let path = "/beta/deviceManagement/windowsAutopilotSettings/sync";
            assert_eq!(line, ("POST", path, "graph.microsoft.com"), "{language:?}");
            assert_eq!(
                (request.header("content-length"), &*request.body),
                (Some("0"), &[][..]),
                "{language:?}"
            );
            assert_eq!(request.header("accept"), Some("application/json"), "{language:?}");
            assert_eq!(request.header("content-type"), None, "{language:?}");
            assert_eq!(request.connection, requests[0].connection, "{language:?}: one connection");
        }
    }
}

#[test]
fn every_language_refuses_a_token_that_cannot_be_right() {
    let emulator = stepping();
    for language in Language::ALL {
        let mut command = Program::one_call(language).against(&emulator);
        let long = "x".repeat(65_537);
        command.args([
            "NULL",
            "",
            "\n",
            "a b",
            "a\tb",
            "a\r\nX: y",
            "tök",
            "Bearer x",
            "\"x\"",
            "'x'",
            &long,
        ]);
        assert_eq!(printed(&mut command), "-1 ".repeat(11).trim_end(), "{language:?}");
    }
    let not_utf8: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"a\xff");
    let mut command = Program::one_call(Language::C).against(&emulator);
    assert_eq!(printed(command.arg(not_utf8)), "-1");
    assert_eq!(emulator.counts().accepted, 0, "nothing was opened");
}

/// How the emulator answers once, and what the C program prints.
#[test]
fn a_c_program_gets_each_result_of_the_table() {
    let access = |access| move |emulator: &Emulator| emulator.set_other_tokens(access);
    let step = |step: fn() -> Step| move |emulator: &Emulator| emulator.script([step().forever()]);
    let network = |change: fn(&mut Network)| move |emulator: &Emulator| emulator.network(change);
    let table: Vec<(&str, Box<dyn Fn(&Emulator)>, &str)> = vec![
        ("401", Box::new(access(Access::Expired)), "-7"),
        ("401, claims", Box::new(access(Access::Challenged)), "-7"),
        ("401 of Intune", Box::new(access(Access::Unlicensed)), "-8"),
        ("403", Box::new(access(Access::Forbidden)), "-8"),
        ("500", Box::new(step(|| Step::error(500))), "-9"),
        ("dropped", Box::new(step(|| Step::fault(Fault::Close))), "-6"),
        ("not HTTP", Box::new(step(|| Step::fault(Fault::Raw(b"nonsense\r\n\r\n".to_vec())))), "-10"),
        ("silent", Box::new(step(|| Step::fault(Fault::Hang))), "-4"),
        ("a silent proxy", Box::new(network(|network| network.proxy_fault = Some(ProxyFault::Silent))), "-4"),
        ("untrusted", Box::new(network(|network| network.certificate = Certificate::UnknownAuthority)), "-3"),
        (
            "refused by the proxy",
            Box::new(network(|network| network.proxy_fault = Some(ProxyFault::Status(403)))),
            "-2",
        ),
    ];
    let program = Program::one_call(Language::C);
    let emulators: Vec<_> = table.iter().map(|_| stepping()).collect();
    // At once, because two of them take the thirty seconds of the deadline.
    std::thread::scope(|scope| {
        let runs: Vec<_> = table
            .iter()
            .zip(&emulators)
            .map(|((name, prepare, expected), emulator)| {
                prepare(emulator);
                let mut command = program.against(emulator);
                (name, expected, scope.spawn(move || printed(command.arg("token"))))
            })
            .collect();
        for (name, expected, run) in runs {
            assert_eq!(run.join().unwrap(), **expected, "{name}");
        }
    });
}

#[test]
fn a_variable_that_cannot_be_used_is_a_result_of_its_own() {
    let emulator = stepping();
    let program = Program::one_call(Language::C);
    let pipe = format!("{}/pipe-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    compiler::run(Command::new("mkfifo").arg(&pipe));
    for (name, value, expected) in [
        ("https_proxy", "ftp://proxy", "-13"),
        ("https_proxy", "http://user:pass word@proxy", "-13"),
        ("https_proxy", "127.0.0.1:1", "-2"),
        ("no_proxy", "graph.microsoft.us", "0"),
        ("all_proxy", "ftp://unused", "1"),
        ("SSL_CERT_FILE", "/nowhere.pem", "-13"),
        ("SSL_CERT_FILE", "/dev/null", "-13"),
        ("SSL_CERT_FILE", "/dev/zero", "-13"),
        ("SSL_CERT_FILE", &*pipe, "-13"),
        ("SSL_CERT_DIR", "/nowhere", "-13"),
    ] {
        let mut command = program.against(&emulator);
        assert_eq!(printed(command.env(name, value).arg("token")), expected, "{name}={value}");
    }
    let mut command = program.against(&emulator);
    command.env_remove("SSL_CERT_FILE").arg("token");
    assert_eq!(printed(&mut command), "-3", "the emulator's authority is not the system's");
    assert_eq!(emulator.requests().len(), 2);
}

#[test]
fn the_host_process_is_left_alone() {
    let emulator = stepping();
    emulator.script([Step::service(), Step::fault(Fault::CloseAfter), Step::service()]);
    let mut command = Program::named("host.c").against(&emulator);
    let printed = printed(&mut command);
    // The third call may see the close in time or not. In neither case may there be a SIGPIPE.
    let expected = ["-1 free descriptors same 0 1 2", "-1 free descriptors same 0 1 -6"];
    assert!(expected.contains(&&*printed), "{printed}");
}

#[test]
fn tokens_of_tenants_do_not_mix() {
    let emulator = stepping();
    emulator.set_token("barred", Token::new(Access::Forbidden));
    let mut command = Program::one_call(Language::C).against(&emulator);
    assert_eq!(printed(command.args(["good", "barred", "good\n"])), "0 -8 2");
}

/// A proxy with a name, so that there is something to look up.
fn named_proxy(emulator: &Emulator) -> String {
    format!("http://localhost:{}", emulator.proxy_port())
}

#[test]
fn a_live_connection_costs_no_look_up_and_no_thread() {
    let emulator = stepping();
    let shim = Program::shim();
    for calls in [1, 20] {
        let mut command = Program::one_call(Language::C).against(&emulator);
        command.env("HTTPS_PROXY", named_proxy(&emulator)).env("LD_PRELOAD", shim).args(vec!["token"; calls]);
        let printed = printed(&mut command);
        // One thread looks the proxy's name up, and one connects.
        assert!(printed.ends_with(" lookups 1 threads 2"), "{calls} calls: {printed}");
    }
}

#[test]
fn a_look_up_that_never_ends_does_not_hold_the_call() {
    let emulator = stepping();
    let mut command = Program::caller(Language::C).against(&emulator);
    command
        .env("HTTPS_PROXY", named_proxy(&emulator))
        .env("LD_PRELOAD", Program::shim())
        .env("SHIM_HANG", "1");
    let mut caller =
        command.args(["sync", "1000"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    caller.stdin.take().unwrap().write_all(b"token\n").unwrap();
    let printed = caller.wait_with_output().unwrap().stdout;
    assert!(printed.starts_with(b"made -4\n"), "{}", String::from_utf8_lossy(&printed));
}

/// The memory limit of one call, whatever the service sends. A plain call needs about 10 MiB.
#[test]
fn memory_is_bounded_whatever_is_sent() {
    let long = || serde_json::json!({"error": {"code": "x", "message": "m".repeat(20_000_000)}});
    let deep = format!("{{\"error\":{}1{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let wide = format!("[{}1]", "[],".repeat(5_000_000));
    let table: Vec<(Step, &str)> = vec![
        (Step::service(), "0"),
        (Step::fault(Fault::EndlessHeader), "-10"),
        (Step::error(409).spoiled(Fault::EndlessBody), "1"),
        (Step::reply(Reply::new(400).json(&long())), "-9"),
        (Step::reply(Reply::new(400).body(deep)), "-9"),
        (Step::reply(Reply::new(400).body(wide)), "-9"),
        (Step::reply(Reply::new(400).body("[],".repeat(80_000))), "-9"),
    ];
    let program = Program::named("memory.c");
    for (step, expected) in table {
        let name = format!("{step:?}").chars().take(80).collect::<String>();
        let emulator = stepping();
        emulator.script([step]);
        let (result, kib) = result_and_memory(&mut program.plainly_against(&emulator));
        assert_eq!(result, expected, "{name}");
        assert!(kib < 40 * 1024, "{kib} KiB: {name}");
    }
}

#[test]
fn memory_is_bounded_whatever_is_handed_in() {
    const LENGTH: u64 = 64 * 1024 * 1024;
    let (program, emulator) = (Program::named("memory.c"), stepping());
    let (result, kib) = result_and_memory(program.plainly_against(&emulator).arg(LENGTH.to_string()));
    assert_eq!(result, "-1");
    assert!(kib < LENGTH / 1024 + 40 * 1024, "{kib} KiB: the text was copied");
}

/// The output of memory.c.
fn result_and_memory(program: &mut Command) -> (String, u64) {
    let printed = printed(program);
    let (result, memory) = printed.split_once(' ').unwrap();
    (result.to_owned(), memory.trim().trim_end_matches(" kB").parse().unwrap())
}

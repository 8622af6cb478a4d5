//! `bindings/cpp/autopilot_sync.hpp`: every compiler accepts it, and it keeps its promises to programs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use autopilot_emulator::{Access, Behaviour, Clock, Config, Emulator, Past, Reply, RetryAfter, Step, Token};

use crate::emulators::{quick, stepping};
use crate::program::{self, Program};
use crate::{compiler, credentials};

const STRICT: &[&str] = &[
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wshadow",
    "-Wnon-virtual-dtor",
    "-Wold-style-cast",
    "-Wcast-qual",
    "-Wfloat-equal",
    "-Wundef",
    "-Werror",
];
const SANITIZED: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
const HOUR: &str = "3600000";

fn header() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/cpp/autopilot_sync.hpp")
}

/// A strict compiler that finds both headers.
fn strict(standard: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(compiler::cpp());
    command.arg(format!("-std={standard}")).args(STRICT).arg("-g");
    command.arg("-I").arg(root.join("include")).arg("-I").arg(root.join("bindings/cpp"));
    command
}

/// Writes a source file for a test.
fn source(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

/// One of the ways to build the test program.
struct Build {
    name: String,
    program: Program,
    is_sanitized: bool,
}

impl Build {
    /// Several translation units, so that each contains the header's definitions.
    fn new(standard: &str, flags: &[&str]) -> Build {
        let name = format!("cpp-api-{standard}{}", flags.concat()).replace(['/', ','], "-");
        let mut command = strict(standard);
        command.args(flags).args(
            ["cpp_api.cpp", "cpp_values.cpp", "cpp_fleet.cpp"].map(|file| program::folder().join(file)),
        );
        Build { program: Program::linked(&mut command, &name), name, is_sanitized: flags == SANITIZED }
    }

    fn against(&self, emulator: &Emulator) -> Command {
        // The sanitizers go together with no other tool that a program runs under.
        if self.is_sanitized {
            self.program.plainly_against(emulator)
        } else {
            self.program.against(emulator)
        }
    }
}

fn builds() -> &'static [Build] {
    static BUILDS: OnceLock<Vec<Build>> = OnceLock::new();
    BUILDS.get_or_init(|| {
        let ways: [(&str, &[&str]); 3] =
            [("c++17", &["-fno-rtti"]), ("c++2b", &["-O2"]), ("c++20", SANITIZED)];
        std::thread::scope(|scope| {
            let builds = ways.map(|(standard, flags)| scope.spawn(|| Build::new(standard, flags)));
            builds.map(|build| build.join().unwrap()).into()
        })
    })
}

/// Runs a scenario in every build at once, each with its own emulator.
fn every_build(
    emulator: impl Fn() -> Emulator + Sync,
    arguments: &[&str],
    check: impl Fn(&Emulator, &str) + Sync,
) {
    let (emulator, check) = (&emulator, &check);
    std::thread::scope(|scope| {
        for build in builds() {
            let named = std::thread::Builder::new().name(build.name.clone());
            let run = move || {
                let emulator = emulator();
                check(&emulator, &compiler::run(build.against(&emulator).args(arguments)));
            };
            named.spawn_scoped(scope, run).unwrap();
        }
    });
}

fn with(behaviour: Behaviour) -> impl Fn() -> Emulator {
    move || Emulator::start(Config { behaviour: behaviour.clone(), ..Config::default() })
}

fn stepping_with_retry_after() -> Emulator {
    let emulator = stepping();
    emulator.behave(|behaviour| behaviour.retry_after = RetryAfter::Text("77".into()));
    emulator
}

#[test]
fn every_standard_takes_it_alone_and_twice() {
    for standard in ["c++17", "c++20", "c++2b"] {
        let twice = program::folder().join("cpp_values.cpp");
        compiler::run(strict(standard).arg("-fsyntax-only").arg(twice));
        compiler::run(strict(standard).args(["-fsyntax-only", "-x", "c++"]).arg(header()));
    }
}

/// The compiler's message about a program that must not compile.
fn refused(standard: &str, flags: &[&str], body: &str) -> String {
    let text = format!("#include \"autopilot_sync.hpp\"\n{body}\n");
    let mut command = strict(standard);
    command.args(flags).arg("-fsyntax-only").arg(source("refused.cpp", &text));
    let answer = command.output().unwrap();
    assert!(!answer.status.success(), "{command:?}");
    String::from_utf8_lossy(&answer.stderr).into_owned()
}

#[test]
fn what_must_not_compile_says_why() {
    let older = Path::new(env!("CARGO_TARGET_TMPDIR")).join("older-header");
    let c_header = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/autopilot_sync.h"));
    let other =
        c_header.unwrap().replace("#define AUTOPILOT_VERSION_MINOR ", "#define AUTOPILOT_VERSION_MINOR 9");
    fs::create_dir_all(&older).unwrap();
    fs::write(older.join("autopilot_sync.h"), other).unwrap();
    let older = format!("-iquote{}", older.display()); // before what -I names
    let ignored = "void f(const autopilot::Client &client) { client.sync(\"token\"); }";
    assert!(refused("c++17", &[], ignored).contains("nodiscard"));
    let ignored = "void f() { autopilot::sync(\"token\"); }";
    assert!(refused("c++17", &[], ignored).contains("nodiscard"));
    let returns = "auto f(const autopilot::Client &client) {\n\
        return client.sync_and_wait(\"token\", std::chrono::hours(1), [](autopilot::Progress &) { return true; }); }";
    let why = "a progress callback must return nothing or autopilot::Flow";
    assert!(refused("c++17", &[], returns).contains(why));
    let none = "auto f(const autopilot::Client &client) {\n\
        return client.sync_and_wait(\"token\", std::chrono::hours(1), nullptr); }";
    assert!(refused("c++17", &[], none).contains("no matching"));
    assert!(refused("c++17", &[&older], "").contains("two installations are mixed"));
    let first = refused("c++14", &[], "");
    let first = first.lines().find(|line| line.contains("error")).unwrap();
    assert!(first.contains("autopilot_sync.hpp needs C++17 or later"), "{first}");
    let first = refused("c++17", &["-fno-exceptions"], "");
    let first = first.lines().find(|line| line.contains("error")).unwrap();
    assert!(first.contains("needs exceptions") && first.contains("autopilot_sync.h serves"), "{first}");
}

/// The symbols that a program gets from this folder's headers: mangled ones in the namespace, and `extern "C"` ones.
fn names_from(headers: &Path) -> BTreeSet<String> {
    let uses = "#include \"autopilot_sync.hpp\"\nint main() {\n\
        const autopilot::Client client(autopilot::Options().max_retries(1));\n\
        return client.sync_and_wait(\"token\", std::chrono::hours(1), [](autopilot::Progress &) {}).result();\n}\n";
    let (source, object) = (headers.join("uses.cpp"), headers.join("uses.o"));
    fs::write(&source, uses).unwrap();
    compiler::run(strict("c++17").arg("-iquote").arg(headers).arg("-c").arg(source).arg("-o").arg(&object));
    let listing = compiler::run(Command::new("nm").args(["--defined-only", "-j"]).arg(object));
    let is_ours = |name: &&str| name.contains("9autopilot") || name.starts_with("autopilot_");
    listing.lines().filter(is_ours).map(str::to_owned).collect()
}

#[test]
fn headers_of_two_versions_share_no_name() {
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    let namespace = format!("v{major}_{minor}");
    let is_its_own =
        format!("static_assert(std::is_same_v<autopilot::Client, autopilot::{namespace}::Client>);");
    let text = format!("#include \"autopilot_sync.hpp\"\n{is_its_own}\n");
    compiler::run(strict("c++17").arg("-fsyntax-only").arg(source("namespace.cpp", &text)));

    let c_header = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/autopilot_sync.h");
    let (cpp_text, c_text) = (fs::read_to_string(header()).unwrap(), fs::read_to_string(c_header).unwrap());
    let names: Vec<BTreeSet<String>> = [minor.to_owned(), format!("{minor}9")]
        .map(|other| {
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("headers-{other}"));
            fs::create_dir_all(&folder).unwrap();
            let replaced = |text: &str, before: &str| {
                assert!(text.contains(&format!("{before}{minor}")), "{before}");
                text.replace(&format!("{before}{minor}"), &format!("{before}{other}"))
            };
            let cpp_text = replaced(&cpp_text, "AUTOPILOT_VERSION_MINOR == ");
            fs::write(folder.join("autopilot_sync.hpp"), replaced(&cpp_text, &format!("v{major}_"))).unwrap();
            let c_text = replaced(&c_text, "#define AUTOPILOT_VERSION_MINOR ");
            fs::write(folder.join("autopilot_sync.h"), c_text).unwrap();
            names_from(&folder)
        })
        .into();
    assert!(names[0].iter().any(|name| name.contains("6Client13sync_and_wait")), "{:?}", names[0]);
    assert!(names[0].iter().any(|name| name.starts_with("autopilot_")), "{:?}", names[0]);
    assert_eq!(names[0].intersection(&names[1]).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_constant_of_c_has_its_name_and_number() {
    let c_header =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/autopilot_sync.h")).unwrap();
    let constants = c_header.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "));
    let kinds = [
        ("AUTOPILOT_ERROR_", "ErrorKind"),
        ("AUTOPILOT_SYNC_STATUS_", "SyncStatus"),
        ("AUTOPILOT_SYNC_", "Answer"),
        ("AUTOPILOT_TRIGGER_", "Trigger"),
        ("AUTOPILOT_PHASE_", "Phase"),
        ("AUTOPILOT_CLOUD_", "Cloud"),
        ("AUTOPILOT_EVENT_", "EventKind"),
        ("AUTOPILOT_SECRET_", "Secret"),
    ];
    let goal = |name: &str| {
        let name = name.strip_prefix("AUTOPILOT_GOAL_")?.to_lowercase();
        let since = if name == "sync_since" { "autopilot::Time()" } else { "" };
        Some(format!("autopilot::Goal::{name}({since}).capi()"))
    };
    let asserted: Vec<String> = constants
        .map(|(name, number)| {
            let known = kinds.iter().find_map(|(prefix, kind)| Some((kind, name.strip_prefix(prefix)?)));
            let (kind, value) = known.unwrap_or((&"Answer", "ACCEPTED"));
            let of_enum = || format!("static_cast<int>(autopilot::{kind}::{})", value.to_lowercase());
            format!("static_assert({} == ({number}));\n", goal(name).unwrap_or_else(of_enum))
        })
        .collect();
    assert_eq!(asserted.len(), 50, "{asserted:?}");
    let text = format!("#include \"autopilot_sync.hpp\"\n{}", asserted.concat());
    compiler::run(strict("c++17").arg("-fsyntax-only").arg(source("constants.cpp", &text)));
}

/// The examples in the header's first comment, without its stars.
fn examples() -> Vec<String> {
    let text = fs::read_to_string(header()).unwrap();
    let comment =
        text.split("*/").next().unwrap().lines().map(|line| line.strip_prefix(" *").unwrap_or(line));
    let marked: Vec<String> = comment
        .map(
            |line| {
                if line.is_empty() || line.starts_with("     ") { line.to_owned() } else { "\0".to_owned() }
            },
        )
        .collect();
    let blocks = marked.join("\n");
    blocks.split('\0').map(str::trim).filter(|block| !block.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_headers_examples_work() {
    let examples = examples();
    assert_eq!(examples.len(), 4, "{examples:?}");
    let mut command = strict("c++17");
    let program = Program::linked(command.arg(source("example.cpp", &examples[0])), "cpp-example");
    let emulator = Emulator::start(Config::default());
    let printed = compiler::run(program.against(&emulator).env("AUTOPILOT_TOKEN", "token"));
    assert_eq!(printed, "AUTOPILOT_OK\n");
    let around = format!(
        "#include <iostream>\n#include \"autopilot_sync.hpp\"\nusing namespace std::chrono_literals;\n\
         std::string new_token(const std::optional<std::string> &claims);\n\
         void retry_in(std::optional<std::chrono::milliseconds> time);\n\
         struct Tenant {{ std::string name, token; }};\n\
         void f(const std::string &token);\nvoid f(const std::string &token) {{\n{}\n}}\n\
         void a(const std::string &tenant, const std::string &client_id);\n\
         void a(const std::string &tenant, const std::string &client_id) {{\n{}\n}}\n\
         void g(const autopilot::Fleet &fleet, const std::vector<Tenant> &tenants);\n\
         void g(const autopilot::Fleet &fleet, const std::vector<Tenant> &tenants) {{\n{}\n}}\n",
        examples[1], examples[2], examples[3]
    );
    let fragment = source("fragment.cpp", &around);
    compiler::run(strict("c++17").arg("-fsyntax-only").arg(fragment));
}

#[test]
fn the_sanitizers_see_what_is_wrong() {
    let faults = [
        ("use-after-free", "heap-use-after-free"),
        ("double-free", "attempting double-free"),
        ("leak", "detected memory leaks"),
        ("overflow", "signed integer overflow"),
    ];
    let emulator = Emulator::start(Config::default());
    let mut command = strict("c++20");
    command.args(SANITIZED).arg(program::folder().join("cpp_broken.cpp"));
    let program = Program::linked(&mut command, "cpp-broken");
    assert_eq!(compiler::run(program.plainly_against(&emulator).arg("none")), "not noticed\n");
    for (fault, words) in faults {
        let answer = program.plainly_against(&emulator).arg(fault).output().unwrap();
        let said = String::from_utf8_lossy(&answer.stderr);
        assert!(!answer.status.success() && said.contains(words), "{fault}: {said}");
    }
}

#[test]
fn types_arguments_and_numbers_are_as_promised() {
    every_build(with(quick()), &["values"], |emulator, printed| {
        assert_eq!(printed, "kept\n");
        assert_eq!(emulator.counts().accepted, 0, "nothing was sent");
    });
}

#[test]
fn no_token_is_left_behind() {
    let mut command = strict("c++17");
    command.args(["-O2", "-D_GNU_SOURCE"]).arg(program::folder().join("cpp_secrets.cpp"));
    let program = Program::linked(&mut command, "cpp-secrets");
    assert_eq!(compiler::run(&mut program.plainly_against(&with(quick())())), "kept\n");
}

#[test]
fn an_allocation_that_fails_leaves_nothing_behind() {
    let mut command = strict("c++17");
    command.args(SANITIZED).arg(program::folder().join("cpp_scarce.cpp"));
    let program = Program::linked(&mut command, "cpp-scarce");
    let endless = with(Behaviour { duration: Duration::from_secs(3600), ..quick() })();
    endless.set_token("barred", Token::new(Access::Forbidden));
    assert_eq!(compiler::run(&mut program.plainly_against(&endless)), "kept\n");
}

#[test]
fn a_credential_gets_the_tokens() {
    let mut command = strict("c++17");
    command.args(SANITIZED).arg(program::folder().join("credentials.cpp"));
    let program = Program::linked(&mut command, "cpp-credentials");
    credentials::leads_to_a_token(&program);
    credentials::is_handed_in(&program);
    credentials::serves_a_fleet(&program);
}

#[test]
fn answers_are_values() {
    every_build(stepping_with_retry_after, &["sync", "3"], |emulator, printed| {
        let lines: Vec<&str> = printed.lines().collect();
        let rest = "claims=- words=- why=- status=-";
        assert_eq!(
            lines[0],
            format!("AUTOPILOT_OK http=204 trigger=3 attempts=1 retry_after=- code=- {rest}")
        );
        assert!(
            lines[1]
                .starts_with("AUTOPILOT_SYNC_ALREADY_RUNNING http=409 trigger=2 attempts=1 retry_after=- ")
        );
        assert!(
            lines[2].starts_with("AUTOPILOT_SYNC_TOO_SOON http=429 trigger=2 attempts=1 retry_after=77000 ")
        );
        let agents = emulator.requests();
        assert!(agents.iter().all(|request| request.header("user-agent").unwrap().ends_with("cpp/1")));
    });
}

#[test]
fn the_process_wide_client_has_three_names() {
    every_build(stepping_with_retry_after, &["shared"], |emulator, printed| {
        assert_eq!(printed, "AUTOPILOT_OK AUTOPILOT_SYNC_ALREADY_RUNNING completed\n");
        let requests = emulator.requests();
        assert!(requests.iter().all(|request| request.connection == requests[0].connection));
        assert!(requests.iter().all(|request| request.token.as_deref() == Some("token")));
    });
}

#[test]
fn errors_have_all_that_is_known() {
    let table = [
        (
            Access::Forbidden,
            "AUTOPILOT_ERROR_FORBIDDEN http=403 trigger=2 attempts=1 retry_after=- code=Forbidden",
        ),
        (Access::Unlicensed, "AUTOPILOT_ERROR_FORBIDDEN http=401 trigger=2 attempts=1"),
        (Access::Expired, "AUTOPILOT_ERROR_UNAUTHORIZED http=401 trigger=2 attempts=1"),
        (Access::Challenged, "AUTOPILOT_ERROR_UNAUTHORIZED http=401 trigger=2 attempts=1"),
    ];
    for (access, expected) in table {
        let emulator = || Emulator::start(Config { other_tokens: access, ..Config::default() });
        every_build(emulator, &["sync", "1"], |_, printed| {
            assert!(printed.starts_with(expected), "{printed}");
            assert!(!printed.contains("words=- "), "{printed}");
            assert_eq!(printed.contains("claims={"), access == Access::Challenged, "{printed}");
        });
    }
    every_build(
        || Emulator::start(Config { other_tokens: Access::Forbidden, ..Config::default() }),
        &["no-settings"],
        |_, printed| {
            assert!(printed.starts_with("AUTOPILOT_ERROR_FORBIDDEN http=403 trigger=0"), "{printed}")
        },
    );
}

#[test]
fn settings_are_a_value() {
    let manual = || Emulator::start(Config { clock: Clock::manual(), ..Config::default() });
    every_build(manual, &["settings"], |_, printed| {
        let last = "1772352000,2026-03-01T08:00:00.0000000Z";
        let expected = format!(" status=2,completed id=0 last={last} manual={last} next=1772352610\n");
        assert_eq!(printed, expected);
    });
}

/// The clock of C++ ends in the year 2262, and has a beginning too.
#[test]
fn times_never_wrap() {
    let scripted = || {
        let emulator = Emulator::start(Config::default());
        let settings = serde_json::json!({
            "id": "id",
            "syncStatus": "paused",
            "lastSyncDateTime": "9999-12-31T23:59:59Z",
            "lastManualSyncTriggerDateTime": "0001-01-01T00:00:00Z",
        });
        emulator.script([Step::reply(Reply::new(200).json(&settings))]);
        emulator
    };
    every_build(scripted, &["settings"], |_, printed| {
        let end = 9_223_372_036_i64;
        let times = format!("last={end},9999-12-31T23:59:59Z manual=-,0001-01-01T00:00:00Z next={end}");
        assert_eq!(printed, format!(" status=-1,paused id=0 {times}\n"));
    });
}

/// The callback sees the wait, renews the token, and ends the wait. `waits.rs` tests how waits end.
#[test]
fn a_wait_is_seen_and_led_by_its_callback() {
    let ahead = Behaviour { last_sync: Past::Ago(Duration::from_secs(60)), ..quick() };
    for (behaviour, access, arguments, expected, seen) in [
        (
            quick(),
            Access::Challenged,
            [HOUR, "-1", "renewed"].as_slice(),
            "AUTOPILOT_OK http=200 trigger=3",
            "phases=13 claims={",
        ),
        (ahead, Access::Full, &[HOUR, "1"], "AUTOPILOT_SYNC_TOO_SOON http=200 trigger=2", "phases=3"),
        (
            quick(),
            Access::TriggerOnly,
            &[HOUR, "-1"],
            "AUTOPILOT_SYNC_UNCONFIRMED http=204 trigger=3",
            "why=the settings cannot be read, forbidden: HTTP 403: ",
        ),
        (quick(), Access::Full, &[HOUR, "2"], "AUTOPILOT_ERROR_CANCELLED http=204 trigger=3", "phases=5"),
    ] {
        let emulator = || {
            let emulator = with(behaviour.clone())();
            emulator.set_token("token", Token::new(access));
            emulator
        };
        every_build(emulator, &[&["wait"], arguments].concat(), |_, printed| {
            assert!(printed.contains(expected) && printed.contains(seen), "{arguments:?}: {printed}");
        });
    }
}

/// The callback leads it too. `waits.rs` tests how it ends.
#[test]
fn a_sync_since_a_change_triggers_only_if_none_has_completed_since() {
    let hour_ago = Behaviour { last_sync: Past::Ago(Duration::from_secs(3600)), ..quick() };
    for (ago, stop_at, expected, seen, triggers) in [
        ("3700000", "-1", "AUTOPILOT_SYNC_UP_TO_DATE http=200 trigger=0", "phases=1", 0),
        ("3000000", "2", "AUTOPILOT_ERROR_CANCELLED http=204 trigger=3", "phases=5", 1),
    ] {
        every_build(with(hour_ago.clone()), &["since", ago, HOUR, stop_at], |emulator, printed| {
            assert!(printed.contains(expected) && printed.contains(seen), "{ago}: {printed}");
            let sent = emulator.requests().iter().filter(|request| request.method == "POST").count();
            assert_eq!(sent, triggers, "{ago}");
        });
    }
}

#[test]
fn an_exception_is_carried_through_the_wait() {
    let emulator = || {
        let emulator = with(Behaviour { duration: Duration::from_secs(3600), ..quick() })();
        emulator.set_token("barred", Token::new(Access::Forbidden));
        emulator
    };
    every_build(emulator, &["throws"], |_, printed| {
        assert!(printed.starts_with("AUTOPILOT_SYNC_ALREADY_RUNNING "), "{printed}");
    });
}

#[test]
fn a_cancel_ends_calls_from_another_thread() {
    let endless =
        with(Behaviour { duration: Duration::from_secs(3600), start_delay: Duration::ZERO, ..quick() });
    every_build(endless, &["cancels"], |_, printed| {
        let lines: Vec<&str> = printed.lines().collect();
        let first = lines[0];
        assert!(first.starts_with("AUTOPILOT_ERROR_CANCELLED ") && first.contains("trigger=3"), "{first}");
        for line in &lines[1..4] {
            assert!(line.starts_with("AUTOPILOT_ERROR_CANCELLED http=0 trigger=0"), "{line}");
        }
        assert!(lines[4].starts_with("AUTOPILOT_SYNC_ALREADY_RUNNING "));
    });
}

#[test]
fn threads_share_a_client() {
    every_build(with(quick()), &["threads"], |emulator, printed| {
        assert_eq!((printed, emulator.requests().len()), ("kept\n", 40));
    });
}

/// Each token is of a tenant of its own. Each request moves the clock, so a sync has ended at the next look.
fn tenants() -> Emulator {
    let clock = Clock::manual().step(Duration::from_secs(60));
    let config = Config { clock, ..Config::default() }.token("challenged", Token::new(Access::Challenged));
    Emulator::start(
        (0..40)
            .map(|key| format!("tenant-{key}"))
            .fold(config, |config, name| config.token(&name, Token::default().of(&name))),
    )
}

#[test]
fn an_event_loop_reaches_each_goal() {
    every_build(tenants, &["steps"], |emulator, printed| {
        assert_eq!(printed, "kept\n");
        let triggers = emulator.requests().iter().filter(|request| request.method == "POST").count();
        assert_eq!(triggers, 4);
    });
}

#[test]
fn threads_share_a_fleet() {
    every_build(tenants, &["fleet"], |emulator, printed| {
        assert_eq!(printed, "kept\n");
        let requests = emulator.requests();
        let triggers = requests.iter().filter(|request| request.method == "POST");
        let accepted =
            triggers.filter(|request| request.reply.as_ref().is_some_and(|reply| reply.status == 204));
        assert_eq!(accepted.count(), 30);
    });
}

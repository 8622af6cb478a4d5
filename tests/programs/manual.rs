//! `include/autopilot_sync.h` is a manual for C programmers: everything in it is documented, in C's terms; its example
//! works; its macros have the library's version.

use std::fs;
use std::path::{Path, PathBuf};

use autopilot_emulator::{Config, Emulator};

use crate::compiler;
use crate::program::Program;

fn header() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/autopilot_sync.h")).unwrap()
}

/// Signs that a comment was written for Rust, not for C.
const RESIDUE: &[&str] =
    &["`", "::", "# ", "[auto", "Option<", "Box<", "Some(", "&self", "&mut", "None", "unsafe", "rustdoc"];

const BLOCKING: &[&str] = &[
    "autopilot_sync",
    "autopilot_client_sync",
    "autopilot_client_settings",
    "autopilot_client_sync_and_wait",
    "autopilot_client_sync_since",
    "autopilot_wait_step",
    "autopilot_fleet_next",
];

/// A comment, and the declaration directly below it, on one line.
struct Declaration {
    comment: String,
    code: String,
}

fn declarations(header: &str) -> Vec<Declaration> {
    let (mut comment, mut code) = (String::new(), String::new());
    let mut found = Vec::new();
    for line in header.lines().skip_while(|line| !line.starts_with("extern")).skip(2).map(str::trim) {
        if let Some(words) = line.strip_prefix("//") {
            comment.push_str(words);
        } else if line.is_empty() || line.starts_with('#') || line.starts_with('}') {
            comment.clear();
        } else {
            code.push_str(line);
            code.push(' ');
            if line.ends_with([';', '{']) || line.contains(" = ") {
                let (comment, code) = (std::mem::take(&mut comment), std::mem::take(&mut code));
                found.push(Declaration { comment, code });
            }
        }
    }
    found
}

/// The name before the first parenthesis.
fn function(code: &str) -> Option<&str> {
    let (before, _) = code.strip_prefix("AUTOPILOT_API ")?.split_once('(')?;
    before.rsplit([' ', '*']).next()
}

/// The faults of a header as a manual, one per line.
fn faults(header: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let declarations = declarations(header);
    for Declaration { comment, code } in &declarations {
        let mut fault = |what: &str| faults.push(format!("{what}: {code}"));
        if comment.trim().is_empty() {
            fault("undocumented");
        }
        if RESIDUE.iter().any(|residue| comment.contains(residue)) {
            fault("Rust's words");
        }
        if code.starts_with("struct ") || code.starts_with("union ") {
            fault("a layout");
        }
        let Some(name) = function(code) else { continue };
        let of_options =
            code.contains("autopilot_options *options, ") || code.contains("(autopilot_options *options)");
        if code.contains('*') && !code.contains("(void)") && !of_options && !comment.contains("NULL") {
            fault("says nothing of NULL");
        }
        if BLOCKING.contains(&name) && !(comment.contains("Blocks for") && comment.contains("Returns")) {
            fault("says not how long it blocks, or what it returns");
        }
    }
    let setters = declarations.iter().find(|at| at.code.starts_with("typedef struct autopilot_options "));
    if !setters.is_some_and(|at| at.comment.contains("NULL for the options")) {
        faults.push("the setters say nothing of NULL".to_owned());
    }
    let long = header.lines().filter(|line| line.len() > 120 || line.ends_with(' '));
    faults.extend(long.map(|line| format!("too long, or a blank at its end: {line}")));
    faults
}

#[test]
fn the_header_is_documented_in_cs_words() {
    let header = header();
    let functions = declarations(&header).iter().filter(|at| function(&at.code).is_some()).count();
    assert_eq!(functions, header.matches("\nAUTOPILOT_API").count());
    assert_eq!(faults(&header), [""; 0]);
}

#[test]
fn a_header_that_is_not_is_refused() {
    let good = header();
    let mut breakages: Vec<(String, &str)> = vec![
        (good.replace("// Frees a detail. NULL is allowed.\n", ""), "undocumented: AUTOPILOT_API void"),
        (good.replace("// Frees a detail. NULL is allowed.", "// Frees a detail."), "says nothing of NULL"),
        (good.replace("// Frees a detail.", "// Frees a [`Detail`]."), "Rust's words"),
        (
            good.replace(
                "    // The wait watches a sync, or looks for the effect of a trigger that may have run.\n",
                "",
            ),
            "undocumented: AUTOPILOT_PHASE_WATCHING",
        ),
        (good.replace("// What a wait is doing.\n", ""), "undocumented: AUTOPILOT_ENUM"),
        (good.replace("// Blocks for 30 seconds at most", "// Takes its time"), "how long it blocks"),
        (good.replace("NULL for the options gives", "All options give"), "the setters"),
        (
            good.replace("// Frees a cancel. ", &format!("// Frees a cancel. {} ", "x".repeat(120))),
            "too long",
        ),
        (
            good.replace(
                "typedef struct autopilot_cancel autopilot_cancel;",
                "struct autopilot_cancel { int32_t done; };",
            ),
            "a layout",
        ),
    ];
    for (broken, expected) in breakages.drain(..) {
        assert_ne!(broken, good, "{expected}");
        let faults = faults(&broken);
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{expected}: {faults:?}");
    }
}

#[test]
fn its_example_runs() {
    let header = header();
    let (_, example) = header.split_once(" * EXAMPLE\n").unwrap();
    let lines = example.lines().take_while(|line| line.starts_with(" *     ") || *line == " *");
    let program: String = lines
        .filter_map(|line| line.get(7..))
        .filter(|line| !line.starts_with("cc "))
        .map(|line| format!("{line}\n"))
        .collect();
    let source = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("manual_example.c");
    fs::write(&source, program).unwrap();
    let emulator = Emulator::start(Config::default());
    let run = || compiler::run(Program::c(&source).against(&emulator).env("AUTOPILOT_TOKEN", "token"));
    assert!(run().starts_with("AUTOPILOT_OK: "));
    assert_eq!(emulator.requests().len(), 1);
}

#[test]
fn the_macros_and_the_library_are_of_one_version() {
    let emulator = Emulator::start(Config::default());
    let printed = compiler::run(&mut Program::named("version.c").against(&emulator));
    assert_eq!(printed, format!("{}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_refused_option_says_why() {
    let emulator = Emulator::start(Config::default());
    let printed = compiler::run(&mut Program::named("reason.c").against(&emulator));
    let reasons: Vec<&str> = printed.lines().collect();
    assert_eq!(reasons.len(), 8, "{printed}");
    assert!(
        reasons[0].contains("cloud") && reasons[1].contains("https") && reasons[2].contains("socks5h"),
        "{printed}"
    );
    assert!(
        reasons[4].contains("the timeout must be") && reasons[5].contains("the connect timeout must be"),
        "{printed}"
    );
    assert!(!printed.contains("secret"), "{printed}");
}

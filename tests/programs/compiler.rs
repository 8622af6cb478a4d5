//! The system's compilers, and the C library that programs are linked with.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

/// The C compiler: `AUTOPILOT_TEST_CC`, which cargo does not see, else `CC`, else gcc.
pub(crate) fn c() -> &'static str {
    static COMPILER: OnceLock<String> = OnceLock::new();
    COMPILER.get_or_init(|| found("CC", "gcc"))
}

/// The C++ compiler: `AUTOPILOT_TEST_CXX`, else `CXX`, else g++.
pub(crate) fn cpp() -> &'static str {
    static COMPILER: OnceLock<String> = OnceLock::new();
    COMPILER.get_or_init(|| found("CXX", "g++"))
}

fn found(variable: &str, default: &str) -> String {
    let compiler = std::env::var(format!("AUTOPILOT_TEST_{variable}"));
    let compiler = compiler.or_else(|_| std::env::var(variable)).unwrap_or_else(|_| default.to_owned());
    let answer = Command::new(&compiler).arg("--version").output();
    assert!(
        answer.is_ok_and(|answer| answer.status.success()),
        "{compiler} is missing. Install it (Debian: apt-get install {default}), or name another one in {variable}"
    );
    compiler
}

/// `libautopilot_sync.so`, built from these sources. `AUTOPILOT_TEST_LIBRARY` can name another one.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        if let Some(library) = std::env::var_os("AUTOPILOT_TEST_LIBRARY") {
            return library.into();
        }
        library_for_c(|file| file.extension() == Some(OsStr::new("so")))
    })
}

/// A file that cargo makes when it builds the C libraries.
pub(crate) fn library_for_c(is_wanted: impl Fn(&Path) -> bool) -> PathBuf {
    build(&["-p", "autopilot-sync-c"], "autopilot_sync", is_wanted)
}

/// An example of this package.
pub(crate) fn example(name: &str) -> PathBuf {
    build(&["--example", name], name, |file| file.extension().is_none())
}

/// The emulator as a program.
pub(crate) fn emulator() -> PathBuf {
    build(&["-p", "autopilot-emulator"], "autopilot-emulator", |file| file.extension().is_none())
}

/// Builds something that `cargo test` may not build, once for all tests of this process. Returns the wanted file.
fn build(arguments: &[&str], target: &str, is_wanted: impl Fn(&Path) -> bool) -> PathBuf {
    static MESSAGES: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());
    let mut cargo = cargo("build");
    cargo.args(["--locked", "--message-format", "json-render-diagnostics"]).args(arguments);
    let mut messages = MESSAGES.lock().unwrap();
    let messages = messages
        .entry(arguments.join(" "))
        .or_insert_with(|| run(cargo.current_dir(env!("CARGO_MANIFEST_DIR"))));
    made(messages, target, is_wanted).unwrap_or_else(|| panic!("{cargo:?} names no {target}"))
}

/// cargo, without the variables that the outer cargo set, which would make it rebuild all dependencies.
pub(crate) fn cargo(command: &str) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.arg(command);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "OUT_DIR" {
            cargo.env_remove(&*name);
        }
    }
    cargo
}

/// The wanted file of a target, according to cargo's messages.
pub(crate) fn made(messages: &str, target: &str, is_wanted: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let made = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let ours = made.filter(|message| message["target"]["name"] == target);
    let files = ours.filter_map(|message| message["filenames"].as_array().cloned()).flatten();
    let mut files = files.filter_map(|file| file.as_str().map(PathBuf::from));
    files.find(|file| is_wanted(file))
}

/// Runs a command, which must succeed, and returns its output.
pub(crate) fn run(command: &mut Command) -> String {
    let answer = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr));
    assert!(answer.status.success(), "{command:?}: {}\n{out}\n{err}", answer.status);
    out.into_owned()
}

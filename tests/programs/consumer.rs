//! A Rust package that depends on the crate, in its own folder and workspace: what it gets, and what it does not get.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use autopilot_emulator::{Config, Emulator};

use crate::{compiler, documented};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A program of the package: `allocator`, or `documented`, the examples of the documentation.
pub(crate) fn program(name: &str) -> PathBuf {
    let is_program = |file: &Path| file.extension().is_none();
    compiler::made(messages(), name, is_program).unwrap_or_else(|| panic!("there is no {name}"))
}

/// cargo's messages about its build.
fn messages() -> &'static str {
    static MESSAGES: OnceLock<String> = OnceLock::new();
    MESSAGES.get_or_init(|| {
        let programs = folder().join("src/bin");
        fs::create_dir_all(&programs).unwrap();
        write(&folder().join("Cargo.toml"), &manifest());
        write(&programs.join("documented.rs"), &documented::program());
        let allocator = Path::new(ROOT).join("tests/programs/allocator.rs");
        write(&programs.join("allocator.rs"), &fs::read_to_string(allocator).unwrap());
        // The same versions; cargo takes out what is not needed.
        fs::copy(Path::new(ROOT).join("Cargo.lock"), folder().join("Cargo.lock")).unwrap();
        compiler::run(cargo("build").args(["--message-format", "json-render-diagnostics"]))
    })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("consumer")
}

fn manifest() -> String {
    format!(
        r#"
[package]
name = "consumer"
edition = "2024"

[dependencies]
autopilot-sync = {{ path = '{ROOT}' }}
tokio = {{ version = "1", default-features = false, features = ["rt"] }}

[profile.dev]
debug = false
incremental = false

[workspace]
"#
    )
}

/// Writes a file only if it changes, so that cargo does not rebuild it.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).ok().as_deref() != Some(text) {
        fs::write(path, text).unwrap();
    }
}

/// cargo with a separate target folder. The outer cargo has already fetched the dependencies.
fn cargo(command: &str) -> Command {
    let mut cargo = compiler::cargo(command);
    cargo.arg("--offline").current_dir(folder()).env("CARGO_TARGET_DIR", folder().join("target"));
    cargo
}

/// The packages of its build, for this machine.
fn packages(arguments: &[&str]) -> Vec<String> {
    messages();
    let tree = compiler::run(cargo("tree").args(["--edges", "all", "--prefix", "none"]).args(arguments));
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The symbols of a file that have names of the C ABI.
fn c_symbols(file: &Path) -> Vec<String> {
    let installed = Command::new("nm").arg("--version").output().is_ok();
    assert!(installed, "nm is missing. Install it (Debian: apt-get install binutils)");
    let symbols = compiler::run(Command::new("nm").arg("--defined-only").arg(file));
    let names = symbols.lines().filter_map(|line| line.split(' ').nth(2));
    let names: Vec<String> = names.map(str::to_owned).collect();
    assert!(names.iter().any(|name| name.contains("autopilot_sync")), "{}: nothing of ours", file.display());
    names.into_iter().filter(|name| name.starts_with("autopilot_")).collect()
}

fn is_rlib(file: &Path) -> bool {
    file.extension() == Some(OsStr::new("rlib"))
}

#[test]
fn it_runs_on_its_own_allocator() {
    let emulator = Emulator::start(Config::default());
    let printed = compiler::run(emulator.command(program("allocator")).arg("token"));
    let (code, allocations) = printed.trim().split_once(' ').expect("two numbers");
    assert_eq!((code, emulator.requests().len()), ("0", 1));
    assert!(allocations.parse::<usize>().unwrap() > 0);
}

#[test]
fn it_gets_no_c_symbol() {
    // Look at the library, because the linker may drop the symbols from a program.
    let library = compiler::made(messages(), "autopilot_sync", is_rlib).expect("the crate");
    assert_eq!(c_symbols(&library), [""; 0]);
    let with_the_c_abi = compiler::library_for_c(is_rlib);
    assert!(c_symbols(&with_the_c_abi).iter().any(|name| name == "autopilot_sync"), "the look finds them");
}

#[test]
fn it_builds_no_cbindgen_and_no_emulator() {
    let has = |packages: &[String], name: &str| packages.iter().any(|package| package == name);
    let plain = packages(&[]);
    assert!(has(&plain, "autopilot-sync") && has(&plain, "ureq"));
    assert!(!has(&plain, "cbindgen") && !has(&plain, "autopilot-emulator"));
    assert!(has(&packages(&["--features", "autopilot-sync/capi"]), "cbindgen"), "the look finds it");
}

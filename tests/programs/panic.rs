//! A panic inside of the library ends as a result, and the process goes on. The library that panics is built of the same
//! sources with another source of random bits: see `tests/panic`.

use std::path::Path;
use std::time::Duration;

use autopilot_emulator::{Behaviour, Config, Emulator};

use crate::compiler;
use crate::program::{self, Program};

const TOKEN: &str = "a-token-that-nobody-prints";

#[test]
fn a_panic_is_a_result_and_later_calls_are_as_good_as_ever() {
    let behaviour = Behaviour { duration: Duration::from_secs(86400), ..Behaviour::default() };
    let emulator = Emulator::start(Config { behaviour, ..Config::default() });
    let mut command = Program::named("panic.c").against(&emulator);
    command.env("LD_LIBRARY_PATH", program::installed(&library(), "panic"));
    let answer = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr));
    assert!(answer.status.success() && out == "kept\n", "{}\n{err}", answer.status);
    // Rust's own hook says each panic on stderr. It belongs to the process, so the library leaves it as it is.
    assert!(err.contains("on purpose, in a call") && err.contains("on purpose, in a dial"), "{err}");
    assert!(!err.contains(TOKEN), "{err}");
    assert!(emulator.requests().iter().all(|request| request.token.as_deref() == Some(TOKEN)));
}

fn library() -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/panic");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("panic");
    let (manifest, target) = (folder.join("Cargo.toml"), target.to_str().unwrap());
    compiler::shared_library(&["--manifest-path", manifest.to_str().unwrap(), "--target-dir", target])
}

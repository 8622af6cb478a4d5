//! The address sanitizer sees the library's memory, so it finds C programs that break the header's rules.

use autopilot_emulator::{Config, Emulator};

use crate::program::Program;

const SANITIZER: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

#[test]
fn misuse_from_c_is_found() {
    let emulator = Emulator::start(Config::default());
    let program = Program::with_flags("misuse.c", SANITIZER);
    for (how, found) in [
        ("none", None),
        ("string", Some("AddressSanitizer: heap-use-after-free")),
        ("double-free", Some("ERROR: AddressSanitizer")),
        ("leak", Some("LeakSanitizer: detected memory leaks")),
    ] {
        let answer = program.plainly_against(&emulator).arg(how).output().unwrap();
        let said = String::from_utf8_lossy(&answer.stderr);
        assert_eq!(answer.status.success(), found.is_none(), "{how}: {said}");
        assert!(said.contains(found.unwrap_or_default()), "{how}: {said}");
    }
}

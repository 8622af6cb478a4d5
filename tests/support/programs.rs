//! Programs in four languages, made of these sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use autopilot_emulator::Emulator;

use super::compiler;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    C,
    Cpp,
    Python,
    Rust,
}

impl Language {
    pub(crate) const ALL: [Language; 4] = [Language::C, Language::Cpp, Language::Python, Language::Rust];
}

/// A program of `tests/programs`, ready to be run against an emulator.
pub(crate) struct Program {
    command: Vec<PathBuf>,
}

impl Program {
    pub(crate) fn one_call(language: Language) -> Program {
        let source = |ending: &str| folder().join(format!("one_call.{ending}"));
        match language {
            Language::C => Program::c(&source("c")),
            Language::Cpp => Program::cpp(&source("cpp")),
            Language::Python => Program { command: vec![python().into(), source("py")] },
            Language::Rust => Program { command: vec![compiler::example("one_call")] },
        }
    }

    pub(crate) fn named(name: &str) -> Program {
        Program::c(&folder().join(name))
    }

    pub(crate) fn c(source: &Path) -> Program {
        Program { command: vec![compile(compiler::c(), "-std=c99", source)] }
    }

    pub(crate) fn cpp(source: &Path) -> Program {
        Program { command: vec![compile(compiler::cpp(), "-std=c++11", source)] }
    }

    /// Led to the emulator by its two variables, and by nothing else.
    pub(crate) fn against(&self, emulator: &Emulator) -> Command {
        let mut command = emulator.command(&self.command[0]);
        command.args(&self.command[1..]).env("LD_LIBRARY_PATH", library_folder());
        command
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs")
}

fn python() -> &'static str {
    let works = Command::new("python3").arg("--version").output().is_ok_and(|answer| answer.status.success());
    assert!(works, "python3 is missing. Install it (Debian: apt-get install python3)");
    "python3"
}

/// The shared library under the two names that an installed one has.
fn library_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lib-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for name in ["libautopilot_sync.so", "libautopilot_sync.so.0"] {
            let link = folder.join(name);
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(compiler::library(), link).unwrap();
        }
        folder
    })
}

fn compile(compiler: &str, standard: &str, source: &Path) -> PathBuf {
    let name = source.file_name().unwrap().to_str().unwrap().replace('.', "-");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let mut command = Command::new(compiler);
    command.args([standard, "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"]);
    command.arg("-I").arg(include).arg(source).arg("-o").arg(&program);
    command.arg("-L").arg(library_folder()).args(["-lautopilot_sync", "-pthread"]);
    compiler::run(&mut command);
    program
}

//! Programs in four languages, made of these sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use autopilot_emulator::Emulator;

use crate::compiler;

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
            Language::Rust => Program::at(compiler::example("one_call")),
        }
    }

    /// What makes calls with tokens from its standard input, in C or in Rust.
    pub(crate) fn caller(language: Language) -> Program {
        match language {
            Language::Rust => Program::at(compiler::example("caller")),
            _ => Program::named("caller.c"),
        }
    }

    pub(crate) fn at(path: PathBuf) -> Program {
        Program { command: vec![path] }
    }

    pub(crate) fn named(name: &str) -> Program {
        Program::c(&folder().join(name))
    }

    /// An example of the bindings in C.
    pub(crate) fn c_example(name: &str) -> Program {
        Program::c(&bindings().join("c/examples").join(name))
    }

    /// An example of the bindings in C++.
    pub(crate) fn cpp_example(name: &str) -> Program {
        let source = bindings().join("cpp/examples").join(name);
        Program::at(compile(compiler::cpp(), "-std=c++17", &source))
    }

    pub(crate) fn c(source: &Path) -> Program {
        Program::at(compile(compiler::c(), "-std=c99", source))
    }

    /// With flags of its own in place of those of `AUTOPILOT_TEST_CFLAGS`.
    pub(crate) fn with_flags(name: &str, flags: &[&str]) -> Program {
        let program =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-own", std::process::id()));
        compile_with(compiler::c(), "-std=c99", &folder().join(name), &program, flags.iter().copied());
        Program::at(program)
    }

    pub(crate) fn cpp(source: &Path) -> Program {
        Program::at(compile(compiler::cpp(), "-std=c++11", source))
    }

    /// What a compiler's command makes when it is told to link with the shared library.
    pub(crate) fn linked(compile: &mut Command, name: &str) -> Program {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        compile
            .arg("-o")
            .arg(&program)
            .arg("-L")
            .arg(library_folder())
            .args(["-lautopilot_sync", "-pthread"]);
        compiler::run(compile);
        Program::at(program)
    }

    /// The library that counts look-ups and threads, for LD_PRELOAD.
    pub(crate) fn shim() -> &'static Path {
        static SHIM: OnceLock<PathBuf> = OnceLock::new();
        SHIM.get_or_init(|| {
            let shim = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
            let mut command = Command::new(compiler::c());
            command.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread"]);
            compiler::run(command.arg(folder().join("shim.c")).arg("-o").arg(&shim).arg("-ldl"));
            shim
        })
    }

    /// Led to the emulator by its two variables, and by nothing else. `AUTOPILOT_TEST_UNDER` names a command, such as
    /// valgrind with its options, that it then runs under.
    pub(crate) fn against(&self, emulator: &Emulator) -> Command {
        let under = std::env::var("AUTOPILOT_TEST_UNDER").unwrap_or_default();
        self.under(under.split_whitespace(), emulator)
    }

    /// The same, never under another command: to see what the program itself needs.
    pub(crate) fn plainly_against(&self, emulator: &Emulator) -> Command {
        self.under([].into_iter(), emulator)
    }

    /// The same, under this command.
    pub(crate) fn under<'a>(&self, words: impl Iterator<Item = &'a str>, emulator: &Emulator) -> Command {
        let mut words = words.map(PathBuf::from).chain(self.command.iter().cloned());
        let mut command = emulator.command(words.next().expect("a program"));
        command.args(words).env("LD_LIBRARY_PATH", library_folder());
        command
    }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs")
}

fn bindings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings")
}

fn python() -> &'static str {
    let works = Command::new("python3").arg("--version").output().is_ok_and(|answer| answer.status.success());
    assert!(works, "python3 is missing. Install it (Debian: apt-get install python3)");
    "python3"
}

/// What a program that was linked with the shared library asks for: the version as far as it says the ABI.
const SONAME: &str =
    concat!("libautopilot_sync.so.", env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));

/// A folder with the shared library under the two names that an installed one has, and its own, which a DLL keeps.
fn library_folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lib-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let library = compiler::library();
        for name in ["libautopilot_sync.so", SONAME, library.file_name().unwrap().to_str().unwrap()] {
            let link = folder.join(name);
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(library, link).unwrap();
        }
        folder
    })
}

/// Compiles a program, once for all tests of this process. `AUTOPILOT_TEST_CFLAGS` has more flags for it, such as a
/// sanitizer's.
fn compile(compiler: &str, standard: &str, source: &Path) -> PathBuf {
    static COMPILED: Mutex<BTreeMap<PathBuf, Arc<OnceLock<()>>>> = Mutex::new(BTreeMap::new());
    let name = source.file_name().unwrap().to_str().unwrap().replace('.', "-");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    // Without the lock, so that other tests can compile other programs.
    let once = COMPILED.lock().unwrap().entry(program.clone()).or_default().clone();
    once.get_or_init(|| {
        let flags = std::env::var("AUTOPILOT_TEST_CFLAGS").unwrap_or_default();
        compile_with(compiler, standard, source, &program, flags.split_whitespace());
    });
    program
}

fn compile_with<'a>(
    compiler: &str,
    standard: &str,
    source: &Path,
    program: &Path,
    flags: impl Iterator<Item = &'a str>,
) {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let mut command = Command::new(compiler);
    command.args([standard, "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"]);
    command.arg("-I").arg(include).arg("-I").arg(bindings().join("cpp"));
    command.arg(source).arg("-o").arg(program);
    command.arg("-L").arg(library_folder()).args(["-lautopilot_sync", "-pthread"]).args(flags);
    compiler::run(&mut command);
}

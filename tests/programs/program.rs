//! Programs in four languages, built from these sources.

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

/// A program from `tests/programs`, ready to run with an emulator.
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

    /// The program `caller`, which gets tokens on its standard input, in C or in Rust.
    pub(crate) fn caller(language: Language) -> Program {
        match language {
            Language::Rust => Program::at(compiler::example("caller")),
            _ => Program::named("caller.c"),
        }
    }

    /// The program `waiter`, which makes one call and prints what came of it.
    pub(crate) fn waiter(language: Language) -> Program {
        match language {
            Language::C => Program::named("waiter.c"),
            Language::Cpp => {
                Program::at(compile(compiler::cpp(), "-std=c++17", &folder().join("waiter.cpp")))
            }
            Language::Python => {
                Program { command: vec![python().into(), "-B".into(), folder().join("waiter.py")] }
            }
            Language::Rust => Program::at(compiler::example("waiter")),
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

    /// Compiles a program with these flags instead of `AUTOPILOT_TEST_CFLAGS`.
    pub(crate) fn with_flags(name: &str, flags: &[&str]) -> Program {
        let program =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-own", std::process::id()));
        compile_with(compiler::c(), "-std=c99", &folder().join(name), &program, flags.iter().copied());
        Program::at(program)
    }

    pub(crate) fn cpp(source: &Path) -> Program {
        Program::at(compile(compiler::cpp(), "-std=c++11", source))
    }

    /// Runs a compiler command that also links with the shared library, and returns the program.
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
        SHIM.get_or_init(|| preloaded("shim"))
    }

    /// The library whose pauses take no time, for LD_PRELOAD.
    pub(crate) fn clock() -> &'static Path {
        static CLOCK: OnceLock<PathBuf> = OnceLock::new();
        CLOCK.get_or_init(|| preloaded("clock"))
    }

    /// A command that only the emulator's two variables lead to the emulator. `AUTOPILOT_TEST_UNDER` can name a command
    /// to run it under, such as valgrind with its options.
    pub(crate) fn against(&self, emulator: &Emulator) -> Command {
        let under = std::env::var("AUTOPILOT_TEST_UNDER").unwrap_or_default();
        self.under(under.split_whitespace(), emulator)
    }

    /// The same, but never under another command, so that the program itself can be measured.
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

pub(crate) fn bindings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings")
}

fn python() -> &'static str {
    let works = Command::new("python3").arg("--version").output().is_ok_and(|answer| answer.status.success());
    assert!(works, "python3 is missing. Install it (Debian: apt-get install python3)");
    "python3"
}

/// The library's SONAME, which programs look for: it has the part of the version that names the ABI.
const SONAME: &str =
    concat!("libautopilot_sync.so.", env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));

/// A folder with the shared library under the two names of an installed library, and under its own for a DLL.
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

/// Compiles a library for LD_PRELOAD.
fn preloaded(name: &str) -> PathBuf {
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.so", std::process::id()));
    let mut command = Command::new(compiler::c());
    command.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread", "-I"]);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"));
    command.arg(folder().join(format!("{name}.c"))).arg("-o").arg(&library).arg("-ldl");
    compiler::run(&mut command);
    library
}

/// Compiles a program, once for all tests of this process. `AUTOPILOT_TEST_CFLAGS` has additional flags, such as those
/// of a sanitizer.
fn compile(compiler: &str, standard: &str, source: &Path) -> PathBuf {
    static COMPILED: Mutex<BTreeMap<PathBuf, Arc<OnceLock<()>>>> = Mutex::new(BTreeMap::new());
    let name = source.file_name().unwrap().to_str().unwrap().replace('.', "-");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    // Release the lock first, so that other tests can compile other programs.
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

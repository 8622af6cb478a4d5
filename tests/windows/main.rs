//! What differs on Windows: trust, proxy, DLL loading, import libraries. The programs are in C and C++, and run under
//! Wine against an emulator on Linux. `tests/windows.sh` runs them, and the tests of `tests/programs` that work there.

#![allow(dead_code, reason = "a part of what the tests of programs share")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use autopilot_emulator::{Access, Behaviour, Config, Emulator, Token};

#[path = "../programs/compiler.rs"]
mod compiler;
#[path = "../programs/program.rs"]
mod program;
mod proxies;

use program::Program;

/// Its sync starts at once, and never ends.
fn emulator() -> Emulator {
    let behaviour = Behaviour {
        duration: Duration::from_secs(86400),
        start_delay: Duration::ZERO,
        ..Behaviour::default()
    };
    Emulator::start(Config { behaviour, ..Config::default() })
}

fn program(name: &str) -> Program {
    Program::c(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/windows").join(name))
}

/// Changes the machine like an administrator. Needs an emulator only to trust its authority.
fn machine(emulator: &Emulator, arguments: &[&str]) {
    compiler::run(program("machine.c").against(emulator).args(arguments));
}

/// The program that a compiler command makes.
fn made(compile: &mut Command, name: &str) -> Program {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.exe", std::process::id()));
    compiler::run(compile.arg("-o").arg(&program));
    Program::at(program)
}

#[test]
fn what_the_system_trusts_is_trusted() {
    let (emulator, other) = (emulator(), emulator());
    let call = |emulator| compiler::run(program("call.c").against(emulator).env_remove("SSL_CERT_FILE"));
    assert!(call(&emulator).starts_with("-3 "));
    machine(&emulator, &["root", emulator.ca_file().to_str().unwrap()]);
    assert_eq!(call(&emulator), "0 the service accepted the trigger\n");
    assert!(call(&other).starts_with("-3 "), "another authority");
}

#[test]
fn a_files_name_is_utf8() {
    let emulator = emulator();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("autorité 機関.pem");
    fs::copy(emulator.ca_file(), &file).unwrap();
    let mut command = program("call.c").against(&emulator);
    command.env_remove("SSL_CERT_FILE").arg(format!("ca_file={}", file.display()));
    assert_eq!(compiler::run(&mut command), "0 the service accepted the trigger\n");
}

#[test]
fn it_says_its_version_and_stays_once_it_has_connected() {
    let printed = compiler::run(&mut program("loaded.c").against(&emulator()));
    assert_eq!(printed, format!("{}\n-1 gone\n0 loaded\n", env!("CARGO_PKG_VERSION")));
}

/// The README's programs, compiled with the MinGW commands of `docs/windows.md` in a folder like the zip's.
#[test]
fn the_documented_lines_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let page = fs::read_to_string(root.join("docs/windows.md")).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme-windows");
    fs::create_dir_all(folder.join("include")).unwrap();
    for (name, original) in [
        ("include/autopilot_sync.h", root.join("include/autopilot_sync.h")),
        ("include/autopilot_sync.hpp", root.join("bindings/cpp/autopilot_sync.hpp")),
        ("lib", compiler::library().parent().unwrap().to_owned()),
    ] {
        let _ = fs::remove_file(folder.join(name));
        std::os::unix::fs::symlink(original, folder.join(name)).unwrap();
    }
    for (language, file, compiler) in [("c", "agent.c", "gcc"), ("cpp", "agent.cpp", "g++")] {
        let block = readme.split(&format!("```{language}\n")).nth(1).unwrap().split("```").next().unwrap();
        fs::write(folder.join(file), block).unwrap();
        let line = page.lines().find(|line| line.starts_with(&format!("x86_64-w64-mingw32-{compiler} ")));
        compiler::run(Command::new("sh").args(["-c", line.unwrap()]).current_dir(&folder));
        let (emulator, agent) = (emulator(), Program::at(folder.join("agent.exe")));
        let printed = compiler::run(agent.against(&emulator).env("AUTOPILOT_TOKEN", "token"));
        assert_eq!(printed, "AUTOPILOT_OK\n", "{language}");
    }
}

#[test]
fn the_static_library_and_that_of_msvc_link() {
    let built = compiler::library().parent().unwrap();
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let mut mingw = Command::new(compiler::c());
    mingw.arg("-I").arg(&include).arg(program::folder().join("one_call.c"));
    mingw.arg(built.join("libautopilot_sync.a")).args(["-lws2_32", "-lbcrypt", "-luserenv", "-lntdll"]);
    let program = made(&mut mingw, "static");
    assert_eq!(compiler::run(program.against(&emulator()).args(["token", "a b"])), "0\n-1\n");

    let mut msvc = Command::new("clang");
    msvc.args(["--target=x86_64-pc-windows-msvc", "-ffreestanding", "-fuse-ld=lld", "-nostdlib"]);
    msvc.arg("-I").arg(&include).arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/windows/msvc.c"));
    msvc.arg(built.join("autopilot_sync.lib")).args(["-Wl,-entry:mainCRTStartup", "-Wl,-subsystem:console"]);
    let status = made(&mut msvc, "msvc").against(&emulator()).status().unwrap();
    assert_eq!(status.code(), Some(42));
}

#[test]
fn an_exception_of_cpp_is_carried_through_the_wait() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut compile = Command::new(compiler::cpp());
    compile.arg("-std=c++17").arg("-I").arg(root.join("include")).arg("-I").arg(root.join("bindings/cpp"));
    compile.args(["cpp_api.cpp", "cpp_values.cpp", "cpp_fleet.cpp"].map(|file| program::folder().join(file)));
    let emulator = emulator();
    emulator.set_token("barred", Token::new(Access::Forbidden));
    let program = Program::linked(&mut compile, "cpp");
    let printed = compiler::run(program.against(&emulator).arg("throws"));
    assert!(printed.starts_with("AUTOPILOT_SYNC_ALREADY_RUNNING "), "{printed}");
}

//! A process with more rights than the user who started it ignores the environment, which comes from that user.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use autopilot_emulator::{Config, Emulator, Via};

use crate::compiler;
use crate::program;

const NOBODY: u32 = 65534;

/// A folder that every user can read. It is deleted when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("autopilot-raised-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Folder(path)
    }

    /// Copies a file into the folder, with these rights. Another process copies it, because a child of another test
    /// could inherit this process's open file, and a file that is open for writing cannot be run.
    fn copy(&self, file: &Path, name: &str, mode: &str) -> PathBuf {
        let copy = self.0.join(name);
        compiler::run(Command::new("install").args(["-m", mode]).arg(file).arg(&copy));
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `raised.c` with the static library, because its copy would not find the shared one.
fn program() -> PathBuf {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let library = compiler::library_for_c(|file| file.extension().is_some_and(|ending| ending == "a"));
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("raised-{}", std::process::id()));
    let mut command = Command::new(compiler::c());
    command.args(["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]).arg(include);
    command
        .arg(program::folder().join("raised.c"))
        .arg(library)
        .args(["-lm", "-pthread", "-ldl", "-o"])
        .arg(&program);
    compiler::run(&mut command);
    program
}

/// The output of the program when the user "nobody" runs it, with a proxy and a CA file in the environment.
fn run_by_nobody(program: &Path, emulator: &Emulator, authorities: &Path) -> String {
    let mut command = Command::new(program);
    command.env_clear().env("HTTPS_PROXY", emulator.proxy_url()).env("SSL_CERT_FILE", authorities);
    command.env("IDENTITY_ENDPOINT", "http://127.0.0.1:1/").env("IDENTITY_HEADER", "a-header");
    compiler::run(command.arg(emulator.direct_url()).uid(NOBODY).gid(NOBODY))
}

#[test]
fn the_environment_of_who_started_it_is_ignored() {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    assert!(is_root, "only root can make programs that raise rights: run this test as root, as .ci/run does");
    let folder = Folder::new();
    let (program, emulator) = (program(), Emulator::start(Config::default()));
    let plain = folder.copy(&program, "plain", "755");
    let set_uid = folder.copy(&program, "set-uid", "4755");
    let set_gid = folder.copy(&program, "set-gid", "2755");
    let capable = folder.copy(&program, "capable", "755");
    let set = Command::new("setcap").arg("cap_net_bind_service+ep").arg(&capable).status();
    let set = set.expect("setcap is missing. Install it (Debian: apt-get install libcap2-bin)");
    assert!(set.success(), "no capabilities can be given to a file in {}: {set}", folder.0.display());
    let authorities = folder.copy(emulator.ca_file(), "authorities.pem", "644");
    let nowhere = Path::new("/nowhere.pem");

    for raised in [set_uid, set_gid, capable] {
        for authorities in [&*authorities, nowhere] {
            let said = run_by_nobody(&raised, &emulator, authorities);
            let name = raised.display();
            assert!(said.starts_with("raised 1: "), "{name}: {said}Is its file system mounted with nosuid?");
            assert!(
                said.starts_with("raised 1: -3 "),
                "{name}: only the system's authorities are trusted: {said}"
            );
            assert!(said.contains("\nenvironment -13 none\n"), "{name}: {said}");
            assert!(
                said.contains("\nidentity 0 managed identity, from ") && !said.contains("App"),
                "{name}: {said}"
            );
        }
    }
    let counts = emulator.counts();
    assert_eq!((counts.connects, counts.requests), (0, 0), "no proxy was asked, and no token sent");

    // Without the rights, the same program follows the environment.
    let said = run_by_nobody(&plain, &emulator, nowhere);
    assert!(said.starts_with("raised 0: -13 ") && said.contains("/nowhere.pem"), "{said}");
    let said = run_by_nobody(&plain, &emulator, &authorities);
    let identity = "managed identity, from App Service's identity endpoint at 127.0.0.1:1";
    assert!(said.starts_with("raised 0: 0 the service accepted the trigger\nenvironment 0 "), "{said}");
    assert!(
        said.contains(&format!("\nidentity 0 {identity}\n")) && said.matches(identity).count() == 2,
        "{said}"
    );
    assert_eq!(emulator.requests()[0].via, Via::Proxy);
}

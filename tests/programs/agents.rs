//! The examples that are real agents, run as their users run them. Each of their tokens and secrets has the word "s3cret"
//! in it, which must be in nothing that they say.

mod fleet;
mod syncd;
mod unattended;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::compiler;

/// Between two lines of a program; only a test that fails needs it.
const PATIENCE: Duration = Duration::from_secs(300);

/// A program that runs, and what it has said so far on both of its streams.
struct Agent {
    child: Child,
    said: Arc<Said>,
    readers: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Said {
    so_far: Mutex<SoFar>,
    changed: Condvar,
}

#[derive(Default)]
struct SoFar {
    text: String,
    streams_ended: usize,
}

impl Agent {
    /// Starts it with the signals as they are by default, however this process was started: `nohup` ignores one.
    fn start(command: &mut Command) -> Agent {
        // SAFETY: between fork and exec, `signal` may be called.
        unsafe {
            command.pre_exec(|| {
                for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM] {
                    libc::signal(signal, libc::SIG_DFL);
                }
                Ok(())
            });
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Said::default());
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        let readers = streams.map(|stream| {
            let said = said.clone();
            std::thread::spawn(move || said.read(stream))
        });
        Agent { child, said, readers: readers.into() }
    }

    /// Waits until it has said this.
    fn wait_for(&self, words: &str) {
        let mut so_far = self.said.so_far.lock().unwrap();
        while !so_far.text.contains(words) {
            assert!(so_far.streams_ended < 2, "it ended without {words:?}:\n{}", so_far.text);
            let (later, waited) = self.said.changed.wait_timeout(so_far, PATIENCE).unwrap();
            assert!(!waited.timed_out(), "it does not say {words:?}:\n{}", later.text);
            so_far = later;
        }
    }

    fn signal(&self, name: &str) {
        compiler::run(Command::new("sh").args(["-c", &format!("kill -s {name} {}", self.child.id())]));
    }

    /// Its exit code, and all that it said.
    fn end(mut self) -> (i32, String) {
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        let text = std::mem::take(&mut self.said.so_far.lock().unwrap().text);
        let status = self.child.wait().unwrap();
        assert!(!text.contains("s3cret"), "a secret was told:\n{text}");
        (status.code().unwrap_or_else(|| panic!("{status}:\n{text}")), text)
    }
}

/// Nothing is left of a test that failed.
impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Said {
    fn read(&self, stream: impl Read) {
        for line in BufReader::new(stream).lines() {
            let mut so_far = self.so_far.lock().unwrap();
            so_far.text.push_str(&line.unwrap());
            so_far.text.push('\n');
            self.changed.notify_all();
        }
        self.so_far.lock().unwrap().streams_ended += 1;
        self.changed.notify_all();
    }
}

/// The same command, started as `nohup` starts one: these signals are ignored already.
fn ignoring(command: &Command, signals: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", r#"trap '' $0; exec "$@""#, signals])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// A stream whose reader has left.
fn unread() -> Stdio {
    let (writer, _) = UnixStream::pair().unwrap();
    OwnedFd::from(writer).into()
}

/// A file of a test's own: another one each time, even if another test gives it the same name.
fn path(name: &str) -> PathBuf {
    static PATHS: AtomicUsize = AtomicUsize::new(0);
    let count = PATHS.fetch_add(1, Ordering::Relaxed);
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("agents-{}-{count}-{name}", std::process::id()))
}

/// Writes a file that only its owner can read, as a whole: a reader gets the old text or the new.
fn write(path: &Path, text: &str) {
    let fresh = path.with_extension("fresh");
    fs::write(&fresh, text).unwrap();
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(fresh, path).unwrap();
}

/// The agents have those of the command line, as far as they mean the same.
#[test]
fn one_exit_code_has_one_meaning_in_all_programs() {
    let declared = |file: &str, prefix: &str| -> HashMap<String, u8> {
        let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let code = |line: &str| {
            let (name, rest) = line.trim().strip_prefix(prefix)?.split_once(" = ")?;
            let number = rest.split_once(',').map_or(rest, |(number, _)| number);
            Some((name.to_uppercase(), number.parse().ok()?))
        };
        source.lines().filter_map(code).collect()
    };
    let command_line = declared("bindings/python/src/autopilot_sync/_cli/exit_code.py", "");
    let of_their_own = ["DONE", "BY_SIGNAL", "NOT_NOW"];
    let columns = documented_exit_codes();
    assert_eq!(columns[0], command_line.values().copied().collect());
    for (column, (file, prefix, count)) in columns[1..].iter().zip([
        ("bindings/c/examples/autopilot-syncd.c", "EXIT_", 11),
        ("bindings/cpp/examples/autopilot-fleet.cpp", "exit_", 13),
    ]) {
        let codes = declared(file, prefix);
        assert_eq!(codes.len(), count, "{codes:?}");
        let told = codes.iter().map(|(name, code)| if name == "BY_SIGNAL" { 130 } else { *code });
        assert_eq!(*column, told.collect(), "{file}");
        for (name, code) in codes.iter().filter(|(name, _)| !of_their_own.contains(&name.as_str())) {
            assert_eq!(command_line.get(name), Some(code), "{name} of {file}");
        }
        assert!(!command_line.values().any(|code| Some(code) == codes.get("NOT_NOW")), "75 is the daemon's");
    }
}

/// The codes of each program in the table of docs/exit-codes.md, where a number stands for another of its codes.
fn documented_exit_codes() -> [BTreeSet<u8>; 3] {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exit-codes.md")).unwrap();
    let mut columns: [BTreeSet<u8>; 3] = Default::default();
    for row in page.lines().filter_map(|line| line.strip_prefix("| ")) {
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        let Ok(code) = cells[0].parse() else { continue };
        for (column, cell) in columns.iter_mut().zip(&cells[2..]) {
            match *cell {
                "yes" => assert!(column.insert(code), "{row}"),
                "–" => {}
                other => assert!(other.parse::<u8>().is_ok(), "{row}"),
            }
        }
    }
    columns
}

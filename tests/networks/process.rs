//! What this process holds, according to the system.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn threads() -> usize {
    fs::read_dir("/proc/self/task").expect("Linux has it").count()
}

/// The names of all threads, including the test program's own.
pub(crate) fn names_of_threads() -> String {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux has it").flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.map(|name| name.trim().to_owned()).collect::<Vec<_>>().join(", ")
}

pub(crate) fn sockets() -> usize {
    let descriptors = fs::read_dir("/proc/self/fd").expect("Linux has it");
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

/// Connections of this network that are begun but not answered: state 02 in Linux's table.
pub(crate) fn unanswered() -> usize {
    let tables = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];
    let text = tables.map(|table| fs::read_to_string(table).expect("Linux has it")).concat();
    text.lines().filter(|line| line.split_whitespace().nth(3) == Some("02")).count()
}

pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "in vain: {what}; threads: {}", names_of_threads());
        thread::sleep(Duration::from_millis(2));
    }
}

//! Python environments for tests.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A Python with these requirements, in a folder with this name. It is made again only if the requirements change.
pub(crate) fn python(name: &str, requirements: &Path) -> PathBuf {
    let wanted = std::fs::read_to_string(requirements).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let (python, made) = (folder.join("bin/python"), folder.join("made-for.txt"));
    if std::fs::read_to_string(&made).is_ok_and(|list| list == wanted) {
        return python;
    }
    let run = |command: &mut Command, help: &str| {
        let status = command.status();
        assert!(status.is_ok_and(|status| status.success()), "{command:?} failed. {help}");
    };
    let venv_help = "Install Python 3 with venv (Debian: apt-get install python3 python3-venv)";
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder), venv_help);
    let pip_help = "The packages come from PyPI: is it reachable?";
    run(Command::new(&python).args(["-m", "pip", "install", "-q", "-r"]).arg(requirements), pip_help);
    std::fs::write(made, wanted).unwrap();
    python
}

//! Runs the Python package's own tests: mypy, and pytest with the library and the emulator from these sources.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{compiler, venv};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/python")
}

/// A Python with the requirements of the package's tests, azure-identity among them.
pub(crate) fn interpreter() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| venv::python("python-venv", &folder().join("requirements-dev.txt")))
}

/// That Python, in the package's folder.
fn python(arguments: &[&str]) -> Command {
    let mut python = Command::new(interpreter());
    python.args(arguments).current_dir(folder());
    python
}

#[test]
fn the_package_is_typed() {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-mypy");
    compiler::run(python(&["-m", "mypy", "--cache-dir"]).arg(cache));
}

#[test]
fn the_package_passes_its_tests() {
    // Run more tests than there are cores, because they mostly wait.
    let mut pytest =
        python(&["-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "6", "--dist", "worksteal"]);
    pytest.env("AUTOPILOT_SYNC_LIBRARY", compiler::library());
    pytest.env("AUTOPILOT_EMULATOR_PROGRAM", compiler::emulator());
    let said = compiler::run(&mut pytest);
    assert!(said.contains(" passed in "), "{said}");
}

"""Importing the package: which modules it imports, and the error if the library is not the right one."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from conftest import environment, posix

OVERRIDE = "AUTOPILOT_SYNC_LIBRARY"
SOURCE = Path(__file__).parents[1] / "src"
COSTLY = {"asyncio", "dataclasses", "datetime", "inspect", "json", "logging", "re", "threading", "typing"}


def imported(program: str) -> set[str]:
    """The modules that a program imports, in a Python without site packages, whose .pth files may import more."""
    show = "import sys; before = set(sys.modules)", program, "print(*set(sys.modules) - before)"
    command = [sys.executable, "-S", "-c", "; ".join([f"import sys; sys.path.insert(0, {str(SOURCE)!r})", *show])]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("program", ["import autopilot_sync", "from autopilot_sync import Client, HttpResponseError, sync"])
def test_it_imports_no_costly_module(program: str) -> None:
    modules = imported(program)
    assert "autopilot_sync._library" in modules
    assert not COSTLY & modules


def test_it_imports_its_parts_when_they_are_asked_for() -> None:
    assert "autopilot_sync.client" not in imported("import autopilot_sync")
    assert "autopilot_sync.many" not in imported("from autopilot_sync import Client, AnyCredential, Answer")


def test_a_missing_library_is_an_import_error_that_says_where(tmp_path: Path) -> None:
    missing = tmp_path / "nothing.so"
    error = import_error(missing)
    assert str(missing) in error and f"from {OVERRIDE}" in error


def test_a_file_that_is_no_library_is_an_import_error(tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no library")
    assert "cannot load its library" in import_error(tmp_path / "text.so")


def test_another_library_is_an_import_error() -> None:
    from _ctypes import __file__ as another

    assert "cannot load its library" in import_error(Path(another))


def test_a_library_of_another_version_is_an_import_error_with_both(tmp_path: Path) -> None:
    """Loads a copy of the library with another version patched in."""
    library = Path(os.environ[OVERRIDE]).read_bytes()
    from autopilot_sync import __version__

    other = "9" * len(__version__)
    copy = tmp_path / "copy.so"
    copy.write_bytes(library.replace(__version__.encode() + b"\0", other.encode() + b"\0"))
    error = import_error(copy)
    assert f"autopilot_sync {__version__} found version {other} of its library" in error and str(copy) in error


def import_error(library: Path) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", "import autopilot_sync"],
        env={**environment(), OVERRIDE: str(library)},
        capture_output=True,
        text=True,
    )
    last = answer.stderr.splitlines()[-1]
    assert last.startswith("ImportError: "), answer.stderr
    return last


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """The library beside a copy of the package, as pip installs them."""
    from autopilot_sync._library import FILE_NAMES

    package = tmp_path / "installed" / "autopilot_sync"
    unwanted = shutil.ignore_patterns("__pycache__", *FILE_NAMES.values(), "*.so")
    shutil.copytree(SOURCE / "autopilot_sync", package, ignore=unwanted)
    library = package / FILE_NAMES.get(sys.platform, "libautopilot_sync.so")
    shutil.copy(os.environ[OVERRIDE], library)
    return library


def loaded(beside: Path, *options: str, python: str = sys.executable, **more: str) -> str:
    """The library that this package loads, or the error, if the variable names a missing file."""
    program = f"""
import sys
sys.path.insert(0, {str(beside.parents[1])!r})
try:
    from autopilot_sync._library import native
except ImportError as error:
    print(error)
else:
    print(native.path)
"""
    variables = {**environment(), OVERRIDE: str(beside.with_name("nothing")), **more}
    answer = subprocess.run([python, *options, "-B", "-c", program], env=variables, capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")
    return answer.stdout.strip()


@pytest.mark.parametrize("option", ["-I", "-E"])
def test_the_variable_is_ignored_where_pythons_own_are(beside: Path, option: str) -> None:
    assert f"nothing, from {OVERRIDE})" in loaded(beside)
    assert loaded(beside, option) == str(beside)
    beside.unlink()
    assert f"{beside}; the environment is ignored, and {OVERRIDE} with it)" in loaded(beside, option)


@posix
def test_the_variable_is_ignored_with_raised_rights(beside: Path, tmp_path: Path) -> None:
    """Runs a copy of the interpreter that is set-gid for another group."""
    assert os.geteuid() == 0, "only root can make a program set-gid for another group: run this test as root"
    python = tmp_path / "python"
    shutil.copy(os.path.realpath(sys.executable), python)
    os.chown(python, -1, os.getgid() + 1)
    started = {"python": str(python), "PYTHONHOME": sys.base_prefix}
    assert "nothing" in loaded(beside, **started)
    python.chmod(0o2755)
    assert loaded(beside, **started) == str(beside), "or is the folder on a file system that is mounted nosuid?"


def test_names_that_do_not_exist_are_attribute_errors() -> None:
    import autopilot_sync

    with pytest.raises(AttributeError, match="nonsense"):
        autopilot_sync.nonsense  # type: ignore[attr-defined]


def test_every_public_name_is_there() -> None:
    import autopilot_sync

    assert all(getattr(autopilot_sync, name) is not None for name in autopilot_sync.__all__)


def test_the_modules_import_each_other_in_one_direction_only() -> None:
    """This includes imports in functions and for type checkers."""
    imports: dict[Path, set[Path]] = {}
    for module in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level and module.name != "__init__.py":
                folder = module.parents[node.level - 1]
                names = [node.module.replace(".", "/")] if node.module else [name.name for name in node.names]
                imports.setdefault(module, set()).update((folder / name).with_suffix(".py") for name in names)
    assert len(imports) > 20
    TopologicalSorter(imports).prepare()  # raises CycleError

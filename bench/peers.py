"""Builds the programs to measure, from the sources beside this file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()
PROGRAMS = TARGET / "bench" / "programs"
LIBRARY = TARGET / "release" / "libautopilot_sync.so"
# Not in the target folder, because the SDK's Python takes minutes to make.
PYTHONS = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "autopilot-sync" / "bench"

# Of a fixed version: tests/real_clients uses the same Python.
SDK = "msgraph-beta-sdk==1.66.0"

TOOLS = {
    "nginx": "apt-get install nginx-light",
    "openssl": "apt-get install openssl",
    "gcc": "apt-get install gcc",
    "curl-config": "apt-get install libcurl4-openssl-dev",
    "strace": "apt-get install strace",
    "valgrind": "apt-get install valgrind",
    "taskset": "apt-get install util-linux",
    "cargo": "install Rust",
}


@dataclass
class Peer:
    name: str
    version: str
    command: list[str]
    calls: int
    """How many warm calls to measure."""
    import_line: str | None = None
    bytes: int = 0
    """Its size: the library and everything that it loads except libc, or what pip installs."""
    parts: str = ""
    """The number of crates, shared libraries or packages in it."""
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def is_python(self) -> bool:
        return self.import_line is not None


def missing() -> list[str]:
    """What has to be installed first, and how."""
    found = [f"{tool}: {how}" for tool, how in TOOLS.items() if shutil.which(tool) is None]
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        found.append("Python's venv: apt-get install python3-venv")
    if sys.version_info < (3, 10):
        found.append("Python 3.10 or later")
    if os.geteuid() != 0:
        found.append("root, to give the programs their own name server")
    return found


def make() -> list[Peer]:
    PROGRAMS.mkdir(parents=True, exist_ok=True)
    return [autopilot(), libcurl(), reqwest(), *pythons()]


def autopilot() -> Peer:
    program = with_library("autopilot")
    tree = output("cargo", "tree", "--locked", "-p", "autopilot-sync", *TREE, cwd=ROOT)
    return Peer(
        "autopilot-sync, C", version(ROOT), [program], 4000,
        bytes=LIBRARY.stat().st_size, parts=f"{crates(tree)} crates",
    )  # fmt: skip


def with_library(name: str) -> str:
    """A C program with this library."""
    run("cargo", "build", "--locked", "--release", "-p", "autopilot-sync-c", cwd=ROOT)
    dynamic = output("readelf", "-d", LIBRARY)
    soname = dynamic.split("Library soname: [")[1].split("]")[0]
    linked = PROGRAMS / soname
    linked.unlink(missing_ok=True)
    linked.symlink_to(LIBRARY)
    return compiled(name, f"-I{ROOT}/include", linked, f"-Wl,-rpath,{PROGRAMS}")


def libcurl() -> Peer:
    program = compiled("libcurl", "-lcurl")
    loaded = [line.split("=> ")[1].split(" (")[0] for line in output("ldd", program).splitlines() if "=> " in line]
    libraries = [Path(path) for path in loaded if not Path(path).name.startswith("libc.so")]
    size = sum(path.resolve().stat().st_size for path in libraries)
    number = output("curl-config", "--version").split()[-1]
    return Peer("libcurl, C", number, [program], 4000, bytes=size, parts=f"{len(libraries)} shared libraries")


def reqwest() -> Peer:
    folder, target = HERE / "reqwest", TARGET / "bench" / "reqwest"
    run("cargo", "build", "--release", "--target-dir", target, cwd=folder)  # what is new, as for the Pythons
    program = target / "release" / "bench-reqwest"
    tree = output("cargo", "tree", "--locked", *TREE, cwd=folder)
    number = next(line.split()[1][1:] for line in tree.splitlines() if line.startswith("reqwest "))
    return Peer(
        "reqwest, Rust", number, [str(program)], 4000,
        bytes=program.stat().st_size, parts=f"{crates(tree)} crates",
    )  # fmt: skip


def pythons() -> list[Peer]:
    """Each in a Python of its own, so that its size is what it brings."""
    own_python()
    return [
        python("autopilot", version(ROOT), "from autopilot_sync import Client", 1000),
        python("requests", "requests", "import requests", 300),
        python("httpx", "httpx", "import httpx", 300),
        python("sdk", SDK, "from msgraph_beta import GraphServiceClient", 100),
    ]


def own_python(name: str = "autopilot", packages: list[str] | None = None) -> Path:
    """A Python with this library, which must have been built, and other packages."""
    site = venv(name, packages or [])
    package = shutil.copytree(
        ROOT / "bindings/python/src/autopilot_sync", site / "autopilot_sync", dirs_exist_ok=True
    )
    shutil.copy(LIBRARY, package)  # where a wheel has it
    program = PYTHONS / name / "bin/python"
    run(program, "-m", "compileall", "-q", package)
    return program


def python(name: str, wanted: str, import_line: str, calls: int) -> Peer:
    packages = [] if name == "autopilot" else [wanted]
    site = venv(name, packages)
    listed = json.loads(output(PYTHONS / name / "bin/python", "-m", "pip", "list", "--format", "json"))
    versions = {package["name"]: package["version"] for package in listed}
    wanted = wanted.split("==")[0]
    brought = [entry for entry in site.iterdir() if entry.name.split("-")[0] not in OF_THE_VENV]
    count = len(set(versions) - OF_THE_VENV) or 1
    return Peer(
        f"{'autopilot-sync' if name == 'autopilot' else wanted}, Python",
        versions.get(wanted, wanted),
        [str(PYTHONS / name / "bin/python"), str(HERE / "python" / f"with_{name}.py")],
        calls,
        import_line=import_line,
        bytes=sum(size(entry) for entry in brought),
        parts=f"{count} package{'s' if count > 1 else ''}",
    )


# What `python3 -m venv` puts there itself.
OF_THE_VENV = {"pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils"}
TREE = ["-e", "normal", "--prefix", "none", "--target", "x86_64-unknown-linux-gnu"]


def venv(name: str, packages: list[str]) -> Path:
    """A Python with these packages, made once; where its packages are."""
    folder = PYTHONS / name
    made = folder / "made-for.txt"
    wanted = f"{sys.version}\n{packages}\n"
    if not made.exists() or made.read_text() != wanted:
        run(sys.executable, "-m", "venv", "--clear", folder)
        if packages:
            run(folder / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages)
        made.write_text(wanted)
    return folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def compiled(name: str, *arguments: object) -> str:
    program = PROGRAMS / name
    run("gcc", "-O2", "-Wall", "-Wextra", HERE / "c" / f"{name}.c", "-pthread", *arguments, "-o", program)
    return str(program)


def version(folder: Path) -> str:
    return next(line.split('"')[1] for line in (folder / "Cargo.toml").read_text().splitlines() if "version" in line)


def crates(tree: str) -> int:
    """All but the program itself, each version once."""
    return len({" ".join(line.split()[:2]) for line in tree.splitlines()[1:]})


def size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def run(*command: object, cwd: Path | None = None) -> None:
    subprocess.run([str(word) for word in command], check=True, cwd=cwd)


def output(*command: object, cwd: Path | None = None) -> str:
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, cwd=cwd, stdout=subprocess.PIPE, text=True).stdout

"""Builds the shared library and puts it beside the package. Packs the crate into a source distribution.

AUTOPILOT_SYNC_PREBUILT names a finished shared library to use instead. For another machine, _PYTHON_HOST_PLATFORM then
names the platform of the wheel.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags

RUST = (1, 85)
INSTALL = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"


class CargoBuildHook(BuildHookInterface[BuilderConfig]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self.work = tempfile.TemporaryDirectory()
        self.crate = Path(self.root, "crate")  # in a source distribution; the repository has the workspace around us
        included = build_data.setdefault("force_include", {})
        if self.target_name == "sdist":
            self.need_rust()
            if not self.crate.is_dir():
                included[str(self.packed())] = "crate"
            # The licences are links in the repository, and would become links in the archive.
            build_data["force_include"] = {os.path.realpath(file): place for file, place in included.items()}
            return
        library = self.built()
        if version == "editable":
            shutil.copy2(library, Path(self.root, "src/autopilot_sync"))
        else:
            included[str(library)] = f"autopilot_sync/{library.name}"
        # ctypes works in every Python, so only the platform counts. auditwheel finds out which glibc the library needs.
        platform = next(tag for tag in platform_tags() if not tag.startswith(("manylinux", "musllinux")))
        build_data.update(tag=f"py3-none-{platform}", pure_python=False)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        self.work.cleanup()

    def built(self) -> Path:
        """The shared library: from the crate in a source distribution, otherwise from the C package."""
        if prebuilt := os.environ.get("AUTOPILOT_SYNC_PREBUILT"):
            return Path(prebuilt)
        self.need_rust()
        manifest = str((self.crate if self.crate.is_dir() else Path(self.root).parent / "c") / "Cargo.toml")
        command = ["rustc", "--manifest-path", manifest, "--release", "--locked", "--lib"]
        command += ["--features", "autopilot-sync/capi", "--crate-type", "cdylib"]
        command += ["--message-format", "json-render-diagnostics", "--"]
        # Like the C package's profile and build.rs: a crate whose profile names the crate itself loses `strip`.
        command += ["-C", "strip=symbols"]
        if sys.platform not in ("win32", "darwin"):
            command += ["-C", "link-arg=-Wl,-z,nodelete"]
        messages = [json.loads(line) for line in self.cargo(*command).splitlines()]
        made = [message["filenames"] for message in messages if crate_types(message) == ["cdylib"]]
        return next(Path(file) for file in sum(made, []) if file.endswith((".so", ".dylib", ".dll")))

    def packed(self) -> Path:
        """The crate as a registry would serve it, unpacked."""
        workspace, target = str(Path(self.root).parents[1] / "Cargo.toml"), self.work.name
        where = ["--manifest-path", workspace, "-p", "autopilot-sync", "--target-dir", target]
        self.cargo("package", *where, "--locked", "--allow-dirty", "--no-verify")
        (archive,) = Path(target).glob("package/*.crate")
        with tarfile.open(archive) as crate:
            crate.extractall(archive.parent, filter="data")
        return archive.with_suffix("")

    def cargo(self, *arguments: str) -> str:
        answer = subprocess.run(["cargo", *arguments], stdout=subprocess.PIPE, text=True)
        if answer.returncode:
            self.app.abort(f"cargo {arguments[0]} failed: its messages are above")
        return answer.stdout

    def need_rust(self) -> None:
        need = "autopilot-sync needs Rust {}.{} or later to build".format(*RUST)
        try:
            answer = subprocess.run(["cargo", "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            self.app.abort(f"{need}, but cargo was not found. Install Rust:\n    {INSTALL}")
        if tuple(map(int, re.findall(r"\d+", answer)[:2])) < RUST:
            self.app.abort(f"{need}, but found {answer.strip()}. Run: rustup update")


def crate_types(message: dict[str, Any]) -> list[str]:
    types: list[str] = message.get("target", {}).get("crate_types", [])
    return types

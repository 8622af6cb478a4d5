"""Builds the shared library and puts it beside the package; packs the crate into a source distribution."""

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

RUST = (1, 85)  # as Cargo.toml says


class CargoBuildHook(BuildHookInterface[BuilderConfig]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self.need_rust()
        self.work = tempfile.TemporaryDirectory()
        self.crate = Path(self.root, "crate")  # in a source distribution alone
        included = build_data.setdefault("force_include", {})
        if self.target_name == "sdist":
            if not self.crate.is_dir():
                included[str(self.packed())] = "crate"
            # The licences are links in the repository, and would be packed as links.
            build_data["force_include"] = {os.path.realpath(file): place for file, place in included.items()}
            return
        library = self.built()
        if version == "editable":
            shutil.copy2(library, Path(self.root, "src/autopilot_sync"))
        else:
            included[str(library)] = f"autopilot_sync/{library.name}"
        # ctypes is the same in every Python: a wheel for each platform, not for each Python. Which glibc the library
        # needs is for auditwheel to say, so the tag is the plain one.
        platform = next(tag for tag in platform_tags() if not tag.startswith(("manylinux", "musllinux")))
        build_data.update(tag=f"py3-none-{platform}", pure_python=False)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        self.work.cleanup()

    def built(self) -> Path:
        """The shared library, by the crate in this source distribution or by the repository's C package."""
        manifest = (self.crate if self.crate.is_dir() else Path(self.root).parent / "c") / "Cargo.toml"
        command = ["rustc", "--release", "--locked", "--lib", "--features", "capi", "--crate-type", "cdylib"]
        command += ["--manifest-path", str(manifest), "--message-format", "json-render-diagnostics"]
        # What the C package has in its build.rs and profile, said to the crate too. A profile of its own for the crate,
        # as Cargo.toml has it, makes cargo forget `strip`.
        command += ["--", "-C", "strip=symbols"]
        if sys.platform not in ("win32", "darwin"):
            command += ["-C", "link-arg=-Wl,-z,nodelete"]
        messages = [json.loads(line) for line in self.cargo(*command).splitlines()]
        files = [file for message in messages if message.get("manifest_path") == str(manifest) for file in message["filenames"]]
        return next(Path(file) for file in files if file.endswith((".so", ".dylib", ".dll")))

    def packed(self) -> Path:
        """What `cargo package` would publish, unpacked."""
        manifest, work = Path(self.root).parents[1] / "Cargo.toml", Path(self.work.name)
        self.cargo("package", "-p", "autopilot-sync", "--locked", "--allow-dirty", "--no-verify", "--manifest-path", str(manifest), "--target-dir", str(work))
        (archive,) = work.glob("package/*.crate")
        with tarfile.open(archive) as crate:
            crate.extractall(work / "crate", filter="data")
        return next((work / "crate").iterdir())

    def cargo(self, *arguments: str) -> str:
        answer = subprocess.run(["cargo", *arguments], stdout=subprocess.PIPE, text=True)
        if answer.returncode:
            self.app.abort(f"cargo {arguments[0]} failed: its messages are above")
        return answer.stdout

    def need_rust(self) -> None:
        wanted = "{}.{}".format(*RUST)
        try:
            answer = subprocess.run(["cargo", "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            self.app.abort(
                f"autopilot-sync is built by Rust {wanted} or later, and there is no cargo. Install Rust:\n"
                "    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
            )
        if tuple(int(part) for part in re.findall(r"\d+", answer)[:2]) < RUST:
            self.app.abort(f"autopilot-sync is built by Rust {wanted} or later, and this is {answer.strip()}: rustup update")

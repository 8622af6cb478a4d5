"""Builds the program and puts it into the wheel. AUTOPILOT_EMULATOR_PREBUILT names a finished program to use instead. For
another machine, _PYTHON_HOST_PLATFORM then names the platform of the wheel.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags


class CargoBuildHook(BuildHookInterface[BuilderConfig]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        program = self.built()
        build_data["shared_scripts"][str(program)] = program.name
        # Any Python can start it, so only the platform counts. auditwheel finds out which glibc the program needs.
        platform = next(tag for tag in platform_tags() if not tag.startswith(("manylinux", "musllinux")))
        build_data.update(tag=f"py3-none-{platform}", pure_python=False)

    def built(self) -> Path:
        if prebuilt := os.environ.get("AUTOPILOT_EMULATOR_PREBUILT"):
            return Path(prebuilt)
        command = ["cargo", "build", "--release", "--locked", "--message-format", "json-render-diagnostics"]
        try:
            answer = subprocess.run(command, cwd=Path(self.root).parent, stdout=subprocess.PIPE, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            self.app.abort(f"cargo build failed: {error}. It needs Rust 1.85 or later: https://rustup.rs")
        made = [json.loads(line).get("executable") for line in answer.stdout.splitlines()]
        return next(Path(file) for file in made if file)

"""Finds the library and the emulator: where an environment variable says, else where cargo builds them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]


def made(variable: str, package: str, *, ending: str) -> Path:
    """The file named by the variable. If it is not set, the one that `cargo build -p package` makes."""
    if variable in os.environ:
        return Path(os.environ[variable])
    command = ["cargo", "build", "--locked", "--message-format", "json-render-diagnostics", "-p", package]
    try:
        output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"{package} cannot be built: {error}. Install Rust, or name the file in {variable}") from None
    messages = [json.loads(line) for line in output.splitlines()]
    files = [name for message in messages if package in message.get("package_id", "") for name in outputs(message)]
    found = [Path(name) for name in files if name.endswith(ending)]
    return found[-1]


def outputs(message: dict[str, object]) -> list[str]:
    program, files = message.get("executable"), message.get("filenames")
    return [str(program)] if program else [str(name) for name in files] if isinstance(files, list) else []

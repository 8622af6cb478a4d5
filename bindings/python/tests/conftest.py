"""The library of these sources, and emulators to which the two standard variables lead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator

import pytest
from cargo import made
from emulator import Emulator

# Before anything imports the package.
os.environ["AUTOPILOT_SYNC_LIBRARY"] = str(
    made("AUTOPILOT_SYNC_LIBRARY", "autopilot-sync-c", ending=".dylib" if sys.platform == "darwin" else ".so")
)
PROGRAM = made("AUTOPILOT_EMULATOR_PROGRAM", "autopilot-emulator", ending="autopilot-emulator")
AGAINST = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")

Start = Callable[..., Emulator]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts an emulator with these options, and leads clients that are made from now on to it."""
    running: list[Emulator] = []

    def begin(*options: str) -> Emulator:
        emulator = Emulator(PROGRAM, *options)
        running.append(emulator)
        for name in AGAINST:
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)
        for name, value in emulator.environment.items():
            monkeypatch.setenv(name, value)
        return emulator

    yield begin
    for emulator in running:
        emulator.stop()


@pytest.fixture
def emulator(start: Start) -> Emulator:
    """The emulator with its defaults."""
    return start()


def run(program: str, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """A Python program in a process of its own, with the package on its path. It must succeed, and say nothing on
    standard error."""
    answer = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, env=environment(), **options
    )  # type: ignore[call-overload]
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    return answer  # type: ignore[no-any-return]


def environment() -> dict[str, str]:
    """With the package on the path, and its bytecode kept, as where it is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(Path(__file__).parents[1] / "src")}

"""The library of these sources, and emulators that clients reach through the two standard variables."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator

import pytest
from autopilot_emulator import Emulator
from autopilot_emulator.pytest_plugin import lead
from cargo import made

if TYPE_CHECKING:
    from autopilot_sync import Client, Outcome

# Set before anything imports the package.
os.environ["AUTOPILOT_SYNC_LIBRARY"] = str(
    made("AUTOPILOT_SYNC_LIBRARY", "autopilot-sync-c", ending=".dylib" if sys.platform == "darwin" else ".so")
)
PROGRAM = made("AUTOPILOT_EMULATOR_PROGRAM", "autopilot-emulator", ending="autopilot-emulator")
os.environ["AUTOPILOT_EMULATOR_PROGRAM"] = str(PROGRAM)  # pytest-xdist's workers need not ask cargo again

# Programs ignore Ctrl-C if a shell starts them in the background, and SIGHUP under nohup. The programs of these tests
# must not inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

SECRET = "header0123456789.payload0123456789.signature0123456789"
"""A token of the real form. No output may show a part of it."""

HANG = {"fault": "hang"}
"""A step of an emulator's script: never reply."""

Start = Callable[..., Emulator]

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX: Windows has other signals, no fork, no sh, no /dev")


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts an emulator with these options. Clients that are made afterwards reach it."""
    running: list[Emulator] = []

    def begin(*options: str) -> Emulator:
        emulator = Emulator(*options)
        running.append(emulator)
        lead(monkeypatch, emulator)
        return emulator

    yield begin
    for emulator in running:
        emulator.stop()


@pytest.fixture
def emulator(start: Start) -> Emulator:
    """The emulator with its defaults."""
    return start()


@pytest.fixture
def az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program `az` that prints a token, as the Azure CLI does, and records its arguments."""
    answer = {"accessToken": "cli-token", "expires_on": int(time.time()) + 3600, "expiresOn": "2099-01-01 00:00:00.0"}
    (tmp_path / "answer").write_text(json.dumps(answer))
    if sys.platform == "win32":
        (tmp_path / "az.cmd").write_text(f"@echo %*>>{tmp_path}\\asked\n@type {tmp_path}\\answer\n")
    else:
        (tmp_path / "az").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\ncat {tmp_path}/answer\n')
        (tmp_path / "az").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return tmp_path / "asked"


def ago(**span: float) -> datetime:
    """The time before this span, such as `hours=2`."""
    return datetime.now(timezone.utc) - timedelta(**span)


def since_now(client: Client) -> Outcome:
    """A wait for a sync since now."""
    return client.sync_since(ago())


def run(program: str) -> subprocess.CompletedProcess[str]:
    """Runs a Python program. It must succeed and write nothing to standard error."""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment())
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    return answer


def started(program: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from autopilot_sync import *\n" + program]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment())


def environment() -> dict[str, str]:
    """With the package on the path. Python may keep its bytecode, as for an installed package."""
    unwanted = ("PYTHONDONTWRITEBYTECODE", "COLUMNS", "LINES")  # of the terminal that runs the tests
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    path = [str(Path(__file__).parents[1] / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(path)}

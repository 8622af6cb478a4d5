"""Runs the command line as a program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import SECRET, environment

MODULE, FUNCTION = re.findall(
    r'^autopilot-sync = "([\w.]+):(\w+)"$', (Path(__file__).parents[1] / "pyproject.toml").read_text(), re.M
)[0]
MAIN = f"import sys; {{}}; from {MODULE} import {FUNCTION}; sys.exit({FUNCTION}())"
"""The same as the installed program."""
LASTING = ("--duration", "1h", "--start-delay", "0s")
"""A sync that runs until the test advances the clock."""


def command(*arguments: str, without: str = "") -> list[str]:
    """The program's command; `without` names a package that it must not find."""
    if without:
        return [sys.executable, "-c", MAIN.format(f"sys.modules[{without!r}] = None"), *arguments]
    return [sys.executable, "-m", "autopilot_sync", *arguments]


def variables(**more: str) -> dict[str, str]:
    """The environment, with a token. No output may show a part of it."""
    return {**environment(), "AUTOPILOT_TOKEN": SECRET, **more}


class Ran:
    """A finished run without a terminal."""

    def __init__(self, *arguments: str, text: str = "", without: str = "", **more: str) -> None:
        program = begun(*arguments, without=without, **more)
        self.out, self.err = program.communicate(text)
        self.code = program.returncode
        assert shows_no_token(self.out + self.err)

    @property
    def told(self) -> tuple[int, str, str]:
        return self.code, self.out, self.err

    def json(self) -> dict[str, Any]:
        """The only object on standard output."""
        (line,) = self.out.splitlines()
        found: dict[str, Any] = json.loads(line)
        assert found["exit_code"] == self.code
        return found


def begun(*arguments: str, without: str = "", **more: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    command_line = command(*arguments, without=without)
    return subprocess.Popen(command_line, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=variables(**more))


def shows_no_token(text: str) -> bool:
    return not any(part in text for part in SECRET.split("."))

"""A stand-in for Microsoft Graph's windowsAutopilotSettings on your machine, for tests of agents that trigger syncs.

`Emulator` runs the program `autopilot-emulator`. With pytest, use the fixture `autopilot_emulator`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig
import time
import urllib.request
from pathlib import Path
from typing import Any

__all__ = ["Emulator", "find_program"]

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def find_program() -> Path:
    """The program: the one in AUTOPILOT_EMULATOR_PROGRAM, else this package's, else the one on the PATH."""
    if named := os.environ.get("AUTOPILOT_EMULATOR_PROGRAM"):
        return Path(named)
    name = "autopilot-emulator" + (sysconfig.get_config_var("EXE") or "")
    for found in (shutil.which(name, path=sysconfig.get_path("scripts")), shutil.which(name)):
        if found:
            return Path(found)
    raise FileNotFoundError(f"{name} is neither in {sysconfig.get_path('scripts')} nor on the PATH")


class Emulator:
    """A running emulator, with the options of `autopilot-emulator serve`. It runs until stop(), or until the end of its
    `with` block.

        with Emulator("--window", "1m") as emulator:
            subprocess.run(["./any-agent"], env=emulator.env())
            assert emulator.requests()[0]["method"] == "POST"
    """

    environment: dict[str, str]
    """The variables that lead a program here."""
    misleading: list[str]
    """The variables that would lead it elsewhere."""
    direct_url: str
    """Where the service is without a proxy."""

    def __init__(self, *options: str) -> None:
        command = [str(find_program()), "serve", "--control", "127.0.0.1:0", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.environment, self.misleading = {}, []
        for line in self._process.stdout:
            if variable := re.fullmatch(r"export (\w+)='(.*)'\n", line):
                self.environment[variable[1]] = variable[2]
            elif variable := re.fullmatch(r"unset (\w+)\n", line):
                self.misleading.append(variable[1])
            elif direct := re.fullmatch(r"# without a proxy: (\S+)\n", line):
                self.direct_url = direct[1]
            elif line.startswith("# managed identities: "):  # the last line
                break
        else:
            self.stop()
            raise RuntimeError(f"{command[0]} did not start: its message is on standard error")
        self._control = self.environment.pop("AUTOPILOT_EMULATOR")
        # Which Python's requests reads instead of SSL_CERT_FILE.
        self.environment["REQUESTS_CA_BUNDLE"] = self.ca_file

    @property
    def ca_file(self) -> str:
        """The file with the certificate of the emulator's authority, PEM."""
        return self.environment["SSL_CERT_FILE"]

    @property
    def proxy(self) -> str:
        """The URL of the proxy that leads to the service."""
        return self.environment["HTTPS_PROXY"]

    def env(self) -> dict[str, str]:
        """This process's environment, changed so that it leads a program here."""
        kept = {name: value for name, value in os.environ.items() if name not in self.misleading}
        return {**kept, **self.environment}

    def advance(self, time: str) -> None:
        """Moves the service's clock forward, by a time such as `10m`."""
        self._ask("POST", "/advance", time)

    def script(self, *steps: dict[str, Any]) -> None:
        """Adds steps that answer the next requests, such as `{"answer": {"error": 503}}`."""
        self._ask("POST", "/script", json.dumps(steps))

    def requests(self) -> list[dict[str, Any]]:
        """The exchanges so far."""
        found: list[dict[str, Any]] = json.loads(self._ask("GET", "/requests"))
        return found

    def await_requests(self, number: int) -> None:
        """Waits until there have been so many exchanges."""
        while len(self.requests()) < number:
            time.sleep(0.01)

    def stop(self) -> None:
        """Ends the emulator."""
        self._process.terminate()
        self._process.communicate()

    def __enter__(self) -> Emulator:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask(self, method: str, path: str, body: str = "") -> bytes:
        request = urllib.request.Request(self._control + path, body.encode() or None, method=method)
        with _DIRECT.open(request) as answer:
            text: bytes = answer.read()
            return text

"""One `autopilot-emulator serve`, the service on loopback, and its control endpoint."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

HANG = {"fault": "hang"}
"""A step of a script: never reply."""

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Emulator:
    def __init__(self, program: Path, *options: str) -> None:
        command = [str(program), "serve", "--control-port", "0", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.environment: dict[str, str] = {}
        self.direct_url = ""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if variable := re.fullmatch(r"export (\w+)='(.*)'\n", line):
                self.environment[variable[1]] = variable[2]
            if direct := re.fullmatch(r"# without a proxy: (\S+)\n", line):
                self.direct_url = direct[1]
                break
        self._control = self.environment.pop("AUTOPILOT_EMULATOR")

    @property
    def ca_file(self) -> str:
        return self.environment["SSL_CERT_FILE"]

    @property
    def proxy(self) -> str:
        return self.environment["HTTPS_PROXY"]

    def advance(self, time: str) -> None:
        self._ask("POST", "/advance", time)

    def script(self, *steps: dict[str, Any]) -> None:
        self._ask("POST", "/script", json.dumps(steps))

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._ask("GET", "/requests"))
        return found

    def await_requests(self, number: int) -> None:
        while len(self.requests()) < number:
            time.sleep(0.01)

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate()

    def _ask(self, method: str, path: str, body: str = "") -> bytes:
        request = urllib.request.Request(self._control + path, body.encode() or None, method=method)
        with DIRECT.open(request) as answer:
            text: bytes = answer.read()
            return text

"""A name server on loopback, which counts the queries of the programs that use it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from peers import PYTHONS, venv

NAME = "autopilot.bench"
ADDRESS = "127.0.0.77"


class Names:
    """A context manager: the server runs inside the `with` block, and knows only the service's name."""

    def __init__(self, folder: Path) -> None:
        self._log, self._list = folder / "names.log", folder / "resolv.conf"

    def __enter__(self) -> Names:
        venv("names", ["dnslib==0.9.26"])
        self._list.write_text(f"nameserver {ADDRESS}\n")
        resolver = [PYTHONS / "names/bin/python", "-u", "-m", "dnslib.fixedresolver", "--address", ADDRESS]
        with self._log.open("w") as log:
            command = [*resolver, "--response", f"{NAME}. 60 IN A 127.0.0.1"]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        while "Starting" not in self._log.read_text():
            if self._process.poll() is not None:
                raise SystemExit(f"no name server: {self._log.read_text()}")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def asked(self) -> int:
        """The number of queries so far."""
        return self._log.read_text().count("Request: ")

    def with_it(self, command: list[str]) -> list[str]:
        """The command with this name server only, in its own mount namespace, which needs root."""
        script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", script, str(self._list), *command]

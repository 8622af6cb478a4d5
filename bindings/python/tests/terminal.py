"""Runs a program in a real terminal and reads the screen as a person sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence

import pyte

COLUMNS, LINES = 80, 24
CTRL_C = b"\x03"
OWNING = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
"""Runs the given program with standard input as its controlling terminal."""


class Terminal:
    """A program and its controlling terminal, which turns Ctrl-C into a signal itself."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        stdout: int | None = None,
        columns: int = COLUMNS,
        lines: int = LINES,
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        """All output, with the terminal's control sequences."""
        self._end, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._program = subprocess.Popen(
            [sys.executable, "-c", OWNING, *command],
            stdin=inside,
            stdout=inside if stdout is None else stdout,
            stderr=inside,
            env={**environment, "TERM": environment.get("TERM", "xterm-256color")},
            start_new_session=True,
        )
        os.close(inside)

    @property
    def text(self) -> str:
        """The text on the screen, without trailing spaces."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    @property
    def is_cursor_shown(self) -> bool:
        return not self._screen.cursor.hidden

    def press(self, keys: bytes) -> None:
        os.write(self._end, keys)

    def signal(self, number: int) -> None:
        self._program.send_signal(number)

    def until(self, *words: str, besides: str = "") -> str:
        """Reads until the screen shows all `words` and differs from `besides`. Returns the screen."""
        while self.text == besides or not all(word in self.text for word in words):
            assert self._read(), f"it ended without {words!r}:\n{self.text}"
        return self.text

    def finish(self) -> int:
        """Reads to the end. Returns the exit code."""
        while self._read():
            pass
        return self._program.wait()

    def close(self) -> None:
        """Ends the program if it still runs, and closes the terminal."""
        self._program.kill()
        self._program.wait()
        os.close(self._end)

    def _read(self) -> bool:
        try:
            chunk = os.read(self._end, 65_536)
        except OSError:  # Linux: nobody has the other end open any more
            return False
        self.raw += chunk
        self._stream.feed(chunk)
        return bool(chunk)

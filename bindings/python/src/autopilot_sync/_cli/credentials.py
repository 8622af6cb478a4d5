"""Where the command line gets its tokens."""

from __future__ import annotations

import os
import stat
import sys

from .._secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

STANDARD_INPUT = "-"
TOKEN_VARIABLE = "AUTOPILOT_TOKEN"
_MOST_BYTES = 1 << 17  # more than a token can have: the library refuses the rest


class InputError(Exception):
    """The source of a token or of the tenants cannot be used. The message says which and why, on one line."""


class TokenVariable:
    """A token in an environment variable. Messages repeat no name but the default: another may be a token, given by
    mistake."""

    def __init__(self, name: str = TOKEN_VARIABLE) -> None:
        self._name = name

    def __call__(self) -> str:
        token = os.environ.get(self._name)
        if not token:
            which = f"variable {TOKEN_VARIABLE}" if self._name == TOKEN_VARIABLE else "variable given for the token"
            raise InputError(f"the environment {which} is not set or empty")
        return token


class TokenFile:
    """A token in a file, which is read each time, because somebody may renew it. A pipe is read once. Messages do not
    repeat the path: it may be a token, given by mistake."""

    def __init__(self, path: str) -> None:
        self._path, self._from_pipe = path, Secret("")

    def __call__(self) -> str:
        if self._from_pipe.reveal():
            return self._from_pipe.reveal()  # type: ignore[no-any-return]
        try:
            with opened(self._path) as file:
                is_pipe = not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
                # Latin-1 keeps bytes that are not ASCII, so that the library can tell where they are.
                token = file.read(_MOST_BYTES).decode("latin-1").strip()
        except OSError as error:
            raise InputError(f"the token file: {error.strerror}") from None
        if not token:
            raise InputError("the token file is empty")
        if is_pipe or self._path == STANDARD_INPUT:
            self._from_pipe = Secret(token)
        return token


def opened(path: str) -> BinaryIO:
    """Opens a file, or standard input."""
    if path != STANDARD_INPUT:
        return open(path, "rb")
    if sys.stdin is None:
        raise InputError("there is no standard input")
    if sys.stdin.isatty():
        raise InputError("standard input is a terminal, which cuts long lines: pipe into it")
    return open(sys.stdin.fileno(), "rb", closefd=False)

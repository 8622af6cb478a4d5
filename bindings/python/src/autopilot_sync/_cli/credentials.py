"""Where the command line's tokens come from."""

from __future__ import annotations

import os
import stat
import sys

from .._hidden import Hidden
from ..cloud import Cloud
from .shown import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from ..types import Credential

STANDARD_INPUT = "-"
TOKEN_VARIABLE = "AUTOPILOT_TOKEN"
_MOST_BYTES = 1 << 17  # the library takes half of it: what is longer is refused there
_AUTHORITIES = {
    Cloud.US_GOVERNMENT: "login.microsoftonline.us",
    Cloud.US_GOVERNMENT_DOD: "login.microsoftonline.us",
    Cloud.CHINA: "login.chinacloudapi.cn",
}


class InputError(Exception):
    """What was to give a token, or the tenants, cannot be used. The message says what and why, on one line."""


class TokenVariable:
    """An environment variable. Only the usual name is repeated: another may be a token, by mistake."""

    def __init__(self, name: str = TOKEN_VARIABLE) -> None:
        self._name = name

    def __call__(self) -> str:
        token = os.environ.get(self._name)
        if not token:
            which = TOKEN_VARIABLE if self._name == TOKEN_VARIABLE else "that was named"
            raise InputError(f"the environment variable {which} is not set or empty")
        return token


class TokenFile:
    """A file that someone keeps fresh: read whenever a token is wanted. A pipe gives its token once. Its path is not
    repeated either."""

    def __init__(self, path: str) -> None:
        self._path, self._from_pipe = path, Hidden("")

    def __call__(self) -> str:
        if self._from_pipe.give():
            return self._from_pipe.give()  # type: ignore[no-any-return]
        try:
            with opened(self._path) as file:
                is_pipe = not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
                # What is no ASCII stays what it is, so that the library can say where it is.
                token = file.read(_MOST_BYTES).decode("latin-1").strip()
        except OSError as error:
            raise InputError(f"the token file: {error.strerror}") from None
        if not token:
            raise InputError("the token file is empty")
        if is_pipe or self._path == STANDARD_INPUT:
            self._from_pipe = Hidden(token)
        return token


def opened(path: str) -> BinaryIO:
    """A file, or standard input."""
    if path != STANDARD_INPUT:
        return open(path, "rb")
    if sys.stdin is None:
        raise InputError("there is no standard input")
    if sys.stdin.isatty():
        raise InputError("standard input is a terminal, which cuts long lines: pipe into it")
    return open(sys.stdin.fileno(), "rb", closefd=False)


def azure_identity(name: str, cloud: Cloud | None = None, **arguments: object) -> Credential:
    """A credential of azure-identity by its class's name."""
    try:
        from azure import identity
    except ImportError:
        raise InputError("azure-identity is not installed: pip install azure-identity") from None
    if not name.endswith("Credential") or name not in identity.__all__:
        raise InputError(f"azure.identity has no credential {shown(name)}")
    if name == "DefaultAzureCredential" and cloud in _AUTHORITIES and "AZURE_AUTHORITY_HOST" not in os.environ:
        arguments.setdefault("authority", _AUTHORITIES[cloud])
    try:
        credential: Credential = getattr(identity, name)(**arguments)
    except Exception as error:
        raise InputError(" ".join(f"{name}: {error}".split())) from None
    return credential

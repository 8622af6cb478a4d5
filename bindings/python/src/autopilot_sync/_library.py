"""Loads the shared library: the one beside this file, or the one that AUTOPILOT_SYNC_LIBRARY names."""

from __future__ import annotations

import os
import sys
from ctypes import CDLL, c_char_p

from ._prototypes import declare
from ._version import VERSION

OVERRIDE = "AUTOPILOT_SYNC_LIBRARY"
FILE_NAMES = {"win32": "autopilot_sync.dll", "darwin": "libautopilot_sync.dylib"}


def _path() -> str:
    beside = os.path.join(os.path.dirname(__file__), FILE_NAMES.get(sys.platform, "libautopilot_sync.so"))
    return os.path.abspath(os.environ.get(OVERRIDE) or beside)


def _where(path: str) -> str:
    chosen = f"as {OVERRIDE} says" if os.environ.get(OVERRIDE) else f"{OVERRIDE} may name another"
    return f" ({path}; {chosen})"


def load(path: str) -> CDLL:
    try:
        library = CDLL(path)
        library.autopilot_version.restype = c_char_p
        version = library.autopilot_version().decode()
    except (OSError, AttributeError) as error:
        raise ImportError(f"autopilot_sync {VERSION} cannot load its library: {error}{_where(path)}", path=path) from error
    if version != VERSION:
        raise ImportError(f"autopilot_sync {VERSION} met version {version} of its library{_where(path)}", path=path)
    declare(library)
    return library


native = load(_path())


def text(value: bytes | None) -> str | None:
    """A string of the library's."""
    return None if value is None else value.decode("utf-8", "replace")

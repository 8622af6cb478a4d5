"""Loads the shared library: the file that AUTOPILOT_SYNC_LIBRARY names, or the one beside this module.

`python -I` and `python -E` ignore the variable, as they ignore Python's own. A process with more rights than its user
ignores it too: otherwise that user could run any code with these rights.
"""

from __future__ import annotations

import os
import sys
from ctypes import CDLL, c_ulong

from ._prototypes import Functions
from ._version import VERSION

OVERRIDE = "AUTOPILOT_SYNC_LIBRARY"
FILE_NAMES = {"win32": "autopilot_sync.dll", "darwin": "libautopilot_sync.dylib"}
_AT_SECURE = 23  # from <elf.h>


def _path() -> str:
    beside = os.path.join(os.path.dirname(__file__), FILE_NAMES.get(sys.platform, "libautopilot_sync.so"))
    return os.path.abspath(_named() or beside)


def _named() -> str | None:
    """The file that the variable names. None if there is none or the environment is ignored."""
    named = os.environ.get(OVERRIDE)
    return named if named and not _is_environment_ignored() else None


def _is_environment_ignored() -> bool:
    return bool(sys.flags.ignore_environment) or _has_raised_rights()


def _has_raised_rights() -> bool:
    """Whether the process has more rights than its user: set-uid, set-gid or file capabilities. The kernel decides this
    at the start, so it still holds after the process changes its ids."""
    if sys.platform == "win32":
        return False  # Windows has no such programs
    c = CDLL(None)
    if hasattr(c, "getauxval"):  # Linux
        c.getauxval.restype, c.getauxval.argtypes = c_ulong, (c_ulong,)
        return bool(c.getauxval(_AT_SECURE))
    return not hasattr(c, "issetugid") or bool(c.issetugid())  # macOS, BSD; if neither exists, assume so


def _where(path: str) -> str:
    if os.environ.get(OVERRIDE) and _is_environment_ignored():
        return f" ({path}; the environment is ignored, and {OVERRIDE} with it)"
    return f" ({path}, from {OVERRIDE})" if _named() else f" ({path}; set {OVERRIDE} to use another file)"


def load(path: str) -> Functions:
    try:
        functions = Functions(path)
        version = functions.autopilot_version().decode()
    except (OSError, AttributeError) as error:
        raise ImportError(f"autopilot_sync {VERSION} cannot load its library: {error}{_where(path)}", path=path) from error
    if version != VERSION:
        raise ImportError(f"autopilot_sync {VERSION} found version {version} of its library{_where(path)}", path=path)
    return functions


native = load(_path())


def text(value: bytes | None) -> str | None:
    """A text from the library."""
    return None if value is None else value.decode("utf-8", "replace")

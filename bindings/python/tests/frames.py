"""What error reporters such as Sentry or rich can see: they print local variables with a traceback."""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Iterator
from types import CellType, FrameType, FunctionType, MethodType, ModuleType

import autopilot_sync
from command import shows_no_token

PACKAGE = os.path.dirname(autopilot_sync.__file__) + os.sep
DEEP = 8


def leaks(error: BaseException) -> list[str]:
    """The places that show a part of the token: the error, its causes and contexts, and the package's frames of each."""
    found: list[str] = []
    for one in chain(error):
        if holds_token(one.args) or holds_token(vars(one)):
            found.append(f"the {type(one).__name__} itself")
        for frame in frames(one):
            place = f"{frame.f_code.co_filename[len(PACKAGE) :]}: {frame.f_code.co_name}"
            found += [f"{place}: {name}" for name, value in frame.f_locals.items() if holds_token(value)]
    return found


def chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in found:
            found.append(one)
            waiting += [one.__context__, one.__cause__]
    return found


def frames(error: BaseException) -> Iterator[FrameType]:
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename.startswith(PACKAGE):
            yield traceback.tb_frame
        traceback = traceback.tb_next


def holds_token(value: object, depth: int = DEEP) -> bool:
    """Whether the repr of the value or of one of its parts shows a part of the token. The variables that a function
    encloses do not count: only a call returns them."""
    if not shows_no_token(repr(value)) or isinstance(value, ctypes.Array) and not shows_no_token(repr(bytes(value))):
        return True
    return depth > 0 and any(holds_token(part, depth - 1) for part in parts(value))


def parts(value: object) -> Iterator[object]:
    if isinstance(value, (str, bytes, int, type, ModuleType, FunctionType)) or value is None:
        return
    if isinstance(value, dict):
        yield from (*value, *value.values())
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from value
    elif isinstance(value, functools.partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, MethodType):
        yield value.__self__
    elif isinstance(value, CellType):
        yield value.cell_contents
    elif isinstance(value, (ctypes.c_char_p, ctypes.c_wchar_p)):
        yield value.value
    yield from getattr(value, "__dict__", {}).values()
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            yield getattr(value, name, None)

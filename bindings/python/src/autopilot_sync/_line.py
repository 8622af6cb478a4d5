"""Shows a wait in one line that changes: in a notebook, or on a terminal."""

from __future__ import annotations

import os
import sys

from ._words import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from .progress import Progress

_ERASE = "\r\x1b[K"


class Line:
    """The progress callback of one wait. It shows nothing if there is neither a notebook nor a terminal."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._place: _Notebook | _Terminal | None = _Notebook() if _is_notebook() else _Terminal() if _is_terminal() else None

    def __call__(self, progress: Progress) -> None:
        self._elapsed = progress.elapsed
        if self._place is not None:
            self._place.show(str(progress))

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._place is not None:
            self._place.end(f"The wait has ended ({duration(self._elapsed)})")


class _Notebook:
    """An output of the cell, which is replaced."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, text: str) -> None:
        display = sys.modules["IPython"].display.display
        shown = {"text/plain": text}
        if self._handle is None:
            self._handle = display(shown, raw=True, display_id=True)
        else:
            self._handle.update(shown, raw=True)

    def end(self, text: str) -> None:
        self.show(text)


class _Terminal:
    """A line of standard error, which disappears at the end."""

    def show(self, text: str) -> None:
        width = os.get_terminal_size(sys.stderr.fileno()).columns
        print(end=_ERASE + text[: width - 1], file=sys.stderr, flush=True)

    def end(self, _text: str) -> None:
        print(end=_ERASE, file=sys.stderr, flush=True)


def _is_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"

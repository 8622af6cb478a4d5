"""The callback of a wait: tells the program how the wait goes, and gets new tokens."""

from __future__ import annotations

import datetime  # noqa: F401  # before the wait: if Ctrl-C meets an import, Python may keep its lock on all others

from . import progress
from ._library import native, text
from ._prototypes import ProgressFunction
from .progress import Phase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from ._worker import CallBack
    from ._source import TokenSource
    from ._token import Token
    from .progress import Progress


class Watcher:
    """Serves the callbacks of one wait."""

    def __init__(self, source: TokenSource, token: Token | None, callback: Callable[[Progress], object] | None) -> None:
        self._source, self._token, self._callback = source, token, callback
        self._new_token: Token | None = None

    def function(self, call_back: CallBack) -> object:
        """The callback for the library. It must not raise, and `call_back` does not."""
        return ProgressFunction(lambda pointer, _: self._tell(pointer, call_back))

    def _tell(self, pointer: int, call_back: CallBack) -> int:
        """Runs on the worker, the only thread that uses the pointer: when the interpreter ends, the call ends while the
        waiting thread may still run the program's code."""
        state = progress.read(pointer)
        claims = text(native.autopilot_progress_claims(pointer))
        answer = call_back(lambda: self._run_program_code(state, claims))
        if answer == 0 and self._new_token is not None:
            self._token, self._new_token = self._new_token, None
            native.autopilot_progress_set_token(pointer, self._token)
        return answer

    def _run_program_code(self, state: Progress, claims: str | None) -> int:
        if self._callback is not None and self._callback(state) is False:
            return 1
        if state.phase is Phase.TOKEN_REJECTED:
            self._new_token = self._source.new_token(self._token, claims)
        return 0

"""The callback of a wait: tells the program how it goes, and fetches new tokens."""

from __future__ import annotations

import datetime  # noqa: F401  # before the wait: where Ctrl-C meets an import, Python may keep its lock on all others

from . import progress
from ._library import native, text
from ._prototypes import ProgressFunction
from .progress import Phase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from ._errand import Ask
    from .credential import Source, Token
    from .progress import Progress


class Watcher:
    """What one wait does when the library calls back."""

    def __init__(self, source: Source, token: Token, callback: Callable[[Progress], object] | None) -> None:
        self._source, self._token, self._callback = source, token, callback
        self._renewal: Token | None = None

    def function(self, ask: Ask) -> object:
        """The callback for the library. It must not raise, and `ask` does not."""
        return ProgressFunction(lambda pointer, _: self._tell(pointer, ask))

    def _tell(self, pointer: int, ask: Ask) -> int:
        """On the call's own thread, the only one that uses the pointer: at the interpreter's end the call is over while
        the thread that waits for it may still be in the program's code."""
        state = progress.read(pointer)
        claims = text(native.autopilot_progress_claims(pointer))
        answer = ask(lambda: self._look(state, claims))
        if answer == 0 and self._renewal is not None:
            self._token, self._renewal = self._renewal, None
            native.autopilot_progress_set_token(pointer, self._token)
        return answer

    def _look(self, state: Progress, claims: str | None) -> int:
        """The program's code."""
        if self._callback is not None and self._callback(state) is False:
            return 1
        if state.phase is Phase.TOKEN_REJECTED:
            self._renewal = self._source.new_token(self._token, claims)
        return 0

"""The callback of a wait: tells the program how it goes, and fetches new tokens."""

from __future__ import annotations

import datetime  # noqa: F401  # before the wait: where Ctrl-C meets an import, Python may keep its lock on all others

from . import progress
from ._library import native
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

    def function(self, ask: Ask) -> object:
        """The callback for the library. It must not raise, and `ask` does not."""
        return ProgressFunction(lambda pointer, _: ask(lambda: self._look(pointer)))

    def _look(self, pointer: int) -> int:
        state = progress.read(pointer)
        if self._callback is not None and self._callback(state) is False:
            return 1
        if state.phase is Phase.TOKEN_REJECTED:
            self._renew(pointer)
        return 0

    def _renew(self, pointer: int) -> None:
        claims = native.autopilot_progress_claims(pointer)
        token = self._source.new_token(self._token, claims and claims.decode("utf-8", "replace"))
        if token is not None:
            self._token = token
            native.autopilot_progress_set_token(pointer, token)

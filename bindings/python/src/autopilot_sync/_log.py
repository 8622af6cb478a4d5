"""The logger `autopilot_sync`. None of its lines contains a token."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger

    from .detail import Detail

_DEBUG = 10  # logging's


def logger() -> Logger | None:
    """None if the program does not use logging: importing it would take longer than importing this package."""
    logging = sys.modules.get("logging")
    return None if logging is None else logging.getLogger("autopilot_sync")


def logged(name: str, found: Detail) -> Detail:
    """Logs a line for the call of this name and its trace, and returns its detail."""
    if (log := logger()) is not None:
        ids = ", ".join(str(attempt.client_request_id) for attempt in found.attempts)
        log.debug("%s: %s: %s (client-request-id %s)", name, found.result_name, found.message, ids)
        for event in found.trace if log.isEnabledFor(_DEBUG) else ():
            log.debug("%s: %s", name, event)
    return found

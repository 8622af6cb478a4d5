"""The logger `autopilot_sync`. None of its lines contains a token."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger


def logger() -> Logger | None:
    """None if the program does not use logging: importing it would take longer than importing this package."""
    logging = sys.modules.get("logging")
    return None if logging is None else logging.getLogger("autopilot_sync")

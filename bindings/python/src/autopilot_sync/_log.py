"""Lines for the logger `autopilot_sync`, where the program uses logging at all. No token is ever in one."""

from __future__ import annotations

import sys


def debug(message: str, *arguments: object) -> None:
    # Who wants the lines has imported it; for the others it would cost more than this package.
    logging = sys.modules.get("logging")
    if logging is not None:
        logging.getLogger("autopilot_sync").debug(message, *arguments)

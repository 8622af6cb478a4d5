"""The program."""

from __future__ import annotations

import io
import signal
import sys

from .._secret import Secret
from . import arguments, output
from .exit_code import ExitCode
from .help_text import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program, and returns its exit code."""
    given_words = Secret(argv)
    del argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # characters that the terminal lacks must not fail
            stream.reconfigure(errors="backslashreplace")
    given = arguments.parse(given_words)
    shown = output.display(given.verbose)
    try:
        code: int = given.command.run(given, shown, output.printer(given.output))
    except KeyboardInterrupt:
        shown.line(f"{PROGRAM}: interrupted")
        return 128 + signal.SIGINT
    except OSError as error:
        shown.line(f"{PROGRAM}: standard output: {error.strerror}")
        return ExitCode.NO_OUTPUT
    return code

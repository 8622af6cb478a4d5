"""The command that prints the help."""

from __future__ import annotations

from argparse import Namespace

from ..command import Command
from ..display import Quiet
from ..printer import Printer


def run(given: Namespace, _shown: Quiet, _printed: Printer) -> int:
    given.parser.print_help()
    return 0


COMMAND = Command("help", "print this help", run)

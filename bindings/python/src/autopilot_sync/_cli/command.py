"""What a command is: `commands` has a file for each."""

from __future__ import annotations

import argparse
from argparse import Namespace
from typing import Callable, NamedTuple

from .display import Quiet
from .printer import Printer


Options = argparse._ActionsContainer
"""The group of a parser to which options are added."""


class OptionGroup(NamedTuple):
    """Options that belong together, and the function that adds them to the parser."""

    title: str
    add: Callable[[Options], None]


class Command(NamedTuple):
    """A command: its name, what it does in a line, the function that runs it and returns the exit code, the options that
    it takes besides those of all commands, and the words of which it takes one."""

    name: str
    summary: str
    run: Callable[[Namespace, Quiet, Printer], int]
    options: tuple[OptionGroup, ...] = ()
    operands: tuple[str, ...] = ()

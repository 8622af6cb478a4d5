"""The arguments of the command line."""

from __future__ import annotations

import argparse
import re
import sys

from . import help_text, options
from .commands import COMMANDS, DEFAULT
from .exit_code import ExitCode
from .help_format import Formatter
from .help_text import PROGRAM
from .words import is_harmless, meant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from .._secret import Secret
    from .command import Command, OptionGroup


def parse(argv: Secret) -> argparse.Namespace:
    """The arguments, the `command`, its `operand`, the `parser` and all `commands`. Exits if one is wrong, and for --help
    and --version. Without any, it prints the help, because nobody should trigger a sync by accident."""
    try:
        return _parse(argv.reveal())
    except SystemExit as end:
        code = end.code
    raise SystemExit(code)  # a new one: the frames of argparse's hold the arguments, one of which may be a token


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    found = _Parser(
        prog=PROGRAM,
        usage=help_text.USAGE,
        description=help_text.description({command.name: command.summary for command in COMMANDS.values()}),
        epilog=help_text.EPILOG,
        formatter_class=Formatter,
        allow_abbrev=False,
        add_help=False,
    )
    found.add_argument("words", metavar="COMMAND", nargs="*", help=argparse.SUPPRESS)
    groups = [group for command in COMMANDS.values() for group in command.options]
    for group in sorted(groups, key=lambda group: group in options.CALL):  # those of one command first
        found.add_titled(group)
    found.add_titled(options.OUTPUT).add_argument("-h", "--help", action="help", help="print this help")
    return found


class _Parser(argparse.ArgumentParser):
    def add_titled(self, group: OptionGroup) -> argparse._ArgumentGroup:
        """The group of this title, which is made if it is not there."""
        for one in self._action_groups:
            if one.title == group.title:
                return one
        made = self.add_argument_group(group.title)
        group.add(made)
        return made

    def error(self, message: str) -> NoReturn:
        # argparse ends its messages with the given word in quotes, which may be a token, given by mistake.
        shown = re.sub(""" ['"].*""", "", message, flags=re.DOTALL).replace("ignored explicit argument", "takes no value")
        self.exit(ExitCode.USAGE, f"{PROGRAM}: {shown}{'' if shown.endswith('?') else '.'} See {PROGRAM} --help\n")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    found = parser()
    if not (sys.argv[1:] if argv is None else argv):
        found.print_help()
        found.exit(ExitCode.USAGE)
    given, unknown = found.parse_known_args(argv)
    problem = _unknown(unknown, found) or _words(given) or _untaken(given, found) or options.problem(given)
    if problem:
        found.error(problem)
    given.parser, given.commands = found, COMMANDS
    return given


def _unknown(words: list[str], found: argparse.ArgumentParser) -> str | None:
    """What is wrong with the words that the parser did not expect."""
    if not words:
        return None
    typed = {word.partition("=")[0] for word in words if word.startswith("-")}
    harmless = sorted(option for option in typed if re.fullmatch("--?[a-z-]{1,18}", option))  # too short for a token
    if len(harmless) == 1:
        return f"there is no option {harmless[0]}{meant(harmless[0], found._option_string_actions)}"
    if harmless:
        return f"there is no option {', '.join(harmless)}"
    return "there is no such option" if typed else "give one command only"


def _words(given: argparse.Namespace) -> str | None:
    """Finds the command and its operand. Returns what is wrong with them."""
    name, *rest = given.words or [DEFAULT.name]
    command: Command | None = COMMANDS.get(name)
    if command is None:
        known = f"the commands are {', '.join(COMMANDS)}"
        clear = is_harmless(name) and meant(name, COMMANDS)
        return f"there is no command {name}{clear or f': {known}'}" if is_harmless(name) else known
    given.command, given.operand = command, rest[0] if rest else None
    if command.operands and (len(rest) != 1 or rest[0] not in command.operands):
        near = meant(rest[0], command.operands) if rest else ""
        return f"{name} takes one of {', '.join(command.operands)}{near}"
    return "give one command only" if rest and not command.operands else None


def _untaken(given: argparse.Namespace, found: argparse.ArgumentParser) -> str | None:
    """Says which of the options is not for the command."""
    taken = {group.title for group in (*given.command.options, options.OUTPUT)}
    for group in found._action_groups:
        for action in group._group_actions:
            value = getattr(given, action.dest, action.default)
            is_given = value != action.default and (action.nargs != 0 or value == action.const)
            if is_given and action.option_strings and group.title not in taken:
                return f"{given.command.name} does not take {action.option_strings[-1]}"
    return None

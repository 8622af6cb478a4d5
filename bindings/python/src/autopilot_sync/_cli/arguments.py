"""The arguments of the command line."""

from __future__ import annotations

import argparse
import re

from .. import __version__
from .._options import milliseconds
from ..client import HALF_AN_HOUR
from ..cloud import Cloud
from . import help_text
from .credentials import TOKEN_VARIABLE
from .exit_code import ExitCode
from .help_text import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from .._hidden import Hidden

COMMANDS = ("sync", "status")
CLOUDS = {cloud.name.lower().replace("_", "-"): cloud for cloud in Cloud}


def parse(words: Hidden) -> argparse.Namespace:
    """The arguments. Exits where something is wrong with them, and for --help and --version."""
    try:
        return _parse(words.give())
    except SystemExit as end:
        code = end.code
    raise SystemExit(code)  # a new one, because argparse's has frames with the arguments, and one may be a token


def _parse(words: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        parser.error(_unknown(unknown))
    if arguments.command not in COMMANDS:
        parser.error(f"the command is {' or '.join(COMMANDS)}")
    if arguments.command == "status" and (arguments.wait or arguments.many):
        parser.error("status neither waits nor takes --many")
    if arguments.many and (arguments.token_env or arguments.token_file or arguments.azure):
        parser.error("with --many the tokens' places are in its file")
    if arguments.jobs and not arguments.many:
        parser.error("--jobs is for --many")
    return arguments


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse ends its messages with what it was given, in quotes: that may be a token, by mistake.
        shown = re.sub(""" ['"].*""", "", message, flags=re.DOTALL).replace("ignored explicit argument", "takes no value")
        self.exit(ExitCode.USAGE, f"{PROGRAM}: {shown}. See {PROGRAM} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        usage=help_text.USAGE,
        description=help_text.DESCRIPTION,
        epilog=help_text.EPILOG,
        formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, max_help_position=26, width=110),
        allow_abbrev=False,
        add_help=False,
    )
    parser.add_argument("command", metavar="COMMAND", nargs="?", default="sync", help=argparse.SUPPRESS)

    what = parser.add_argument_group("what to do")
    what.add_argument(
        "--wait",
        metavar="SECONDS",
        nargs="?",
        type=_seconds,
        const=HALF_AN_HOUR,
        help="wait until the sync is done, at most so long; half an hour if no number follows",
    )
    what.add_argument("--many", metavar="FILE", type=_place, help="sync the tenants of FILE, at once; - is standard input")
    what.add_argument("--jobs", metavar="N", type=_jobs, help="with --many: how many tenants at once; 32 unless given")

    token = parser.add_argument_group("where the token comes from").add_mutually_exclusive_group()
    token.add_argument(
        "--token-env", metavar="NAME", type=_place, help=f"an environment variable; {TOKEN_VARIABLE} unless given"
    )
    token.add_argument(
        "--token-file",
        metavar="PATH",
        type=_place,
        help="a file, read again when a new token is needed; - is standard input",
    )
    token.add_argument("--token", type=_no_token, help=argparse.SUPPRESS)
    token.add_argument(
        "--azure-cli", dest="azure", action="store_const", const="AzureCliCredential", help="az, where you are signed in"
    )
    token.add_argument(
        "--azure-identity",
        dest="azure",
        action="store_const",
        const="DefaultAzureCredential",
        help="whatever azure-identity finds: a managed identity, a workload's, its variables, ...",
    )

    way = parser.add_argument_group("the way to the service")
    way.add_argument("--cloud", metavar="NAME", type=_cloud, help=f"{', '.join(CLOUDS)}; the first unless given")
    way.add_argument(
        "--proxy", metavar="URL", type=_proxy, help="instead of HTTPS_PROXY, where a password belongs: others see arguments"
    )
    way.add_argument("--ca-file", metavar="PATH", help="the authorities to trust, a PEM file, instead of the system's")
    way.add_argument("--timeout", metavar="SECONDS", type=_seconds, help="for one request, retries included; 30 unless given")

    output = parser.add_argument_group("output")
    output.add_argument("--json", action="store_true", help="one JSON object, for an error too; with --many one a line")
    output.add_argument("-v", "--verbose", action="store_true", help="a line for each call, and for each step of a wait")
    output.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}", help="the version")
    output.add_argument("-h", "--help", action="help", help="this")
    return parser


def _unknown(words: list[str]) -> str:
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    shown = sorted(option for option in options if re.fullmatch("--[a-z-]{1,18}", option))  # no token is glued to it
    if shown:
        return f"there is no option {', '.join(shown)}"
    return "there is no such option" if options else "one command is enough"


def _place(text: str) -> str:
    """An empty one is what a script's unset variable gives: the usual tenant is not meant."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _no_token(_text: str) -> NoReturn:
    raise argparse.ArgumentTypeError("others can read arguments: use --token-env or --token-file")


def _proxy(text: str) -> str:
    """Refuses a lone word. It may be a token, by mistake, and the library would look it up and name it in an error."""
    if text and ":" not in text:
        raise argparse.ArgumentTypeError("it has neither a scheme nor a port")
    return text


def _cloud(text: str) -> Cloud:
    if text not in CLOUDS:
        raise argparse.ArgumentTypeError(f"one of {', '.join(CLOUDS)}")
    return CLOUDS[text]


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
        milliseconds("", seconds)
    except ValueError:
        raise argparse.ArgumentTypeError("a number of seconds, above 0 and at most 86400") from None
    return seconds


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1000):
        raise argparse.ArgumentTypeError("from 1 to 1000")
    return int(text)

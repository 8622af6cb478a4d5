"""The arguments of the command line."""

from __future__ import annotations

import argparse
import re
import time
from datetime import datetime, timezone

from .._options import check_wait
from .._version import VERSION
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

    from .._secret import Secret

COMMANDS = ("sync", "status")
CLOUDS = {cloud.name.lower().replace("_", "-"): cloud for cloud in Cloud}


def parse(argv: Secret) -> argparse.Namespace:
    """The arguments. Exits if one is wrong, and for --help and --version."""
    try:
        return _parse(argv.reveal())
    except SystemExit as end:
        code = end.code
    raise SystemExit(code)  # a new one: the frames of argparse's hold the arguments, one of which may be a token


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = _parser()
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(_unknown(unknown))
    if arguments.command not in COMMANDS:
        parser.error(f"the command is {' or '.join(COMMANDS)}")
    if arguments.command == "status" and arguments.wait:
        parser.error("status does not take --wait")
    if arguments.command == "status" and arguments.since:
        parser.error("status does not take --since")
    if arguments.command == "sync" and arguments.max_age:
        parser.error("--max-age is for status")
    if arguments.many and (arguments.token_env or arguments.token_file or arguments.azure):
        parser.error("with --many the file says where the tokens come from")
    if arguments.jobs and not arguments.many:
        parser.error("--jobs needs --many")
    if arguments.since and not arguments.wait:
        arguments.wait = HALF_AN_HOUR
    return arguments


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # argparse ends its messages with the given word in quotes, which may be a token, given by mistake.
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
        help="wait until the sync has completed, at most this long; half an hour if no number follows",
    )
    what.add_argument(
        "--since",
        metavar="TIME",
        type=_change,
        help="make sure that a sync has completed since TIME: look, and only if none has, trigger and wait, as with"
        " --wait; TIME is when your change was finished: 10m (ago), 2026-11-27T08:00Z, or start (of this program)",
    )
    what.add_argument(
        "--max-age",
        metavar="TIME",
        type=_span,
        help="for status: exit with 4 if the last completed sync is older, such as 90m, 12h, 2d",
    )
    what.add_argument("--many", metavar="FILE", type=_place, help="for all tenants in FILE; - is standard input")
    what.add_argument("--jobs", metavar="N", type=_jobs, help="with --many: how many requests at once, at most; default 256")

    token = parser.add_argument_group("where the token comes from").add_mutually_exclusive_group()
    token.add_argument(
        "--token-env", metavar="NAME", type=_place, help=f"an environment variable; default {TOKEN_VARIABLE}"
    )
    token.add_argument(
        "--token-file",
        metavar="PATH",
        type=_place,
        help="a file, read again when the token must be renewed; - is standard input",
    )
    token.add_argument("--token", type=_no_token, help=argparse.SUPPRESS)
    token.add_argument(
        "--azure-cli",
        dest="azure",
        action="store_const",
        const="AzureCliCredential",
        help="the Azure CLI, signed in as an application: its tokens for users lack the permission",
    )
    token.add_argument(
        "--azure-identity",
        dest="azure",
        action="store_const",
        const="DefaultAzureCredential",
        help="whatever azure-identity finds: managed identity, workload identity, environment, ...",
    )

    way = parser.add_argument_group("the connection")
    way.add_argument("--cloud", metavar="NAME", type=_cloud, help=f"{', '.join(CLOUDS)}; default {next(iter(CLOUDS))}")
    way.add_argument(
        "--proxy",
        metavar="URL",
        type=_proxy,
        help="instead of HTTPS_PROXY; no password here, because others can see arguments",
    )
    way.add_argument("--ca-file", metavar="PATH", help="trust the root certificates in this PEM file, not the system's")
    way.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_seconds,
        help="how long one request may take, with its retries; default 30",
    )

    output = parser.add_argument_group("output")
    output.add_argument(
        "--json", action="store_true", help="print one JSON object, for an error too; with --many, one per line"
    )
    output.add_argument(
        "-v", "--verbose", action="store_true", help="print a line for each call and each step of a wait"
    )
    output.add_argument("--version", action="version", version=f"{PROGRAM} {VERSION}", help="print the version")
    output.add_argument("-h", "--help", action="help", help="print this help")
    return parser


def _unknown(words: list[str]) -> str:
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    harmless = sorted(option for option in options if re.fullmatch("--[a-z-]{1,18}", option))  # too short for a token
    if harmless:
        return f"there is no option {', '.join(harmless)}"
    return "there is no such option" if options else "give one command only"


def _place(text: str) -> str:
    """Refuses an empty text. It comes from an unset variable of a script, which does not mean the default."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _no_token(_text: str) -> NoReturn:
    raise argparse.ArgumentTypeError("others can see arguments: use --token-env or --token-file")


def _proxy(text: str) -> str:
    """Refuses a lone word: it may be a token, given by mistake, and the library would look it up and name it."""
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
    except ValueError:
        raise argparse.ArgumentTypeError("not a number of seconds") from None
    try:
        check_wait("", seconds)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return seconds


def _span(text: str) -> float:
    found = re.fullmatch("([1-9][0-9]{0,8})([smhd])", text)
    if not found:
        raise argparse.ArgumentTypeError("a whole number with s, m, h or d, such as 12h")
    return int(found[1]) * {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}[found[2]]


def _change(text: str) -> datetime:
    now = time.time()
    seconds = now if text == "start" else now - _span(text) if text.endswith(tuple("smhd")) else _moment(text)
    if not datetime(2000, 1, 1, tzinfo=timezone.utc).timestamp() <= seconds <= now + 300:
        raise argparse.ArgumentTypeError("from the year 2000 to five minutes from now")
    return datetime.fromtimestamp(seconds, timezone.utc)


def _moment(text: str) -> float:
    """The Unix time of a date, a time and a time zone, which Python before 3.11 does not know as Z."""
    if not re.fullmatch(r"[0-9-]{10}T[0-9:]{5,8}(\.[0-9]{3}([0-9]{3})?)?(Z|[+-][0-9]{2}:[0-9]{2})", text):
        raise argparse.ArgumentTypeError("start, a span such as 10m, or a time with its zone such as 2026-11-27T08:00Z")
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise argparse.ArgumentTypeError("there is no such time") from None


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1000):
        raise argparse.ArgumentTypeError("a number from 1 to 1000")
    return int(text)

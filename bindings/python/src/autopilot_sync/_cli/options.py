"""The options that several commands take."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Callable, NoReturn

from .._version import VERSION
from ..cloud import Cloud
from .command import OptionGroup, Options
from .credentials import TOKEN_VARIABLE
from .help_text import PROGRAM
from .output import FORMATS
from .sign_in import GRAPH_TOOLS
from .times import duration
from .words import meant, wrong

_SIGN_INS = {
    "--device-code": ("DeviceCodeCredential", "sign in as yourself, in a browser on any machine"),
    "--browser": ("InteractiveBrowserCredential", "sign in as yourself, in a browser on this machine"),
    "--azure-cli": (
        "AzureCliCredential",
        "the Azure CLI, signed in as a service principal: its tokens for users lack the permission",
    ),
    "--azure-identity": (
        "DefaultAzureCredential",
        "what azure-identity finds: managed identity, workload identity, environment, ...",
    ),
}
CLOUDS = {cloud.name.lower().replace("_", "-"): cloud for cloud in Cloud}


def place(text: str) -> str:
    """Refuses an empty text. It comes from an unset variable of a script, which does not mean the default."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def one_of(words: Mapping[str, object]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text not in words:
            raise argparse.ArgumentTypeError(wrong(text, f"one of {', '.join(words)}{meant(text, words)}"))
        return text

    return check


def _add_many(options: Options) -> None:
    options.add_argument("--many", metavar="FILE", type=place, help="for all tenants in FILE; - is standard input")
    options.add_argument("--jobs", metavar="N", type=_jobs, help="with --many: how many requests at once; default 256")


def _add_token(options: Options) -> None:
    one = options.add_mutually_exclusive_group()
    one.add_argument("--token-env", metavar="NAME", type=place, help=f"an environment variable; default {TOKEN_VARIABLE}")
    one.add_argument(
        "--token-file",
        metavar="PATH",
        type=place,
        help="a file, read again when the token must be renewed; - is standard input",
    )
    one.add_argument("--token", type=_no_token, help=argparse.SUPPRESS)
    for name, (credential, words) in _SIGN_INS.items():
        one.add_argument(name, dest="azure", action="store_const", const=credential, help=words)
    options.add_argument(
        "--client-id",
        metavar="ID",
        type=place,
        help="with --device-code or --browser: the application to sign in with; default Microsoft Graph Command Line Tools,"
        f" {GRAPH_TOOLS}",
    )
    options.add_argument(
        "--tenant-id",
        metavar="ID",
        type=place,
        help="with --device-code, --browser or --azure-cli: the tenant; default your own",
    )


def _add_connection(options: Options) -> None:
    default = next(iter(CLOUDS))
    options.add_argument(
        "--cloud",
        metavar="NAME",
        type=one_of(CLOUDS),
        choices=list(CLOUDS),
        help=f"{', '.join(CLOUDS)}; default {default}",
    )
    options.add_argument(
        "--proxy",
        metavar="URL",
        type=_proxy,
        help="instead of HTTPS_PROXY; no password here, because others can see arguments",
    )
    options.add_argument("--ca-file", metavar="PATH", help="trust the root certificates in this PEM file, not the system's")
    options.add_argument(
        "--timeout",
        metavar="DURATION",
        type=duration,
        help="how long one request may take, with its retries; default 30s",
    )


def _add_output(options: Options) -> None:
    options.add_argument(
        "--output",
        metavar="FORMAT",
        type=one_of(FORMATS),
        choices=list(FORMATS),
        help="json: an object for each result, an error too; table: columns; tsv: the same, with tabs and without names",
    )
    options.add_argument("--json", dest="output", action="store_const", const="json", help="the same as --output json")
    options.add_argument(
        "-v", "--verbose", action="store_true", help="print what each call does, and each step of a wait"
    )
    version = f"{PROGRAM} {VERSION}"
    options.add_argument("-V", "--version", action="version", version=version, help="print the version")


MANY = OptionGroup("many tenants", _add_many)
TOKEN = OptionGroup("where the token comes from", _add_token)
CONNECTION = OptionGroup("the connection", _add_connection)
OUTPUT = OptionGroup("output", _add_output)
CALL = (MANY, TOKEN, CONNECTION)
"""Those of a command that calls the service."""


def problem(given: argparse.Namespace) -> str | None:
    """Why the options do not go together."""
    if given.many and (given.token_env or given.token_file or given.azure):
        return "with --many the file says where the tokens come from"
    if given.jobs and not given.many:
        return "--jobs needs --many"
    if given.client_id and given.azure not in ("DeviceCodeCredential", "InteractiveBrowserCredential"):
        return "--client-id needs --device-code or --browser"
    if given.tenant_id and given.azure in (None, "DefaultAzureCredential"):
        return "--tenant-id needs --device-code, --browser or --azure-cli"
    return None


def _no_token(_text: str) -> NoReturn:
    raise argparse.ArgumentTypeError("others can see arguments: use --token-env or --token-file")


def _proxy(text: str) -> str:
    """Refuses a lone word: it may be a token, given by mistake, and the library would look it up and name it."""
    if text and ":" not in text:
        raise argparse.ArgumentTypeError("it has neither a scheme nor a port")
    return text


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1000):
        raise argparse.ArgumentTypeError(wrong(text, "a number from 1 to 1000"))
    return int(text)

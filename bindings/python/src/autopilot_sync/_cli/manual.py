"""The manual page, made from the parser. `python -m autopilot_sync._cli.manual` prints it."""

from __future__ import annotations

import argparse
import re

from . import help_text
from .arguments import parser
from .commands import COMMANDS
from .credentials import TOKEN_VARIABLE
from .exit_code import ExitCode
from .help_text import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def page() -> str:
    """The page in the language of man(7)."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    yield f'.TH {PROGRAM.upper()} 1 "" "" "User Commands"'
    yield from (".SH NAME", f"{_text(PROGRAM)} \\- trigger Windows Autopilot syncs, and understand the answer")
    yield from (".SH SYNOPSIS", f".B {_text(PROGRAM)}", "[\\fICOMMAND\\fR] [\\fIoption\\fR ...]")
    yield from (".SH DESCRIPTION", _text(help_text.SUMMARY), "Options alone, without a command, are for", ".BR sync .")
    yield ".SH COMMANDS"
    for command in COMMANDS.values():
        yield from _item(command.name, command.summary)
    yield ".SH OPTIONS"
    for group in parser()._action_groups:
        shown = [action for action in group._group_actions if action.option_strings and action.help != argparse.SUPPRESS]
        if shown:
            yield f".SS {(group.title or '').capitalize()}"
        for action in shown:
            yield from _item(", ".join(action.option_strings), action.help or "", _value(action))
    yield from (".SH TENANTS", *_paragraphs(help_text.TENANTS))
    yield from (".SH OUTPUT", _text(help_text.OUTPUT))
    yield ".SH EXIT STATUS"
    for code in ExitCode:
        yield from _item(str(code.value), code.meaning)
    yield from (".PP", _text(help_text.HIGHEST))
    yield from (".SH ENVIRONMENT", *_item(TOKEN_VARIABLE, "the token, unless an option says where else it is"))
    yield from _item("HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE, SSL_CERT_DIR", "as in curl")
    yield ".SH EXAMPLES"
    yield from _examples(help_text.EXAMPLES)


def _item(name: str, text: str, value: str = "") -> Iterator[str]:
    yield from (".TP", f"\\fB{_text(name)}\\fR{value}", _text(text))


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    value = f" \\fI{action.metavar}\\fR"
    return f" [{value.strip()}]" if action.nargs == "?" else value


def _paragraphs(text: str) -> Iterator[str]:
    """Indented paragraphs are examples."""
    for paragraph in text.strip().split("\n\n"):
        is_example = paragraph.startswith("  ")
        yield from (".PP", ".EX", _text(paragraph), ".EE") if is_example else (".PP", _text(paragraph))


def _examples(examples: Mapping[str, str]) -> Iterator[str]:
    for line, meaning in examples.items():
        yield from (".TP", f"\\fB{_text(line)}\\fR", _text(meaning))


def _text(text: str) -> str:
    """Hyphens stay ASCII, so that they can be copied. No line becomes a request."""
    escaped = text.strip("\n").replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.M)


if __name__ == "__main__":
    print(end=page())

"""The scripts with which shells complete commands and options, and the manual page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from autopilot_sync._cli import manual
from autopilot_sync._cli.arguments import parser
from autopilot_sync._cli.commands import COMMANDS
from autopilot_sync._cli.commands.completion import options
from command import Ran
from conftest import environment, posix

SHELLS = ("bash", "zsh", "fish", "powershell")
OPTIONS = options(parser())
NAMES = {name for option in OPTIONS for name in option.names}
PAGE = Path(__file__).parents[1] / "man" / "autopilot-sync.1"
COMPLETE = """
. "$0"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_autopilot_sync
printf '%s\\n' "${COMPREPLY[@]}"
"""


def test_the_options_are_those_of_the_help() -> None:
    named = re.findall(r"^  (-.*?)(?:  |$)", Ran("--help").out, re.M)
    assert NAMES == {word for words in named for word in re.findall(r"--?\w[a-z-]*", words)}
    assert {"--wait", "-h", "--help", "--client-id"} <= NAMES and "--token" not in NAMES


@pytest.mark.parametrize("shell", SHELLS)
def test_each_script_has_every_command_and_option(shell: str) -> None:
    ran = Ran("completion", shell, AUTOPILOT_TOKEN="")
    assert (ran.code, ran.err) == (0, "")
    for name in (*COMMANDS, *NAMES, "us-government-dod", "tsv", "powershell"):
        shown = re.sub("^--", "-l ", name) if shell == "fish" else name
        shown = re.sub("^-(?=.$)", "-s ", shown) if shell == "fish" else shown
        assert re.search(rf"(?<![\w-]){re.escape(shown)}(?![\w-])", ran.out), name


@posix
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["s"], ["sync", "status"]),
        (["--cl"], ["--client-id", "--cloud"]),
        (["status", "--max"], ["--max-age"]),
        (["--cloud", "us"], ["us-government", "us-government-dod"]),
        (["status", "--output", ""], ["json", "table", "tsv"]),
        (["completion", ""], [*SHELLS]),
        (["--wait", "--js"], ["--json"]),
        (["--since", ""], [""]),
        (["--many", ""], [""]),
    ],
)
def test_bash_completes(tmp_path: Path, words: list[str], expected: list[str]) -> None:
    (tmp_path / "script").write_text(Ran("completion", "bash").out)
    shell = ["bash", "--norc", "-c", COMPLETE, str(tmp_path / "script"), "autopilot-sync", *words]
    answer = subprocess.run(shell, capture_output=True, text=True, check=True)
    assert (answer.stdout.splitlines(), answer.stderr) == (expected, "")


def test_the_manual_page_is_the_parsers() -> None:
    make = "python -m autopilot_sync._cli.manual > man/autopilot-sync.1"
    assert PAGE.read_text() == manual.page(), f"the manual page is stale: {make}"
    made = subprocess.run([sys.executable, "-m", "autopilot_sync._cli.manual"], capture_output=True, env=environment())
    assert made.stdout.replace(os.linesep.encode(), b"\n") == PAGE.read_bytes()


def test_the_manual_page_has_every_command_option_and_exit_code() -> None:
    page = PAGE.read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
    for name in (*COMMANDS, *NAMES, "AUTOPILOT_TOKEN", "contoso   env:CONTOSO_TOKEN", "130"):
        assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", page), name
    assert not re.search(r"^\.(?!TH|SH|SS|B |BR|TP|PP|EX|EE)", page, re.M)


def test_help_is_a_command_too() -> None:
    assert Ran("help").told == Ran("--help").told
    assert Ran().code == 64 and Ran().out == Ran("help").out


def test_the_version_has_a_short_option() -> None:
    assert Ran("-V").told == Ran("--version").told

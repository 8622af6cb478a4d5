"""docs/troubleshooting.md says what the program says. AUTOPILOT_SYNC_WRITE_PAGE=1 writes it anew."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pytest
from command import Ran
from conftest import Start, posix
from troubles import TROUBLES, Scene

PAGE = Path(__file__).parents[3] / "docs/troubleshooting.md"
MARK = "<!-- made by bindings/python/tests/test_troubles.py -->\n"
SAMPLES = {
    r"127\.0\.0\.1:\d+": "127.0.0.1:3128",
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": "2c1f6b8e-5d3a-4a4e-9d0c-7b1d8f2e6a90",
    r"\b\d+ ms ": "12 ms ",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ": "2026-03-01T08:00:00Z",
    r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?": "2026-03-01 08:00:00",
    r"at \d\d:\d\d:\d\d UTC": "at 08:00:00 UTC",
    r"/tmp/\S*/": "/etc/ssl/",
    r"/tmp/autopilot-emulator-ca-\w+": "/etc/ssl/company",
    r"Linux-[^\s,]+": "Linux-6.1.0",
    r"\b\d+ min( \d+ s)?\b": "8 min",
    r"\b\d+ minutes\b": "12 minutes",
    r"\b\d+\.\d+ s\b": "1.0 s",
    r"Python \d\.\d+\.\d+": "Python 3.11.2",
}
"""What differs from run to run, and what stands for it."""


def sample(text: str) -> str:
    for pattern, value in SAMPLES.items():
        text = re.sub(pattern, value, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def sections() -> dict[str, str]:
    _, *parts = PAGE.read_text("utf-8").partition(MARK)[2].split("\n## ")
    return {part.partition("\n")[0]: part.partition("\n")[2].strip("\n") for part in parts}


@posix
@pytest.mark.parametrize("heading", TROUBLES)
def test_the_page_says_what_the_program_says(heading: str, start: Start, tmp_path: Path) -> None:
    with contextlib.ExitStack() as ended:
        scene = Scene(start, tmp_path, ended)
        TROUBLES[heading](scene)
        plain, verbose, doctor = (
            Ran(*command, *scene.arguments, **scene.variables)
            for command in ([scene.command], [scene.command, "-v"], ["doctor"])
        )
    told = section(plain, verbose, doctor)
    if "AUTOPILOT_SYNC_WRITE_PAGE" in os.environ:
        write(heading, told)
    assert told == sections()[heading]


def test_the_page_has_each_trouble_once() -> None:
    assert list(sections()) == list(TROUBLES) and len(TROUBLES) >= 20


def section(plain: Ran, verbose: Ran, doctor: Ran) -> str:
    lines = re.findall(r"^(?:sync|settings): (\d+ ms .*)$", verbose.err, re.M)
    trace = [line for line in lines if ": not sent: " not in line]  # that repeats the message
    parts = [block(plain.out + plain.err)]
    if trace:
        parts.append(f"`-v` adds, at the end:\n\n{block(chr(10).join(trace[-2:]))}")
    parts.append(f"`autopilot-sync doctor` ends with {doctor.code}:\n\n{block(doctor.out)}")
    return "\n\n".join(parts)


def block(text: str) -> str:
    return f"```text\n{sample(text)}\n```"


def write(heading: str, told: str) -> None:
    found = {**sections(), heading: told}
    body = "".join(f"\n## {one}\n\n{found[one]}\n" for one in TROUBLES if one in found)
    PAGE.write_text(PAGE.read_text("utf-8").partition(MARK)[0] + MARK + body, "utf-8")

"""The programs of the README and of the command line's page run, and their tables are true."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import autopilot_sync
import pytest
from autopilot_emulator import Emulator
from autopilot_sync import exceptions
from command import command
from conftest import PROGRAM, Start, environment, posix, run

README = (Path(__file__).parents[1] / "README.md").read_text()
COMMAND_LINE = (Path(__file__).parents[3] / "docs/command-line.md").read_text()
QUICK = ("--duration", "2s", "--start-delay", "0s")
PROGRAMS = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)


def test_the_one_call(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOPILOT_TOKEN", "token")
    assert run(PROGRAMS[0]).stdout == "ACCEPTED the service accepted the trigger\n"


def test_the_wait(start: Start, az: Path) -> None:
    start("--token", "cli-token", "--other-tokens", "invalid", *QUICK)
    lines = run(PROGRAMS[1]).stdout.splitlines()
    assert lines[0].startswith("STARTING 0.0") and lines[-2].startswith("WATCHING ")
    assert lines[-1].startswith("status completed, last sync 20")


def test_a_change(start: Start) -> None:
    start(*QUICK)
    call = "\nwait_until_it_is_in('token')"
    assert run(PROGRAMS[2] + call).stdout == "the sync completed\n"


def test_a_credential(start: Start, tmp_path: Path) -> None:
    start("--client-secret", "a-secret", *QUICK)
    (tmp_path / "agent").write_text("a-secret\n")
    program = PROGRAMS[3].replace("/run/secrets/agent", (tmp_path / "agent").as_posix())
    said = "application an-application in tenant default, by its client secret - the sync completed\n"
    assert run(program + "\nwait_for_sync('default', 'an-application')").stdout == said


def test_many_tenants(start: Start) -> None:
    contoso, fabrikam = "first:tenant=contoso", "second:read-only:tenant=fabrikam"
    start("--token", contoso, "--token", fabrikam, "--other-tokens", "invalid", *QUICK)
    call = "\nprint_all({'contoso': 'first', 'fabrikam': 'second'})"
    results = sorted(line.partition(":")[0] for line in run(PROGRAMS[4] + call).stdout.splitlines())
    assert results == ["contoso the sync completed", "fabrikam forbidden"]


def test_a_fleet(emulator: Emulator) -> None:
    assert run(PROGRAMS[5] + "\nprint_states({'contoso': 'first'})").stdout == "contoso COMPLETED\n"


def test_asyncio(emulator: Emulator) -> None:
    call = "\nfrom autopilot_sync import Client\nprint(asyncio.run(trigger(Client('token'))).answer.name)"
    assert run(PROGRAMS[6] + call).stdout == "ACCEPTED\n"
    shown = re.findall(r"async def trigger.*?raise$", (autopilot_sync.__doc__ or ""), re.S | re.M)
    assert len(PROGRAMS) == 7 and len(shown) == 1


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The program that pip would install."""
    program = tmp_path / "autopilot-sync"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(command())} "$@"\n')
    program.chmod(0o755)
    return program


@posix
def test_the_command_line(installed: Path) -> None:
    """Uses the emulator that cargo would build."""
    built = "cargo run -q -p autopilot-emulator --"
    commands = [line for line in COMMAND_LINE.splitlines() if f" {built} run -- autopilot-sync" in line]
    assert len(commands) == 2
    shown = []
    for line in commands:
        shell = line.replace(built, shlex.quote(str(PROGRAM)))
        variables = {**environment(), "PATH": f"{installed.parent}{os.pathsep}{os.environ['PATH']}"}
        shown.append(subprocess.run(["sh", "-c", shell], env=variables, capture_output=True, text=True, check=True))
    assert shown[0].stdout == "COMPLETED: the sync completed\n" and shown[0].stderr == ""
    assert shown[1].stdout.startswith("status:           completed\n")


@posix
@pytest.mark.parametrize(
    ("options", "cron", "nagios", "said"),
    [
        (("--last-sync", "1h"), 0, 0, "status:           completed"),
        (("--last-sync", "13h"), 4, 1, "autopilot-sync: the last completed sync is 13 h"),
        (("--idle-status", "failed"), 10, 2, "autopilot-sync: the last sync failed: status failed for 1 d"),
        (("--other-tokens", "forbidden"), 77, 3, "autopilot-sync: forbidden: HTTP 403"),
    ],
)
def test_the_health_checks(
    start: Start, installed: Path, tmp_path: Path, options: list[str], cron: int, nagios: int, said: str
) -> None:
    start(*options)
    (tmp_path / "token").write_text("a-token")

    def ran(line: str) -> tuple[int, str, str]:
        shell = line.replace("/usr/local/bin/autopilot-sync", str(installed)).replace("/run/intune/token", "$ARG1$")
        shell = shell.replace("$ARG1$", str(tmp_path / "token")).replace("$$", "$")
        done = subprocess.run(["sh", "-c", shell], env=environment(), capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    (job,) = re.findall(r"^\*/30( \*){4} (.*)$", COMMAND_LINE, re.M)
    code, out, err = ran(job[1])
    assert (code, out, err.startswith(said)) == (cron, "", code != 0) and "%" not in job[1]
    (check,) = re.findall(r"^ +command_line +(.*)$", COMMAND_LINE, re.M)
    code, out, err = ran(check)
    assert (code, err) == (nagios, "") and out.startswith(said)
    assert ";" not in check  # a comment would begin there


def test_the_table_of_errors_is_the_packages() -> None:
    rows = re.findall(r"^\| `(\w+)`(?:, an? `(\w+)`)? \| (-\d+) \|", README, re.M)
    assert [int(code) for _, _, code in rows] == list(range(-1, -14, -1))
    for name, base, code in rows:
        kind = exceptions.ERRORS[int(code)]
        assert kind.__name__ == name
        assert not base or base in [one.__name__ for one in kind.__mro__]

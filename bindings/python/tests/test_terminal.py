"""The command line at a terminal."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest
from autopilot_emulator import Emulator
from autopilot_sync._cli.diagnosis import STAGES
from command import LASTING, command, shows_no_token, variables
from conftest import HANG, Start
from terminal import CTRL_C, Terminal

STEP = re.compile(r"next sync in 9 min (\d+) s")
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

Open = Callable[..., Terminal]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Starts the program at a terminal, which must never show a part of the token."""
    terminals: list[Terminal] = []

    def begin(*arguments: str, without: str = "", stdout: int | None = None, columns: int = 80, **more: str) -> Terminal:
        command_line = command(*arguments, without=without)
        terminals.append(Terminal(command_line, variables(**more), stdout=stdout, columns=columns, lines=200))
        return terminals[-1]

    yield begin
    for terminal in terminals:
        terminal.close()
        assert shows_no_token(terminal.raw.decode())


def test_a_wait_is_shown_live_and_leaves_its_result(start: Start, opened: Open) -> None:
    emulator = start(*LASTING)
    terminal = opened("--wait")
    line = terminal.until("The sync is running", "next reading in")
    assert line[0] in SPINNER and len(line.splitlines()) == 1
    assert not terminal.is_cursor_shown
    emulator.advance("1h")
    assert terminal.finish() == 0
    first, *settings = terminal.text.splitlines()
    assert first == "✓ COMPLETED the sync completed"
    assert [line[2:20].rstrip() for line in settings] == ["last sync", "last manual sync", "next possible"]
    assert terminal.is_cursor_shown and b"\x1b[1;32m" in terminal.raw


def test_the_window_is_counted_down(start: Start, opened: Open) -> None:
    start("--last-sync", "10s", "--speed", "0")
    terminal = opened("--wait")
    first = STEP.findall(terminal.until("next sync in 9 min "))
    while STEP.findall(terminal.text) in ([], first):
        terminal.until("next sync in 9 min ", besides=terminal.text)
    assert int(STEP.findall(terminal.text)[0]) < int(first[0])
    terminal.press(CTRL_C)
    assert terminal.finish() == 130
    assert terminal.text.splitlines()[:2] == ["✗ INTERRUPTED by SIGINT", "No sync was started."]


def test_ctrl_c_ends_a_wait_and_tells_of_the_trigger(start: Start, opened: Open) -> None:
    emulator = start(*LASTING)
    terminal = opened("--wait")
    terminal.until("The sync is")
    terminal.press(CTRL_C)
    assert terminal.finish() == 130 and terminal.is_cursor_shown
    first, hint, client_request_id, request_id = terminal.text.splitlines()
    assert first == "✗ INTERRUPTED by SIGINT"
    assert hint == "The sync was accepted earlier and goes on without this program."
    sent = [dict(request["headers"])["client-request-id"] for request in emulator.requests()]
    assert client_request_id.replace("client-request-id: ", "") in sent and request_id.startswith("request-id: ")


def test_ctrl_c_ends_a_request_that_hangs(emulator: Emulator, opened: Open) -> None:
    emulator.script({"on": "POST", **HANG})
    terminal = opened("--timeout", "86400")
    emulator.await_requests(1)
    assert terminal.until("Connecting")[0] in SPINNER
    terminal.press(CTRL_C)
    assert terminal.finish() == 130
    assert "The trigger was sent and may have started a sync." in terminal.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(start: Start, opened: Open, number: signal.Signals) -> None:
    start(*LASTING)
    terminal = opened("--wait")
    terminal.until("The sync is")
    terminal.signal(number)
    assert terminal.finish() == 128 + number
    assert terminal.is_cursor_shown and f"✗ INTERRUPTED by {number.name}" in terminal.text


def test_a_piped_result_is_apart_from_the_live_display(start: Start, opened: Open) -> None:
    emulator = start(*LASTING)
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert reader.stdin is not None
    terminal = opened("--wait", "--json", stdout=reader.stdin.fileno())
    terminal.until("The sync is running")
    emulator.advance("1h")
    assert terminal.finish() == 0
    out, _ = reader.communicate()
    assert json.loads(out)["settings"]["status"] == "COMPLETED"
    assert terminal.text == ""


WIDTHS = pytest.mark.parametrize("columns", [40, 80, 120])


@WIDTHS
def test_a_wait_is_one_line_at_any_width(start: Start, opened: Open, columns: int) -> None:
    start("--last-sync", "10s", "--speed", "0")
    terminal = opened("--wait", columns=columns)
    line = terminal.until("Too soon: waiting", "next sync in ")
    assert len(line.splitlines()) == 1 and len(line) <= columns
    terminal.press(CTRL_C)
    assert terminal.finish() == 130


@WIDTHS
def test_many_tenants_are_shown_at_any_width(start: Start, opened: Open, many: str, columns: int) -> None:
    start(*TENANTS, *LASTING)
    terminal = opened("--many", many, "--wait", columns=columns)
    *_, bar = terminal.until(" 1/3 ", "1 failed").splitlines()
    assert bar[0] in SPINNER
    terminal.press(CTRL_C)
    assert terminal.finish() == 130 and "0 of 3 tenants succeeded" in terminal.text


@WIDTHS
@pytest.mark.parametrize("options", [{}, {"TERM": "dumb"}])
def test_the_help_fits_the_terminal(opened: Open, columns: int, options: dict[str, str]) -> None:
    terminal = opened("help", columns=columns, **options)
    assert terminal.finish() == 0
    text = terminal.raw.decode().replace("\r\n", "\n")
    too_long = [line for line in text.splitlines() if len(line) > columns]
    assert all(" " not in line.strip() or line.startswith("usage") for line in too_long), too_long


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_the_doctor_fits_the_terminal(start: Start, opened: Open, columns: int) -> None:
    start("--other-tokens", "forbidden")
    terminal = opened("doctor", columns=columns)
    assert terminal.finish() == 77
    lines = terminal.text.splitlines()
    begins = [line.split()[0] for line in lines if line[:1] != " " and re.search(" (ok|failed|not tried)", line)]
    assert begins == list(STAGES)
    words = " ".join(terminal.text.split())
    assert "forbidden: HTTP 403" in words and "has no such permission" not in words and "with admin consent" in words


def test_without_arguments_it_prints_the_help_and_triggers_nothing(emulator: Emulator, opened: Open) -> None:
    terminal = opened()
    assert terminal.finish() == 64
    assert terminal.text.startswith("usage: autopilot-sync [COMMAND]") and "--device-code" in terminal.text
    assert emulator.requests() == []


@pytest.mark.parametrize("environment", [{"without": "rich"}, {"TERM": "dumb"}])
def test_without_rich_it_says_lines(start: Start, opened: Open, environment: dict[str, str]) -> None:
    emulator = start(*LASTING)
    terminal = opened("--wait", **environment)
    terminal.until("The sync is running")
    emulator.advance("1h")
    assert terminal.finish() == 0
    first, *_, before_last, last = terminal.text.splitlines()
    assert first == "Reading how the last sync went" and before_last.startswith("The sync is running, next reading in ")
    assert last == "COMPLETED: the sync completed"
    assert b"\x1b" not in terminal.raw


def test_an_error_is_red_and_on_the_screen(start: Start, opened: Open) -> None:
    start("--other-tokens", "read-only")
    terminal = opened("sync")
    assert terminal.finish() == 77
    assert terminal.text.startswith("✗ FORBIDDEN HTTP 403: ") and "No sync was started." in terminal.text
    assert b"\x1b[1;31m" in terminal.raw


def test_colours_may_be_unwanted(emulator: Emulator, opened: Open) -> None:
    terminal = opened("sync", NO_COLOR="1")
    assert terminal.finish() == 0
    assert terminal.text == "✓ ACCEPTED the service accepted the trigger" and b"\x1b[1;32m" not in terminal.raw


def test_status_is_a_table(start: Start, opened: Open) -> None:
    start("--last-trigger", "never")
    terminal = opened("status")
    assert terminal.finish() == 0
    first, *_, last = terminal.text.splitlines()
    assert first.split() == ["status", "completed"] and last.split() == ["next", "possible", "now"]


def test_lines_of_the_log_come_between(emulator: Emulator, opened: Open) -> None:
    emulator.script({"on": "GET", "answer": {"error": 403}})
    terminal = opened("--wait", "-v")
    terminal.finish()
    assert "sync_and_wait: AUTOPILOT" in terminal.text


def test_a_status_that_fails_tells_of_no_trigger(start: Start, opened: Open) -> None:
    start("--other-tokens", "forbidden")
    terminal = opened("status")
    assert terminal.finish() == 77
    assert terminal.text.startswith("✗ FORBIDDEN HTTP 403: ") and "client-request-id: " in terminal.text
    assert "No sync" not in terminal.text


def test_a_person_is_asked_above_the_live_line(start: Start, opened: Open, tmp_path: Path) -> None:
    """By azure-identity, whose requests lead nowhere; the stand-in asks before it makes one."""
    (tmp_path / "sitecustomize.py").write_text(ASKS)
    path = f"{tmp_path}{os.pathsep}{variables()['PYTHONPATH']}"
    start()
    terminal = opened("sync", "--device-code", PYTHONPATH=path)
    screen = terminal.until("code ABC", "Connecting")
    assert screen.startswith("To sign in, open https://entra in a browser and enter the code ABC\n")
    terminal.press(CTRL_C)
    assert terminal.finish() == 130 and "✗ INTERRUPTED by SIGINT" in terminal.text


ASKS = """
import time
from azure import identity

def asks(credential, *scopes, **options):
    credential._prompt_callback("https://entra", "ABC", None)
    while True:
        time.sleep(1)

identity.DeviceCodeCredential.get_token = asks
"""


def test_a_token_is_not_typed(emulator: Emulator, opened: Open) -> None:
    terminal = opened("--token-file", "-")
    assert terminal.finish() == 66 and "standard input is a terminal" in terminal.text
    assert emulator.requests() == []


TENANTS = ("--token", "token-of-a:tenant=a", "--token", "token-of-b:forbidden:tenant=b", "--token", "token-of-c:tenant=c")


def await_two_syncs(emulator: Emulator) -> None:
    while [request["reply"]["status"] for request in emulator.requests()].count(204) < 2:
        time.sleep(0.01)


@pytest.fixture
def many(tmp_path: Path) -> str:
    file = tmp_path / "tenants.txt"
    file.write_text("".join(f"{name} file:{name}.token\n" for name in "abc"))
    for name in "abc":
        (tmp_path / f"{name}.token").write_text(f"token-of-{name}")
    return str(file)


def test_many_tenants_have_a_bar_and_a_line_each_as_they_end(start: Start, opened: Open, many: str) -> None:
    emulator = start(*TENANTS, *LASTING)
    terminal = opened("--many", many, "--wait")
    failed, *_, bar = terminal.until(" 1/3 ", "b  ✗ ").splitlines()
    assert failed.startswith("b  ✗ FORBIDDEN  HTTP 403: ") and bar[0] in SPINNER and "Tenants" in bar
    await_two_syncs(emulator)
    emulator.advance("1h")
    assert terminal.finish() == 77
    again, *_, first, second, last = terminal.text.splitlines()
    assert again == failed and terminal.text.count("FORBIDDEN") == 1
    assert sorted([first, second]) == [f"{name}  ✓ COMPLETED  the sync completed" for name in "ac"]
    assert last == "2 of 3 tenants succeeded" and terminal.is_cursor_shown


def test_the_health_of_many_is_shown_as_it_is_read(start: Start, opened: Open, many: str) -> None:
    start(*TENANTS, "--last-sync", "13h")
    terminal = opened("status", "--many", many, "--max-age", "12h")
    assert terminal.finish() == 77
    assert "a  ✗ TOO_OLD  the last completed sync is 13 h old" in terminal.text
    assert terminal.text.endswith("0 of 3 tenants succeeded") and "triggered" not in terminal.text


def test_very_many_tenants_are_counted(start: Start, opened: Open, tmp_path: Path) -> None:
    """And of very many failures, some are shown."""
    start("--token", "bad:forbidden", "--last-sync", "1h")
    file = tmp_path / "tenants.txt"
    file.write_text("".join(f"good{number} env:GOOD\nbad{number} env:BAD\n" for number in range(60)))
    terminal = opened("--many", str(file), "--since", "2h", GOOD="good", BAD="bad")
    assert terminal.finish() == 77
    assert terminal.text.splitlines()[-4:] == [
        "and 20 more, which --json or a pipe shows",
        "     60 FORBIDDEN",
        "     60 UP_TO_DATE",
        "60 of 120 tenants succeeded",
    ]
    assert "good" not in terminal.text


def test_ctrl_c_ends_many_and_tells_of_each(start: Start, opened: Open, many: str) -> None:
    start(*TENANTS, *LASTING)
    terminal = opened("--many", many, "--wait")
    terminal.until(" 1/3 ")
    terminal.press(CTRL_C)
    assert terminal.finish() == 130 and terminal.is_cursor_shown
    rows = [line.split()[:3] for line in terminal.text.splitlines()]
    assert ["a", "✗", "INTERRUPTED"] in rows and ["c", "✗", "INTERRUPTED"] in rows and ["b", "✗", "FORBIDDEN"] in rows
    assert "0 of 3 tenants succeeded" in terminal.text and "go on without this program" in terminal.text


def test_many_tenants_without_rich_are_lines(start: Start, opened: Open, many: str) -> None:
    start(*TENANTS)
    terminal = opened("--many", many, without="rich")
    assert terminal.finish() == 77
    text = terminal.text
    assert "a: ACCEPTED: the service accepted the trigger\n" in text and "c: ACCEPTED: the service accepted the trigger\n" in text
    assert "b: FORBIDDEN: HTTP 403" in text and text.endswith("2 of 3 tenants succeeded")
    assert b"\x1b" not in terminal.raw


def test_many_piped_results_are_apart_from_the_bar(start: Start, opened: Open, many: str, tmp_path: Path) -> None:
    emulator = start(*TENANTS, *LASTING)
    with open(tmp_path / "out", "w") as out:
        terminal = opened("--many", many, "--wait", "--json", stdout=out.fileno())
    terminal.until(" 1/3 ")
    await_two_syncs(emulator)
    emulator.advance("1h")
    assert terminal.finish() == 77 and terminal.text == "2 of 3 tenants succeeded"
    lines = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert sorted(line["tenant"] for line in lines) == ["a", "b", "c"]

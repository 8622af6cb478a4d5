"""The command line without a terminal: answers, errors, exit codes, JSON."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import Answer, Cloud, Settings, SyncStatus, __version__
from autopilot_sync._cli import exit_code, health, interruption
from autopilot_sync._cli.display import Quiet
from autopilot_sync._cli.exit_code import ExitCode
from autopilot_sync._cli.main import main
from autopilot_sync.exceptions import error_of
from command import LASTING, Ran, begun, command, shows_no_token, variables
from conftest import HANG, SECRET, Start, ago, posix
from test_exceptions import detail

AGES = ("", "0", "0h", "-1h", "h", "12 h", "12hours", "1h30", "30m1h", "1e9s", "\u0661h", "9999999999s", "nan", SECRET)
"""None of them is a time."""

NO_TIMES = ("", "now", "2026-11-27T08:00", "2026-11-27", "2026-11-27 08:00Z", "2026-11-27T08:00:00.5Z", "1h30", SECRET)
"""None of them is a time of a change: one without a zone would mean another moment on each machine."""

WHEN = r"in \d+ min \d+ s, at \d\d:\d\d:\d\d UTC"
PAGE = (Path(__file__).parents[3] / "docs/command-line.md").read_text()
EXIT_CODES = (Path(__file__).parents[3] / "docs" / "exit-codes.md").read_text()


def test_the_answers(start: Start) -> None:
    emulator = start(*LASTING)
    assert Ran("sync").told == (0, "ACCEPTED: the service accepted the trigger\n", "")
    assert Ran("sync").told == (1, "ALREADY_RUNNING: a sync is already running\n", "")
    emulator.advance("1h")
    ran = Ran("sync")
    assert ran.code == 2 and re.fullmatch(rf"TOO_SOON: the next sync is possible {WHEN}\n", ran.out)


def test_a_wait_is_quiet_and_says_how_it_ended(start: Start) -> None:
    start("--duration", "1s")
    assert Ran("--wait").told == (0, "COMPLETED: the sync completed\n", "")


def test_a_wait_that_cannot_see_the_end(start: Start) -> None:
    start("--other-tokens", "trigger-only")
    ran = Ran("--wait", "60")
    assert ran.code == 3 and ran.out.startswith("UNCONFIRMED: ")


def test_a_wait_within_the_window(start: Start) -> None:
    start("--last-sync", "1m")
    ran = Ran("sync", "--wait", "60")
    assert ran.code == 2 and re.fullmatch(rf"TOO_SOON: the next sync is possible {WHEN}\n", ran.out)


@pytest.mark.parametrize("since", ["2h", "120m", "1h30m", "7200", "1.5h", "1d", "time", "zone", "milliseconds"])
def test_a_sync_since_the_change_is_enough(start: Start, since: str) -> None:
    two_hours_ago = ago(hours=2)
    times = {
        "time": two_hours_ago.strftime("%Y-%m-%dT%H:%MZ"),
        "zone": two_hours_ago.astimezone(timezone(timedelta(hours=-3))).isoformat(timespec="seconds"),
        "milliseconds": two_hours_ago.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    emulator = start("--last-sync", "1h")
    assert Ran("--since", times.get(since, since)).told == (0, "UP_TO_DATE: a sync has completed since\n", "")
    assert [request["method"] for request in emulator.requests()] == ["GET"]


@pytest.mark.parametrize("since", ["start", "30m"])
def test_without_a_sync_since_the_change_one_is_triggered_and_awaited(start: Start, since: str) -> None:
    start("--last-sync", "1h", "--duration", "1s")
    assert Ran("sync", "--since", since).told == (0, "COMPLETED: the sync completed\n", "")


def test_a_wait_since_a_change_ends_after_the_seconds_of_wait(start: Start) -> None:
    start("--last-sync", "1m")
    assert Ran("--since", "start", "--wait", "5s", "--json").json()["result_name"] == "AUTOPILOT_SYNC_TOO_SOON"


def test_json_of_a_tenant_that_is_up_to_date(start: Start) -> None:
    start("--last-sync", "1h")
    found = Ran("--since", "2h", "--json").json()
    assert (found["exit_code"], found["result"], found["result_name"]) == (0, 4, "AUTOPILOT_SYNC_UP_TO_DATE")
    assert found["trigger"] == "NOT_SENT" and found["settings"]["status"] == "COMPLETED"


def test_a_sync_that_fails(start: Start) -> None:
    start("--duration", "1s", "--failing-runs", "1")
    ran = Ran("--wait")
    assert (ran.code, ran.out) == (10, "") and "the sync failed" in ran.err and "goes on" not in ran.err


def test_status_shows_the_settings(start: Start) -> None:
    emulator = start("--last-sync", "1m", "--last-trigger", "never")
    ran = Ran("status")
    expected = (
        r"status:           completed\n"
        r"last sync:        (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC \(1 min( \d+ s)? ago\)\n"
        r"last manual sync: never\n"
        r"next possible:    (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC \(in (9|8) min( \d+ s)?\)\n"
    )
    assert (ran.code, ran.err) == (0, "") and re.fullmatch(expected, ran.out), ran.out
    emulator.advance("20m")
    assert Ran("status", "--json").json()["settings"]["status"] == "COMPLETED"
    assert [request["method"] for request in emulator.requests()] == ["GET"] * 2


NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
HOUR = 3600.0
TWO_HOURS_AGO = "2026-03-01 10:00:00 UTC"


def settings(status: SyncStatus | None, last_sync: datetime | None) -> Settings:
    text = None if status is None else status.name.lower()
    return Settings(
        id="id",
        status=status,
        status_text=text,
        last_sync=last_sync,
        last_sync_text=None,
        last_manual_sync=None,
        last_manual_sync_text=None,
        next_sync=None,
    )


@pytest.mark.parametrize(
    ("status", "hours", "max_age", "code", "message"),
    [
        (SyncStatus.COMPLETED, 2, None, 0, "status completed, last sync 2026-03-01 10:00:00 UTC (2 h ago)"),
        (SyncStatus.COMPLETED, 2, 2 * HOUR, 0, "status completed, last sync 2026-03-01 10:00:00 UTC (2 h ago)"),
        (SyncStatus.COMPLETED, 2, 2 * HOUR - 1, 4, "the last completed sync is 2 h old, more than 1 h 59 min"),
        (SyncStatus.COMPLETED, -1, 1.0, 0, "status completed, last sync 2026-03-01 13:00:00 UTC (0 s ago)"),
        (SyncStatus.COMPLETED, None, None, 0, "status completed, last sync never"),
        (SyncStatus.COMPLETED, None, HOUR, 4, "no sync has completed yet"),
        (SyncStatus.IN_PROGRESS, 2, 3 * HOUR, 0, "status in_progress, last sync 2026-03-01 10:00:00 UTC (2 h ago)"),
        (SyncStatus.IN_PROGRESS, 2, HOUR, 4, "the last completed sync is 2 h old, more than 1 h"),
        (SyncStatus.UNKNOWN, 2, None, 0, "status unknown, last sync 2026-03-01 10:00:00 UTC (2 h ago)"),
        (SyncStatus.UNKNOWN, 2, 3 * HOUR, 4, "the service does not say that the last sync completed: status unknown"),
        (SyncStatus.OTHER, 2, 3 * HOUR, 4, "the service does not say that the last sync completed: status other"),
        (None, 2, 3 * HOUR, 4, "the service does not say that the last sync completed: status none"),
        (None, None, None, 0, "status none, last sync never"),
        *(
            (SyncStatus.FAILED, 2, max_age, 10, f"the last sync failed: status failed for 2 h, since {TWO_HOURS_AGO}")
            for max_age in (None, HOUR, 3 * HOUR)
        ),
        (SyncStatus.FAILED, None, HOUR, 10, "the last sync failed: status failed since an unknown time"),
    ],
)
def test_what_a_reading_tells_of_the_health(
    status: SyncStatus | None, hours: float | None, max_age: float | None, code: int, message: str
) -> None:
    last_sync = None if hours is None else NOW - timedelta(hours=hours)
    assert health.of(settings(status, last_sync), max_age, NOW) == (code, message)


@pytest.mark.parametrize(
    ("options", "max_age", "code", "message"),
    [
        (["--last-sync", "13h"], [], 0, ""),
        (["--last-sync", "13h"], ["--max-age", "14h"], 0, ""),
        (["--last-sync", "13h"], ["--max-age", "12h"], 4, "the last completed sync is 13 h .*, more than 12 h"),
        (["--last-sync", "13h"], ["--max-age=9h60m"], 4, "the last completed sync is 13 h .*, more than 10 h"),
        (["--last-sync", "13h"], ["--max-age", "1d"], 0, ""),
        (["--last-sync", "never"], ["--max-age", "12h"], 4, "no sync has completed yet"),
        (["--idle-status", "failed"], [], 10, "the last sync failed: status failed for 1 d.*, since .* UTC"),
        (["--idle-status", "failed"], ["--max-age", "12h"], 10, "the last sync failed: status failed for 1 d.*"),
        (["--clock-offset=-13h", "--last-sync", "1m"], ["--max-age", "12h"], 4, "the last completed sync is 13 h .*"),
    ],
)
def test_status_is_a_health_check(
    start: Start, options: list[str], max_age: list[str], code: int, message: str
) -> None:
    start(*options)
    ran, found = Ran("status", *max_age), Ran("status", *max_age, "--json").json()
    assert ran.code == found["exit_code"] == code
    assert ran.out.startswith("status: ") and re.fullmatch(message and f"autopilot-sync: {message}\n", ran.err)
    assert re.fullmatch(message or "status completed, last sync .* ago.", found["message"])
    assert (found["result"], found["settings"]["last_sync"] is None) == (0, found["settings"]["last_sync_age"] is None)


def test_json_has_the_age_of_the_last_sync(start: Start) -> None:
    start("--last-sync", "2h")
    assert 7200 <= Ran("status", "--json").json()["settings"]["last_sync_age"] < 7200 + 600
    start("--clock-offset", "1h", "--last-sync", "1m")  # this machine's clock is behind
    assert Ran("status", "--json").json()["settings"]["last_sync_age"] == 0


def test_what_may_be_synchronised_at_once_is_said(emulator: Emulator) -> None:
    assert "next possible:    now\n" in Ran("status").out


@pytest.mark.parametrize(
    ("options", "environment", "code", "words"),
    [
        (["--other-tokens", "forbidden"], {}, 77, "forbidden: HTTP 403"),
        (["--other-tokens", "expired"], {}, 77, "unauthorized: HTTP 401"),
        ([], {"HTTPS_PROXY": "http://127.0.0.1:1"}, 69, "cannot connect"),
        ([], {"SSL_CERT_FILE": "/nowhere.pem"}, 78, "SSL_CERT_FILE"),
        ([], {"AUTOPILOT_TOKEN": "two words"}, 66, "at offset 3"),
        ([], {"AUTOPILOT_TOKEN": ""}, 66, "the environment variable AUTOPILOT_TOKEN is not set or empty"),
    ],
)
@pytest.mark.parametrize("call", [["sync"], ["status"], ["--wait", "5"]])
def test_errors_go_to_standard_error(
    start: Start, call: list[str], options: list[str], environment: dict[str, str], code: int, words: str
) -> None:
    start(*options)
    ran = Ran(*call, **environment)
    assert (ran.code, ran.out) == (code, "") and ran.err.startswith("autopilot-sync: ") and words in ran.err


def test_an_error_says_what_follows_and_what_support_asks_for(start: Start) -> None:
    emulator = start("--other-tokens", "read-only")
    ran = Ran("sync")
    _, hint, client_request_id, request_id = ran.err.splitlines()
    assert hint == "No sync was started." and request_id.startswith("request-id: ")
    (request,) = emulator.requests()
    assert client_request_id == "client-request-id: " + dict(request["headers"])["client-request-id"]


def test_a_trigger_whose_reply_is_lost_may_have_run(start: Start) -> None:
    emulator = start(*LASTING)
    emulator.script({"fault": "lose-reply"})
    ran = Ran("sync")
    assert ran.code == 69 and "may have started a sync" in ran.err
    assert Ran("sync").code == 1


def test_every_result_has_its_documented_exit_code() -> None:
    assert [exit_code.of_answer(answer) for answer in Answer] == [0, 1, 2, 3, 0]
    assert exit_code.of_answer(Answer(99)) == ExitCode.OK
    codes = {result: exit_code.of_error(error_of(detail(result))) for result in (*range(-13, 0), -77)}
    assert codes == {
        **dict.fromkeys((-2, -3, -4, -6, -10, -77), 69),
        **{-1: 66, -5: 130, -7: 77, -8: 77, -9: 65, -11: 10, -12: 70, -13: 78},
    }


@pytest.mark.parametrize(
    ("status", "code"),
    [*((one, 65) for one in (400, 404, 405, 410, 499)), *((one, 69) for one in (302, 408, 409, 429, 500, 503))],
)
def test_only_what_can_heal_is_worth_a_new_try(status: int, code: int) -> None:
    assert exit_code.of_error(error_of(detail(-9, status))) == code


@pytest.mark.parametrize("call", [["sync"], ["status"], ["--wait", "60"]])
@pytest.mark.parametrize("status", [400, 404])
def test_a_final_status_has_its_own_exit_code(emulator: Emulator, call: list[str], status: int) -> None:
    emulator.script({"answer": {"error": status}})
    ran = Ran(*call, "--json")
    assert (ran.code, ran.json()["status_code"]) == (65, status)


def test_help_and_documentation_have_every_exit_code_and_option() -> None:
    ran = Ran("--help")
    assert (ran.code, ran.err) == (0, "")
    codes = ran.out.partition("exit codes:\n")[2]
    assert {int(code): words for code, words in re.findall(r"^ +(\d+)  (.+)$", codes, re.M)} == {
        code.value: code.meaning for code in ExitCode
    }
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| yes \|", EXIT_CODES, re.M)
    assert {int(code): words for code, words in rows} == {code.value: code.meaning for code in ExitCode}
    options = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", ran.out, re.M))
    assert options >= {"--wait", "--many", "--token-file", "--cloud", "--json", "--verbose", "--version"}
    assert "--token" not in options
    assert max(map(len, ran.out.splitlines())) <= 120


def test_the_version() -> None:
    assert Ran("--version").told == (0, f"autopilot-sync {__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--token", SECRET], "argument --token: others can see arguments: use --token-env or --token-file"),
        ([f"--token={SECRET}"], "argument --token: others can see arguments"),
        (["--tok", SECRET], "there is no option --tok: did you mean --token"),
        (["--wiat"], "there is no option --wiat: did you mean --wait? See"),
        (["--frobnicate", "--wiat"], "there is no option --frobnicate, --wiat. See"),
        (["sync", "--tok", SECRET], "there is no option --tok"),
        (["sync", f"--tok={SECRET}"], "there is no option --tok"),
        ([SECRET], "the commands are sync, status, doctor, completion, help. See"),
        (["statsu"], "there is no command statsu: did you mean status? See"),
        (["frobnicate"], "there is no command frobnicate: the commands are sync, "),
        (["completion"], "completion takes one of bash, zsh, fish, powershell. See"),
        (["completion", "bsah"], "completion takes one of bash, zsh, fish, powershell: did you mean bash? See"),
        (["completion", "bash", "zsh"], "completion takes one of"),
        (["completion", "bash", "--many", "x"], "completion does not take --many"),
        (["sync", SECRET], "give one command only"),
        (["sync", f"-t{SECRET}"], "there is no such option"),
        (["sync", f"--token{SECRET}"], "there is no such option"),
        (["sync", f"--token-env{SECRET}", "--tok"], "there is no option --tok: did you mean --token"),
        (["-pPassword0123"], "there is no such option"),
        ([f"--json={SECRET}"], "argument --json: takes no value"),
        ([f"--verbose={SECRET}"], "takes no value"),
        (["--cloud", SECRET], "argument --cloud: one of global, us-government, us-government-dod, china"),
        (["--cloud", "chyna"], "argument --cloud: chyna: one of global, us-government, us-government-dod, china: did you"
         " mean china? See"),
        (["--output", "yaml"], "argument --output: yaml: one of json, table, tsv. See"),
        (["--wait", SECRET], "argument --wait: not a duration, such as 30m, 90s, 1h30m or a number of seconds."),
        (["--wait", "3x"], "argument --wait: 3x: not a duration, such as 30m, 90s, 1h30m or a number of seconds."),
        (["--wait", "nan"], "argument --wait: nan: not a duration"),
        (["--wait", "0"], "from 1 millisecond to 24 hours"),
        (["--wait", "24h1s"], "from 1 millisecond to 24 hours"),
        (["--timeout", "86401"], "from 1 millisecond to 24 hours"),
        (["--jobs", "0", "--many", "x"], "from 1 to 1000"),
        (["--jobs", "2"], "--jobs needs --many"),
        (["status", "--wait"], "status does not take --wait"),
        (["status", "--since", "start"], "status does not take --since"),
        *((["--since", time], "not a time: start, a span such as 10m, or a time with its zone") for time in NO_TIMES),
        (["--since=2026-02-30T08:00Z"], ": there is no such time"),
        (["--since=2026-02-03T24:00Z"], ": there is no such time"),
        (["--since=0h"], "argument --since: 0h: that is no time ago: say start"),
        (["--since=1999-12-31T23:59Z"], "1999-12-31T23:59Z: from the year 2000 to five minutes from now"),
        (["--since=999999999d"], "argument --since: 999999999d: from the year 2000 to five minutes from now"),
        (["--since=2999-01-01T00:00Z"], "2999-01-01T00:00Z: from the year 2000 to five minutes from now"),
        (["--max-age", "12h"], "sync does not take --max-age"),
        *((["status", f"--max-age={age}"], "not an age, such as 90m, 12h, 2d, 1h30m or a number") for age in AGES),
        (["--client-id", "x"], "--client-id needs --device-code or --browser"),
        (["--azure-cli", "--client-id", "x"], "--client-id needs --device-code or --browser"),
        (["--tenant-id", "x"], "--tenant-id needs --device-code, --browser or --azure-cli"),
        (["--browser", "--device-code"], "not allowed with"),
        (["--many", "x", "--azure-cli"], "the file says where"),
        (["--azure-cli", "--token-file", "x"], "not allowed with"),
        (["--proxy", SECRET], "argument --proxy: it has neither a scheme nor a port."),
        ([f"--proxy={SECRET}", "status"], "argument --proxy: it has neither"),
        (["--proxy", "ftp://user:password0123@proxy"], "its scheme is not supported"),
        (["--token-file"], "expected one argument"),
        (["--token-file", ""], "argument --token-file: it is empty"),
        (["--token-env", ""], "argument --token-env: it is empty"),
        (["--token-env="], "argument --token-env: it is empty"),
        (["--many", ""], "argument --many: it is empty"),
    ],
)
def test_wrong_arguments_are_refused_and_not_repeated(emulator: Emulator, arguments: list[str], words: str) -> None:
    ran = Ran(*arguments)
    assert (ran.code, ran.out) == (64, "") and ran.err.startswith("autopilot-sync: ") and words in ran.err
    assert len(ran.err.splitlines()) == 1 and "password0123" not in ran.err.lower()
    assert emulator.requests() == []


@pytest.mark.parametrize("token", [SECRET, SECRET * 50])
@pytest.mark.parametrize(
    ("kind", "words"),
    [("env", "the environment variable given for the token is not set or empty"), ("file", "the token file: ")],
)
def test_a_token_in_the_place_of_its_place_is_not_repeated(
    emulator: Emulator, tmp_path: Path, kind: str, words: str, token: str
) -> None:
    (tmp_path / "tenants.txt").write_text(f"a {kind}:{token}")
    for option, given in ((f"--token-{kind}", token), ("--many", str(tmp_path / "tenants.txt"))):
        ran, as_json = Ran(option, given), Ran(option, given, "--json").json()
        assert ran.code == as_json["exit_code"] == 66
        assert words in ran.out + ran.err and words in as_json["message"]
    assert emulator.requests() == []


@pytest.mark.parametrize("token", [SECRET, SECRET * 50, "." + SECRET, SECRET[:20] + "/" + SECRET])
@pytest.mark.parametrize(
    ("option", "code", "words"),
    [
        ("--many", 66, "the file of --many: [A-Z][a-z ]+"),
        ("--ca-file", 78, "the file of --ca-file: [A-Z][a-z ]+"),
    ],
)
def test_a_token_in_the_place_of_a_file_is_not_repeated(
    emulator: Emulator, option: str, code: int, words: str, token: str
) -> None:
    for call in ([], ["status"], ["--wait", "-v"])[: 1 if option == "--many" else 3]:
        ran, as_json = Ran(*call, option, token), Ran(*call, option, token, "--json")
        assert (ran.code, ran.out) == (code, "") and re.match(f"autopilot-sync: {words}\n", ran.err)
        assert as_json.code == code and re.fullmatch(words, as_json.json()["message"])
    assert emulator.requests() == []


@pytest.mark.parametrize("option", ["--many", "--ca-file"])
def test_the_path_of_a_file_that_is_there_is_told(emulator: Emulator, tmp_path: Path, option: str) -> None:
    (tmp_path / "wrong").write_text("nothing of use")
    assert str(tmp_path / "wrong") in Ran(option, str(tmp_path / "wrong")).err


@pytest.mark.parametrize("arguments", [["status", "--json"], ["--json", "status"]])
def test_options_stand_on_either_side_of_the_command(emulator: Emulator, arguments: list[str]) -> None:
    assert Ran(*arguments).json()["settings"]["status"] == "COMPLETED"


def test_json_has_all_that_is_known(emulator: Emulator) -> None:
    found = Ran("--json").json()
    (request,) = emulator.requests()
    (attempt,) = found.pop("attempts")
    assert {"connect", "request", "reply"} <= {event["topic"] for event in found.pop("trace")}
    assert attempt["client_request_id"] == dict(request["headers"])["client-request-id"] and attempt["request_id"]
    assert found == {
        "exit_code": 0,
        "name": "ACCEPTED",
        "result": 0,
        "result_name": "AUTOPILOT_OK",
        "message": "the service accepted the trigger",
        "status_code": 204,
        "error": None,
        "retry_after": None,
        "trigger": "ACCEPTED",
        "why_unknown": None,
        "claims": None,
        "settings": None,
    }


def test_a_table_has_names_and_aligned_columns(start: Start) -> None:
    start("--last-sync", "1h")
    ran = Ran("status", "--output", "table")
    names, row = ran.out.splitlines()
    assert names.split() == ["name", "exit_code", "status", "last_sync", "next_sync", "message"]
    assert row.startswith("OK    0          COMPLETED  20") and names.index("message") == row.index("status completed")


def test_tsv_has_the_columns_without_names(start: Start) -> None:
    start("--other-tokens", "forbidden")
    ran = Ran("sync", "--output", "tsv")
    (row,) = ran.out.splitlines()
    name, code, *unknown, message = row.split("\t")
    assert (ran.code, name, code, unknown) == (77, "FORBIDDEN", "77", ["", "", ""]) and message.startswith("forbidden: HTTP 403")


def test_a_joined_sync_has_completed_too(start: Start) -> None:
    emulator = start(*LASTING)
    assert Ran("sync").code == 0
    program = begun("--wait")
    emulator.await_requests(3)  # the trigger, and two readings of a sync that runs
    emulator.advance("1h")
    out, err = program.communicate()
    assert (program.returncode, out, err) == (1, "COMPLETED: a sync that was already running completed\n", "")


def test_a_status_that_fails_tells_of_no_trigger(start: Start) -> None:
    start("--other-tokens", "forbidden")
    assert "No sync" not in Ran("status").err and "No sync was started." in Ran("sync").err


def test_json_of_a_wait_has_the_settings(start: Start) -> None:
    start("--last-sync", "1m", "--last-trigger", "never", "--speed", "0")
    found = Ran("--wait", "60", "--json").json()
    assert (found["result_name"], found["trigger"]) == ("AUTOPILOT_SYNC_TOO_SOON", "REFUSED")
    assert 500 < found["retry_after"] < 600
    settings = found["settings"]
    last, following = (datetime.fromisoformat(settings[name].replace("Z", "+00:00")) for name in ("last_sync", "next_sync"))
    assert following - last == timedelta(minutes=10, seconds=10) and settings["last_manual_sync"] is None
    assert (settings["status"], settings["status_text"]) == ("COMPLETED", "completed")


def test_json_of_a_wait_that_cannot_see_the_end(start: Start) -> None:
    start("--other-tokens", "trigger-only")
    found = Ran("--wait", "60", "--json").json()
    assert (found["exit_code"], found["result_name"]) == (3, "AUTOPILOT_SYNC_UNCONFIRMED")
    assert found["why_unknown"].startswith("the settings cannot be read, forbidden: HTTP 403: ")


def test_json_of_errors(start: Start) -> None:
    start("--other-tokens", "read-only")
    refused = Ran("--json").json()
    assert (refused["result"], refused["status_code"], refused["trigger"]) == (-8, 403, "REFUSED")
    assert refused["error"]["code"] and refused["error"]["message"]
    nothing = Ran("--json", AUTOPILOT_TOKEN="").json()
    assert nothing["result"] is None and "AUTOPILOT_TOKEN is not set" in nothing["message"]
    assert Ran("--json", "--proxy", "ftp://proxy").json()["exit_code"] == 64


def test_the_document_of_json_has_its_fields(emulator: Emulator) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.partition("| field |")[2].partition("\n\n")[0], re.M)
    found = Ran("status", "--json").json()
    assert sorted([*found, *found["settings"], "tenant"]) == sorted(rows)


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_it_and_the_trigger_is_told(emulator: Emulator, name: str) -> None:
    emulator.script(HANG)
    program = begun("--json", "--timeout", "86400")
    emulator.await_requests(1)
    number = signal.Signals[name]
    program.send_signal(number)
    out, err = program.communicate()
    found = json.loads(out)
    assert program.returncode == found["exit_code"] == 128 + number
    assert (found["result"], found["trigger"]) == (-5, "MAY_HAVE_RUN")
    assert f"interrupted: by {name}" in err and "may have started a sync" in err
    assert shows_no_token(out + err)


@pytest.mark.parametrize("call", [["sync"], ["status"], ["--wait"]])
def test_a_signal_before_the_call_is_not_lost(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], call: list[str]
) -> None:
    @contextmanager
    def waiting(_display: Quiet) -> Iterator[None]:
        signal.raise_signal(signal.SIGTERM)
        yield

    monkeypatch.setattr(Quiet, "waiting", waiting)
    monkeypatch.setenv("AUTOPILOT_TOKEN", SECRET)
    assert main([*call, "--json"]) == 128 + signal.SIGTERM
    assert json.loads(capsys.readouterr().out)["message"] == "interrupted: by SIGTERM"
    assert emulator.requests() == []


def test_a_signal_after_the_call_leaves_its_result(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def waiting(_display: Quiet) -> Iterator[None]:
        yield
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Quiet, "waiting", waiting)
    monkeypatch.setenv("AUTOPILOT_TOKEN", SECRET)
    assert main(["sync"]) == 0
    assert capsys.readouterr().out == "ACCEPTED: the service accepted the trigger\n"


def test_a_second_signal_does_not_wait_for_what_the_first_ends() -> None:
    before, ended = signal.getsignal(signal.SIGINT), []
    with interruption.ends(lambda: ended.append(True)) as seen:
        signal.raise_signal(signal.SIGTERM)
        assert (ended, seen.signal) == ([True], signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert ended == [True] and signal.getsignal(signal.SIGINT) is before


@posix
def test_a_signal_that_is_ignored_stays_ignored(emulator: Emulator) -> None:
    emulator.script({"on": "POST", "delay": "500ms"})
    shell = "trap '' HUP; exec \"$@\""
    program = subprocess.Popen(["sh", "-c", shell, "sh", *command("sync")], env=variables(), stdout=subprocess.PIPE)
    emulator.await_requests(1)
    program.send_signal(signal.SIGHUP)
    assert program.communicate()[0] == b"ACCEPTED: the service accepted the trigger\n" and program.returncode == 0


def test_verbose_tells_the_steps_and_the_calls(start: Start) -> None:
    emulator = start(*LASTING)
    program = begun("--wait", "-v")
    assert program.stderr is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("The sync is running, next reading in "):
        lines.append(program.stderr.readline())
        assert lines[-1]
    emulator.advance("1h")
    out, rest = program.communicate()
    assert out == "COMPLETED: the sync completed\n" and shows_no_token(rest)
    lines += rest.splitlines()
    call = [line for line in lines if line.startswith("sync_and_wait: ")]
    steps = [line.partition(",")[0] for line in lines if line not in call]
    assert steps[0] == "Reading how the last sync went\n" and len(steps) == len(set(steps))
    assert call[0].startswith("sync_and_wait: AUTOPILOT_OK: the sync completed (client-request-id ")
    topics = [line.split()[3] for line in call[1:]]
    assert {"connect:", "request:", "reply:", "reading:"} <= set(topics)


@posix
def test_a_result_that_cannot_be_written_is_an_error(emulator: Emulator) -> None:
    with open("/dev/full", "w") as full:
        answer = subprocess.run(command("sync"), env=variables(), stdout=full, stderr=subprocess.PIPE, text=True)
    assert (answer.returncode, answer.stderr) == (74, "autopilot-sync: standard output: No space left on device\n")


def test_the_way_is_the_options(start: Start) -> None:
    emulator = start("--proxy-credentials", "user:password0123")
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "SSL_CERT_FILE": "/nowhere.pem"}
    ran = Ran("--cloud", "china", "--proxy", emulator.proxy, "--ca-file", emulator.ca_file, **nowhere)
    assert ran.told == (0, "ACCEPTED: the service accepted the trigger\n", "")
    assert emulator.requests()[0]["host"] == Cloud.CHINA.root.replace("https://", "")


def test_the_time_out_is_the_options(emulator: Emulator) -> None:
    emulator.script({**HANG, "times": 9})
    ran = Ran("status", "--timeout", "0.5", "--json")
    assert ran.json()["result_name"] == "AUTOPILOT_ERROR_TIMEOUT" and ran.code == 69


def test_nothing_imports_it_and_it_imports_no_rich_when_piped() -> None:
    from test_import import imported

    assert not any("_cli" in name for name in imported("from autopilot_sync import *"))
    shown = "from autopilot_sync._cli import output; output.display(True); output.printer(None)"
    modules = imported(shown)
    assert "autopilot_sync._cli.display" in modules and not any(name.startswith("rich") for name in modules)


def test_a_fault_of_the_program_is_not_taken_for_a_credentials() -> None:
    assert exit_code.of_error(ZeroDivisionError()) == ExitCode.FAULT



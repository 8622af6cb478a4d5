"""The command line for many tenants, without a terminal."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import Fleet
from autopilot_sync._cli import report, tenants
from autopilot_sync._cli.main import main
from azure.identity import CredentialUnavailableError
from command import LASTING, Ran, begun, shows_no_token
from conftest import HANG, SECRET, Start, posix

TENANTS = ("--token", "token-of-a:tenant=a", "--token", "token-of-b:forbidden:tenant=b")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three tenants, whose tokens come from three kinds of places."""
    (tmp_path / "a.token").write_text("token-of-a\n")
    path = tmp_path / "tenants.txt"
    path.write_bytes(
        b"# a comment, and an empty line\n\n"
        b"contoso   file:a.token\n"
        b"\tfabrikam env:FABRIKAM\r\n"
        b"adatum azure:AzureCliCredential tenant_id=adatum.example\n"
    )
    return path


def test_each_tenant_has_its_line(start: Start, file: Path, az: Path) -> None:
    start(*TENANTS)
    ran = Ran("--many", str(file), FABRIKAM="token-of-b")
    assert (ran.code, ran.err) == (77, "")
    names = [line.split(": ")[:2] for line in ran.out.splitlines()]
    assert sorted(names) == [["adatum", "ACCEPTED"], ["contoso", "ACCEPTED"], ["fabrikam", "FORBIDDEN"]]
    assert "--tenant adatum.example" in az.read_text()


def test_the_highest_exit_code_is_that_of_all(start: Start, file: Path, az: Path) -> None:
    emulator = start(*LASTING)
    codes = sorted([Ran("--many", str(file), FABRIKAM="token").code, Ran("--many", str(file), FABRIKAM="token").code])
    assert codes == [1, 1]  # one tenant for the emulator: one call is accepted, and the others meet its sync
    emulator.advance("1h")
    assert Ran("--many", str(file), FABRIKAM="token").code == 2
    assert Ran("--many", str(file)).code == 66


def test_json_is_a_line_for_each(start: Start, file: Path, az: Path) -> None:
    start(*TENANTS)
    ran = Ran("--many", str(file), "--json", FABRIKAM="token-of-b")
    found = {one["tenant"]: one for one in map(json.loads, ran.out.splitlines())}
    assert {name: one["exit_code"] for name, one in found.items()} == {"contoso": 0, "fabrikam": 77, "adatum": 0}
    assert found["fabrikam"]["result_name"] == "AUTOPILOT_ERROR_FORBIDDEN" and ran.code == 77


def test_tsv_is_a_row_for_each(start: Start, file: Path, az: Path) -> None:
    start(*TENANTS)
    ran = Ran("--many", str(file), "--output", "tsv", FABRIKAM="token-of-b")
    rows = sorted(line.split("\t")[:3] for line in ran.out.splitlines())
    assert rows == [["adatum", "ACCEPTED", "0"], ["contoso", "ACCEPTED", "0"], ["fabrikam", "FORBIDDEN", "77"]]


def test_a_table_has_a_row_for_each_at_the_end(start: Start, file: Path, az: Path) -> None:
    start(*TENANTS)
    ran = Ran("--many", str(file), "--output", "table", FABRIKAM="token-of-b")
    names, *rows = ran.out.splitlines()
    assert names.split() == ["tenant", "name", "exit_code", "status", "last_sync", "next_sync", "message"]
    assert sorted(row.split()[:3] for row in rows)[2] == ["fabrikam", "FORBIDDEN", "77"]
    assert len({row.index(code) for row, code in zip(rows, (" 0 " if "ACC" in row else " 77 " for row in rows))}) == 1


def test_it_waits_for_each(start: Start, file: Path, az: Path) -> None:
    start(*TENANTS, "--duration", "1s")
    ran = Ran("--many", str(file), "--wait", "--jobs", "3", FABRIKAM="token-of-b")
    assert "contoso: COMPLETED: the sync completed" in ran.out and "adatum: COMPLETED: the sync completed" in ran.out


def test_tenants_that_have_synced_since_the_change_are_not_triggered(start: Start, file: Path, az: Path) -> None:
    emulator = start(*TENANTS, "--last-sync", "1h")
    ran = Ran("--many", str(file), "--since", "2h", FABRIKAM="token-of-c")
    up_to_date = "UP_TO_DATE: a sync has completed since"
    assert (ran.code, ran.err) == (0, "")
    assert sorted(ran.out.splitlines()) == [f"{name}: {up_to_date}" for name in ("adatum", "contoso", "fabrikam")]
    assert {request["method"] for request in emulator.requests()} == {"GET"}


def test_the_health_of_all_is_that_of_the_worst(start: Start, tmp_path: Path) -> None:
    start(*TENANTS, "--last-sync", "13h")
    (tmp_path / "tenants.txt").write_text("a env:A\nb env:B\n")

    def checked(*options: str, **tokens: str) -> tuple[int, list[str]]:
        ran = Ran("status", "--many", str(tmp_path / "tenants.txt"), *options, **tokens)
        assert ran.err == ""
        return ran.code, sorted(line.partition(": ")[2].partition(" (")[0][:40] for line in ran.out.splitlines())

    good = "OK: status completed, last sync 20"
    old = "TOO_OLD: the last completed sync is 13 h"
    code, lines = checked(A="token-of-a", B="token-of-c")
    assert code == 0 and [line[: len(good)] for line in lines] == [good, good]
    assert checked("--max-age", "12h", A="token-of-a", B="token-of-c") == (4, [old, old])
    code, lines = checked("--max-age", "12h", A="token-of-a", B="token-of-b")
    assert code == 77 and lines[0].startswith("FORBIDDEN: ") and lines[1] == old


def test_the_health_of_all_in_json(start: Start, file: Path, az: Path) -> None:
    emulator = start(*TENANTS, "--last-sync", "3h", "--idle-status", "failed")
    ran = Ran("status", "--many", str(file), "--json", "--jobs", "1", FABRIKAM="token-of-b")
    found = {one["tenant"]: (one["exit_code"], one["result"]) for one in map(json.loads, ran.out.splitlines())}
    assert found == {"contoso": (10, 0), "fabrikam": (77, -8), "adatum": (10, 0)} and ran.code == 77
    assert [request["method"] for request in emulator.requests()] == ["GET"] * 3


def test_one_job_is_one_connection(start: Start, file: Path, az: Path) -> None:
    emulator = start()
    Ran("--many", str(file), "--jobs", "1", FABRIKAM="token")
    assert [request["connection"] for request in emulator.requests()] == [1, 1, 1]


def test_the_file_may_be_standard_input(emulator: Emulator) -> None:
    ran = Ran("--many", "-", text="a env:AUTOPILOT_TOKEN")
    assert ran.told == (0, "a: ACCEPTED: the service accepted the trigger\n", "")


@posix
def test_ctrl_c_tells_of_each_tenant(start: Start, file: Path) -> None:
    emulator = start(*TENANTS)
    emulator.script({"token": "token-of-a", **HANG})
    file.write_text("a file:a.token\nb env:B\nc file:a.token\n")
    program = begun("--many", str(file), "--jobs", "1", "--json", "--timeout", "86400", B="token-of-b")
    emulator.await_requests(1)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate()
    found = [json.loads(line) for line in out.splitlines()]
    assert (program.returncode, err) == (130, "")
    told = [(one["tenant"], one["exit_code"], one["trigger"], len(one["attempts"])) for one in found]
    assert sorted(told) == [("a", 130, "MAY_HAVE_RUN", 1), ("b", 130, "NOT_SENT", 0), ("c", 130, "NOT_SENT", 0)]
    messages = {one["tenant"]: one["message"] for one in found}
    assert messages["a"].startswith("interrupted: by SIGINT. The trigger was sent and may have started a sync.")
    assert messages["b"] == messages["c"] == "interrupted: by SIGINT. No sync was triggered."
    assert shows_no_token(out)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_file_is_read_ends_it(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    monkeypatch.setattr("autopilot_sync._cli.tenants.read", lambda _path: signal.raise_signal(number))
    assert main(["--many", "file", "--json"]) == 128 + number
    found = json.loads(capsys.readouterr().out)
    assert (found["exit_code"], found["message"]) == (128 + number, f"interrupted: by {number.name}")


@posix
def test_a_signal_while_the_calls_begin_is_told_of_each_tenant(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The signal comes between the adding of the two."""
    emulator.script({**HANG, "times": 9})
    (tmp_path / "tenants.txt").write_text("a env:A\nb env:B\n")
    monkeypatch.setenv("A", "token")
    add = Fleet.add

    def interrupted(fleet: Fleet, *arguments: Any, **more: Any) -> None:
        add(fleet, *arguments, **more)
        if arguments[0] == "a":
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Fleet, "add", interrupted)
    assert main(["--many", str(tmp_path / "tenants.txt"), "--timeout", "86400"]) == 128 + signal.SIGTERM
    lines = sorted(capsys.readouterr().out.splitlines())
    assert [line.partition(". ")[0] for line in lines] == ["a: INTERRUPTED: by SIGTERM", "b: INTERRUPTED: by SIGTERM"]


MANY = 50
"""So many that those that go well are only counted."""


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Many tenants, one of which the service refuses. One more has no token."""
    path = tmp_path / "large.txt"
    good = "".join(f"t{number} env:GOOD\n" for number in range(MANY - 2))
    path.write_text(f"{good}refused env:BAD\nlacking env:NONE\n")
    return path


def test_of_many_tenants_the_failures_are_listed_and_the_rest_is_counted(start: Start, large: Path) -> None:
    start(*TENANTS, "--last-sync", "1h")
    ran = Ran("--many", str(large), "--since", "2h", GOOD="token-of-a", BAD="token-of-b")
    lines = ran.out.splitlines()
    assert (ran.code, ran.err) == (77, "")
    assert sorted(line.split(": ")[0] for line in lines[:2]) == ["lacking", "refused"]
    assert [line.split() for line in lines[2:]] == [["1", "FORBIDDEN"], ["1", "NO_TOKEN"], ["48", "UP_TO_DATE"]]


def test_json_has_a_line_for_each_of_many(start: Start, large: Path) -> None:
    start(*TENANTS)
    ran = Ran("status", "--many", str(large), "--json", GOOD="token-of-a", BAD="token-of-b")
    codes = {one["tenant"]: one["exit_code"] for one in map(json.loads, ran.out.splitlines())}
    assert len(codes) == MANY and codes.pop("refused") == 77 and codes.pop("lacking") == 66
    assert set(codes.values()) == {0}


@posix
def test_ctrl_c_counts_what_became_of_many(start: Start, large: Path) -> None:
    emulator = start(*TENANTS, *LASTING)
    program = begun("--many", str(large), "--wait", GOOD="token-of-a", BAD="token-of-b")
    posts = [0]
    while len(posts) < MANY - 1:
        posts = [1 for request in emulator.requests() if request["method"] == "POST" and request["reply"]]
    program.send_signal(signal.SIGINT)
    out, err = program.communicate()
    counts = {line.strip().partition(" ")[2]: int(line.split()[0]) for line in out.splitlines()[2:]}
    assert (program.returncode, err) == (130, "")
    accepted = "The sync was accepted earlier and goes on without this program."
    joined = "The running sync goes on without this program."
    assert counts[f"INTERRUPTED: by SIGINT. {accepted}"] == 1
    assert counts[f"INTERRUPTED: by SIGINT. {joined}"] == MANY - 3
    assert sum(counts.values()) == MANY


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it names no tenant"),
        ("# none yet", "it names no tenant"),
        ("a env:A\na env:B", "line 2: a is there already"),
        ("a", "line 1: expected NAME env:VARIABLE, NAME file:PATH or NAME azure:CREDENTIAL"),
        ("\n\na\n", "line 3: expected NAME"),
        ('{"a": {"token_env": "A"}}', "line 1: expected NAME"),
        (SECRET, "line 1: expected NAME"),
        (f"a {SECRET}", "line 1: expected NAME"),
        (f"a token:{SECRET}", "line 1: expected NAME"),
        (f"{SECRET} env:A\n{SECRET} env:B", "line 2: (a long name) is there already"),
        (f"a azure:{SECRET}", "line 1: azure.identity has no credential (a long name)"),
        (f"a azure:AzureCliCredential {SECRET}", "line 1: after azure:AzureCliCredential, expected NAME=VALUE"),
        ("a/b env:A", "line 1: expected NAME"),
        ("a env:", "line 1: expected NAME"),
        ("a file:", "line 1: expected NAME"),
        ("a file:-", "line 1: a tenant's token cannot come from standard input"),
        ("a azure:NoSuchCredential", "line 1: azure.identity has no credential NoSuchCredential"),
        ("a azure:ClientSecretCredential", "line 1: ClientSecretCredential: "),
        ("a azure:AzureCliCredential nonsense=1", "nonsense"),
        (b"\xff", "codec can't decode"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_is_sent(emulator: Emulator, tmp_path: Path, content: Any, words: str) -> None:
    path = tmp_path / "wrong.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = Ran("--many", str(path))
    assert (ran.code, ran.out) == (66, "") and ran.err.startswith(f"autopilot-sync: {path}: ") and words in ran.err
    assert Ran("--many", str(path), "--json").json()["result"] is None
    assert emulator.requests() == []


def test_the_documented_lines_are_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "fleets.md").read_text("utf-8")
    lines = re.findall(r"^\| `(\w+ (?:env|file|azure):.*?)` \|", page, re.M)
    (tmp_path / "tenants.txt").write_text("\n".join(lines))
    assert list(tenants.read(str(tmp_path / "tenants.txt"))) == ["contoso", "fabrikam", "adatum"]


def test_a_file_that_is_not_there_is_refused() -> None:
    assert "No such file" in Ran("--many", "/nowhere.txt").err


def test_without_azure_identity_nothing_is_begun(emulator: Emulator, file: Path) -> None:
    ran = Ran("--many", str(file), without="azure.identity")
    assert ran.code == 66 and "line 5: azure-identity is not installed: pip install azure-identity" in ran.err
    assert emulator.requests() == []


def test_an_error_of_many_lines_is_one_of_them_on_a_tenants_line() -> None:
    error = CredentialUnavailableError(message="nobody is signed in\nTo mitigate this, ...")
    assert report.of_error(error, "a").line == "nobody is signed in"


def test_a_wrong_option_is_refused(emulator: Emulator, file: Path, az: Path) -> None:
    assert Ran("--many", str(file), "--proxy", "ftp://proxy").code == 64

"""A wait that is shown in one line."""

from __future__ import annotations

import sys
from contextlib import closing
from types import SimpleNamespace

import pytest
from autopilot_sync import Answer, Client, ForbiddenError
from conftest import Start, ago, environment, posix

QUICK = ("--duration", "1s", "--start-delay", "0s")
PROGRAM = """
from autopilot_sync import Client
print(Client("token").sync_and_wait(progress=True))
"""


class Handle:
    """What IPython's display returns."""

    def __init__(self, shown: list[str]) -> None:
        self._shown = shown

    def update(self, shown: dict[str, str], *, raw: bool) -> None:
        assert raw
        self._shown[-1] += f"|{shown['text/plain']}"


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The outputs of a notebook's cell, whose kernel is a stand-in. Updates of an output come after a bar."""
    outputs: list[str] = []

    def display(shown: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert raw and display_id
        outputs.append(shown["text/plain"])
        return Handle(outputs)

    shell = SimpleNamespace(kernel=None)
    module = SimpleNamespace(get_ipython=lambda: shell, display=SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", module)
    return outputs


def test_a_notebook_has_one_output_that_changes(start: Start, notebook: list[str]) -> None:
    start(*QUICK)
    assert Client("token").sync_and_wait(progress=True).answer is Answer.ACCEPTED
    (output,) = notebook
    first, *_, before_last, last = output.split("|")
    assert first == "Reading how the last sync went (0 s)" and before_last.startswith("The sync is ")
    assert last.startswith("The wait has ended (")


def test_a_wait_that_fails_ends_its_line_too(start: Start, notebook: list[str]) -> None:
    start("--other-tokens", "forbidden")
    with pytest.raises(ForbiddenError):
        Client("token").sync_and_wait(60, True)
    assert notebook[0].endswith("|The wait has ended (0 s)")


@posix
def test_a_terminal_has_one_line_that_disappears(start: Start) -> None:
    from terminal import Terminal

    emulator = start("--duration", "1h", "--start-delay", "0s")
    with closing(Terminal([sys.executable, "-c", PROGRAM], environment(), columns=40)) as terminal:
        line = terminal.until("The sync is running, next reading in ")
        assert len(line.splitlines()) == 1 and len(line) < 40
        emulator.advance("1h")
        assert terminal.finish() == 0 and terminal.text == "the sync completed"


def test_elsewhere_it_shows_nothing(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start(*QUICK)
    assert Client("token").sync_and_wait(progress=True).answer is Answer.ACCEPTED
    assert Client("token").sync_since(ago(hours=1), progress=False).answer is Answer.UP_TO_DATE
    assert capsys.readouterr() == ("", "")

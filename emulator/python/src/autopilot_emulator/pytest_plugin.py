"""The fixture `autopilot_emulator`, and the marker of the same name for its options."""

from __future__ import annotations

from typing import Iterator

import pytest

from autopilot_emulator import Emulator


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "autopilot_emulator(*options): the options of the test's emulator")


@pytest.fixture
def autopilot_emulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator of the test's own. HTTPS_PROXY and SSL_CERT_FILE lead clients and child processes to it."""
    marker = request.node.get_closest_marker("autopilot_emulator")
    with Emulator(*(marker.args if marker else ())) as emulator:
        lead(monkeypatch, emulator)
        yield emulator


def lead(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    """Changes this process's environment so that it leads to the emulator."""
    for name in emulator.misleading:
        monkeypatch.delenv(name, raising=False)
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)

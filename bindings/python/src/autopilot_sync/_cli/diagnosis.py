"""What `doctor` finds: the stages of a call, in their order, and the first fault."""

from __future__ import annotations

import json
import textwrap
from itertools import chain, repeat

from .._values import Record
from ..exceptions import (
    AutopilotError,
    ClientAuthenticationError,
    ConfigurationError,
    ForbiddenError,
    UnexpectedResponseError,
)
from ..settings import SyncStatus
from . import exit_code, formatting
from .exit_code import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..detail import Detail
    from ..reading import Reading

WAY = {
    "proxy": ("proxy",),
    "look-up": ("look-up",),
    "connection": ("connect", "tunnel"),
    "TLS": ("trust", "tls", "certificate"),
}
"""The stages of the way to the service, and the topics of the trace that belong to each."""
NARROW = 60
"""On a screen that has fewer columns, a stage is above what was found."""
STAGES = ("environment", *WAY, "token", "permission", "settings", "window")
TOKENS = "https://github.com/autopilot-sync/autopilot-sync/blob/main/docs/tokens.md"
ADVICE = {
    "environment": "Correct what the message names. If it is a variable, you may also unset it.",
    "proxy": "Correct the proxy's address, or unset the variable if this machine needs no proxy.",
    "look-up": "Check the spelling, and look the name up on this machine with nslookup. If it is the proxy's name, correct"
    " HTTPS_PROXY. If this machine reaches the internet only through a proxy, set HTTPS_PROXY.",
    "connection": "With a proxy: check its address, user name and password in HTTPS_PROXY, and have it allow this"
    " connection. Without one: have the firewall allow it, or set HTTPS_PROXY if this machine needs a proxy.",
    "TLS": "If the issuer is your organisation's, put its certificate into a PEM file, and set SSL_CERT_FILE to that."
    " If the certificate is for another name, sign in to the network first, and do not trust it."
    " If it has expired, check this machine's clock.",
    "token": f"Do what the message says, or get a new token: {TOKENS}",
    "permission": "To trigger a sync, the token needs DeviceManagementServiceConfig.ReadWrite.All, with admin consent;"
    " Read.All is enough for status only. A user also needs a role in Intune, and the tenant an Intune licence. After the"
    f" change, get a new token: {TOKENS}#what-do-i-do-about-a-401-or-403",
    "settings": "Try again in some minutes. If the fault stays, give Microsoft support the request ids above.",
}


class Finding(Record):
    """What was found at one stage. The state is "ok", "failed" or "not tried"."""

    stage: str
    state: str
    found: tuple[str, ...]


class Diagnosis:
    """Collects what is found."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self._faults: dict[str, int] = {}
        """The stages that failed, and the exit codes of their errors."""

    def add(self, stage: str, *found: str) -> None:
        self._found.setdefault(stage, []).extend(found)

    def add_way(self, detail: Detail) -> None:
        """What the trace of a call tells of the way to the service."""
        for stage, topics in WAY.items():
            found = [event.text for event in detail.trace if event.topic in topics]
            if found:
                self.add(stage, *found)

    def add_error(self, error: BaseException) -> None:
        detail = error.detail if isinstance(error, AutopilotError) else None
        if detail is not None:
            self.add_way(detail)
        ids = _ids(detail) if detail else []
        self.add_fault(self._stage(error, detail), exit_code.of_error(error), str(error).partition("\n")[0], *ids)

    def add_fault(self, stage: str, code: ExitCode, *found: str) -> None:
        self.add(stage, *found)
        self._faults[stage] = code

    def add_settings(self, settings: Reading) -> None:
        *state, (_, following) = formatting.state(settings)
        self.add("settings", *(f"{name}: {value}" for name, value in state))
        if settings.status is SyncStatus.FAILED:
            self.add_fault("settings", ExitCode.SYNC_FAILED, *_ids(settings.detail))
        self.add("window", f"the next sync is possible: {following}")

    def _stage(self, error: BaseException, detail: Detail | None) -> str:
        """The stage that an error belongs to."""
        if isinstance(error, ForbiddenError):
            return "permission"
        if isinstance(error, ClientAuthenticationError) or exit_code.of_error(error) == ExitCode.NO_TOKEN:
            return "token"
        if isinstance(error, ConfigurationError) or detail is None:
            return "environment"
        if isinstance(error, UnexpectedResponseError) and detail.attempts[-1].request_id is None:
            return "connection"  # something on the way has answered
        if any(event.topic == "reply" for event in detail.trace):
            return "settings"
        return next((stage for stage in reversed(WAY) if stage in self._found), "environment")

    @property
    def findings(self) -> list[Finding]:
        return [
            Finding(stage=stage, state=self._state(stage), found=tuple(self._found.get(stage, ()))) for stage in STAGES
        ]

    def _state(self, stage: str) -> str:
        return "failed" if stage in self._faults else "ok" if stage in self._found else "not tried"

    @property
    def _fault(self) -> str | None:
        """The first stage that failed."""
        return next((stage for stage in STAGES if stage in self._faults), None)

    @property
    def advice(self) -> str | None:
        return None if self._fault is None else ADVICE[self._fault]

    @property
    def exit_code(self) -> int:
        """0, or that of the first fault."""
        return ExitCode.OK if self._fault is None else self._faults[self._fault]

    def json(self) -> str:
        fields: dict[str, Any] = {
            "exit_code": self.exit_code,
            "advice": self.advice,
            "findings": [vars(finding) for finding in self.findings],
        }
        return json.dumps(fields)

    def lines(self, columns: int) -> list[str]:
        """For people, on a screen that is so wide."""
        lines = [line for finding in self.findings for line in _lines(finding, columns)]
        return lines if self.advice is None else [*lines, "", *_wrapped(self.advice, columns)]


def _ids(detail: Detail) -> list[str]:
    """The ids of the last request, which Microsoft support asks for."""
    last = detail.attempts[-1:]
    ours = [f"client-request-id {one.client_request_id}" for one in last]
    return ours + [f"request-id {one.request_id}" for one in last if one.request_id]


def _lines(finding: Finding, columns: int) -> list[str]:
    head = f"{finding.stage:<12}{finding.state:<11}"
    if columns < NARROW:
        return [head.rstrip(), *(f"  {line}" for found in finding.found for line in _wrapped(found, columns - 2))]
    texts = [line for found in finding.found for line in _wrapped(found, columns - len(head))]
    return [(begin + line).rstrip() for begin, line in zip(chain([head], repeat(" " * len(head))), texts or [""])]


def _wrapped(text: str, columns: int) -> list[str]:
    return textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False)

"""People sign in on the command line."""

from __future__ import annotations

import functools
import signal
from typing import Any

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import Cloud
from autopilot_sync._cli import interruption
from autopilot_sync._cli.main import main
from autopilot_sync._cli.sign_in import GRAPH_TOOLS, Person, SignIn
from azure import identity
from conftest import Start
from entra import CODE, TOKEN, Entra
from test_credential import tokens

PROMPT = f"To sign in, open https://microsoft.com/devicelogin in a browser and enter the code {CODE}\n"


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Entra:
    """Where the real credential of azure-identity signs in."""
    stand_in = Entra()
    real = functools.partial(identity.DeviceCodeCredential, transport=stand_in, disable_instance_discovery=True)
    monkeypatch.setattr(identity, "DeviceCodeCredential", real)
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    return stand_in


@pytest.mark.parametrize(
    ("options", "application", "address", "scope"),
    [
        (["sync"], GRAPH_TOOLS, "login.microsoftonline.com/organizations", "graph.microsoft.com/{}.ReadWrite.All"),
        (["status"], GRAPH_TOOLS, "login.microsoftonline.com/organizations", "graph.microsoft.com/{}.Read.All"),
        (
            ["sync", "--client-id", "mine", "--tenant-id", "contoso.example"],
            "mine",
            "login.microsoftonline.com/contoso.example",
            "graph.microsoft.com/{}.ReadWrite.All",
        ),
        (
            ["sync", "--cloud", "china"],
            GRAPH_TOOLS,
            "login.chinacloudapi.cn/organizations",
            "microsoftgraph.chinacloudapi.cn/{}.ReadWrite.All",
        ),
    ],
)
def test_a_person_signs_in_with_a_code(
    emulator: Emulator,
    entra: Entra,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    application: str,
    address: str,
    scope: str,
) -> None:
    assert main([*options, "--device-code"]) == 0
    out, err = capsys.readouterr()
    assert err == PROMPT and CODE not in out
    asked, form = entra.form("/token")
    assert asked.startswith(f"https://{address}/") and form["client_id"] == application
    wanted = scope.format("DeviceManagementServiceConfig")
    assert f"https://{wanted}" in [form for name, form in entra.forms.items() if "devic" in name][0]["scope"].split()
    assert tokens(emulator) == [len(TOKEN)]


def test_a_person_signs_in_once_for_a_wait(start: Start, entra: Entra, capsys: pytest.CaptureFixture[str]) -> None:
    start("--duration", "1s")
    assert main(["--wait", "--device-code"]) == 0
    assert capsys.readouterr() == ("COMPLETED: the sync completed\n", PROMPT)


def test_ctrl_c_ends_the_wait_for_the_person(
    emulator: Emulator, entra: Entra, capsys: pytest.CaptureFixture[str]
) -> None:
    entra.while_it_asks = lambda: signal.raise_signal(signal.SIGINT)
    assert main(["sync", "--device-code"]) == 130
    assert capsys.readouterr().err == f"{PROMPT}autopilot-sync: interrupted: by SIGINT\n"
    assert emulator.requests() == []


@pytest.mark.parametrize(
    ("name", "cloud", "given", "arguments"),
    [
        ("InteractiveBrowserCredential", None, {}, {"client_id": GRAPH_TOOLS}),
        (
            "InteractiveBrowserCredential",
            Cloud.US_GOVERNMENT,
            {"client_id": "mine", "tenant_id": "t"},
            {"client_id": "mine", "tenant_id": "t", "authority": "login.microsoftonline.us"},
        ),
        ("AzureCliCredential", Cloud.CHINA, {"tenant_id": "t"}, {"tenant_id": "t"}),
    ],
)
def test_the_arguments_of_the_credentials(
    monkeypatch: pytest.MonkeyPatch, name: str, cloud: Cloud | None, given: dict[str, str], arguments: dict[str, str]
) -> None:
    made: list[dict[str, Any]] = []
    real = getattr(identity, name)

    def make(**found: Any) -> Any:
        made.append(found)
        return real(**found)

    monkeypatch.setattr(identity, name, make)
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    sign_in = SignIn(print, interruption.Interruption(interruption.interrupt), "Read")
    found = sign_in.credential(name, cloud, given.get("client_id"), given.get("tenant_id"))
    assert made == [arguments] and isinstance(found, Person) == (name != "AzureCliCredential")

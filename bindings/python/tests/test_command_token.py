"""Where the command line gets its tokens."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import Answer, Client, Cloud, Phase, Progress
from autopilot_sync._cli.credentials import InputError, TokenFile
from autopilot_sync._cli.sign_in import azure_identity
from command import Ran, command, variables
from conftest import SECRET, Start, posix
from test_credential import tokens

ACCEPTED = (0, "ACCEPTED: the service accepted the trigger\n", "")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(SECRET + "\n")
    return path


def test_another_variable(emulator: Emulator) -> None:
    assert Ran("--token-env", "OTHER", OTHER="token", AUTOPILOT_TOKEN="").told == ACCEPTED
    assert tokens(emulator) == [len("token")]


def test_a_file(emulator: Emulator, file: Path) -> None:
    assert Ran("--token-file", str(file), AUTOPILOT_TOKEN="").told == ACCEPTED
    assert tokens(emulator) == [len(SECRET)]


def test_standard_input(emulator: Emulator) -> None:
    assert Ran("--token-file", "-", text=f"  {SECRET}\r\n", AUTOPILOT_TOKEN="").told == ACCEPTED
    assert tokens(emulator) == [len(SECRET)]


@posix
@pytest.mark.parametrize("option", ["--token-file", "--many"])
def test_without_a_standard_input_it_says_so(emulator: Emulator, option: str) -> None:
    shell = ["sh", "-c", 'exec "$@" <&-', "sh", *command(option, "-")]
    answer = subprocess.run(shell, env=variables(), capture_output=True, text=True)
    assert (answer.returncode, answer.stdout) == (66, "")
    assert answer.stderr.startswith("autopilot-sync: there is no standard input\n") and emulator.requests() == []


@posix
def test_a_pipe_gives_its_token_once(start: Start, tmp_path: Path) -> None:
    """The service refuses the token, so the client asks again, and gets the same one instead of an empty pipe."""
    emulator = start("--other-tokens", "expired")
    ran = Ran("--token-file", "/dev/stdin", text=SECRET)
    assert ran.code == 77 and "unauthorized: HTTP 401" in ran.err
    assert tokens(emulator) == [len(SECRET)]


def test_a_file_is_read_anew_for_a_new_token(start: Start, file: Path) -> None:
    emulator = start("--token", "short:requests=2")
    file.write_text("short")

    def replace(progress: Progress) -> None:
        if progress.phase is Phase.TOKEN_REJECTED:
            file.write_text("longer-lived")

    assert Client(TokenFile(str(file))).sync_and_wait(60, replace).answer is Answer.ACCEPTED
    assert set(tokens(emulator)) == {len("short"), len("longer-lived")}


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "No such file"), (b"", "is empty"), (b" \n", "is empty"), ("t\u00f6ken".encode(), "at offset 1")],
)
def test_files_without_a_token(emulator: Emulator, tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    ran = Ran("--token-file", str(tmp_path / "token"))
    assert (ran.code, ran.out) == (66, "") and words in ran.err
    assert emulator.requests() == []


@posix
def test_an_endless_file_is_no_token(emulator: Emulator) -> None:
    assert Ran("--token-file", "/dev/zero").code == 66


def test_the_azure_cli(emulator: Emulator, az: Path) -> None:
    assert Ran("--azure-cli", AUTOPILOT_TOKEN="").told == ACCEPTED
    assert tokens(emulator) == [len("cli-token")] and "https://graph.microsoft.com" in az.read_text()


def test_azure_identity(emulator: Emulator, az: Path) -> None:
    assert Ran("--azure-identity", AUTOPILOT_TOKEN="", AZURE_TOKEN_CREDENTIALS="AzureCliCredential").told == ACCEPTED
    assert tokens(emulator) == [len("cli-token")]


def test_a_credential_that_has_no_token_says_so_once(emulator: Emulator, tmp_path: Path) -> None:
    ran = Ran("--azure-cli", PATH=str(tmp_path))
    assert ran.code == 66 and ran.err.count("Azure CLI not found") == 1
    assert ran.err.startswith("autopilot-sync: ") and emulator.requests() == []


@pytest.mark.parametrize("option", ["--azure-cli", "--azure-identity"])
def test_without_azure_identity_it_says_how_to_install_it(emulator: Emulator, option: str) -> None:
    ran = Ran(option, without="azure.identity")
    assert ran.code == 66 and "pip install azure-identity" in ran.err


@pytest.mark.parametrize(
    ("cloud", "authority"),
    [
        (Cloud.GLOBAL, "login.microsoftonline.com"),
        (Cloud.US_GOVERNMENT, "login.microsoftonline.us"),
        (Cloud.US_GOVERNMENT_DOD, "login.microsoftonline.us"),
        (Cloud.CHINA, "login.chinacloudapi.cn"),
    ],
)
def test_the_authority_is_the_clouds(monkeypatch: pytest.MonkeyPatch, cloud: Cloud, authority: str) -> None:
    from azure import identity

    asked: list[str] = []

    class Default:
        def __init__(self, authority: str = "login.microsoftonline.com") -> None:
            asked.append(authority)

    monkeypatch.setattr(identity, "DefaultAzureCredential", Default)
    monkeypatch.delenv("AZURE_AUTHORITY_HOST", raising=False)
    azure_identity("DefaultAzureCredential", cloud)
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", "login.example")
    azure_identity("DefaultAzureCredential", cloud)
    assert asked == [authority, "login.microsoftonline.com"]


def test_an_error_of_many_lines_becomes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from azure import identity

    def failing() -> None:
        raise ValueError("no such authority\nTo mitigate this, ...\n")

    monkeypatch.setattr(identity, "AzureCliCredential", failing)
    with pytest.raises(InputError) as raised:
        azure_identity("AzureCliCredential")
    assert str(raised.value) == "AzureCliCredential: no such authority To mitigate this, ..."


def test_only_credentials_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("os", "AzureAuthorityHosts", "NoSuchCredential"):
        with pytest.raises(InputError, match=f"no credential {name}"):
            azure_identity(name)
    with pytest.raises(InputError, match="tenant_id"):
        azure_identity("ClientSecretCredential")



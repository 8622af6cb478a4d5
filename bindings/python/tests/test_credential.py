"""Where tokens come from, and what happens when the service refuses one."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import Answer, CallCancelledError, Client, ClientAuthenticationError, AnyCredential, Cloud, Phase, Progress
from azure.core.credentials import AccessToken, AccessTokenInfo
from azure.identity import AzureCliCredential, ChainedTokenCredential, CredentialUnavailableError
from conftest import Start

SCOPE = "https://graph.microsoft.com/.default"


class Static:
    """A credential with azure-core's older protocol. It gives these tokens in turn, then always the last one."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.asked: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked.append((scopes, options))
        return AccessToken(self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0], int(time.time()) + 3600)


class Informing(Static):
    """A credential that has the newer protocol too, like azure-identity's."""

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        return AccessTokenInfo(self.get_token(*scopes, **(options or {})).token, int(time.time()) + 3600)


def tokens(emulator: Emulator) -> list[int]:
    """The lengths of the received tokens. The emulator records nothing else about them."""
    return [int("".join(filter(str.isdigit, dict(one["headers"])["authorization"]))) for one in emulator.requests()]


def statuses(emulator: Emulator) -> list[int]:
    return [request["reply"]["status"] for request in emulator.requests()]


@pytest.mark.parametrize(
    "credential",
    ["token", lambda: "token", lambda: AccessToken("token", 0), Static("token"), Informing("token")],
)
def test_each_kind_of_credential(emulator: Emulator, credential: AnyCredential) -> None:
    assert Client(credential).sync().answer is Answer.ACCEPTED
    assert tokens(emulator) == [5]


@pytest.mark.parametrize("credential", [None, 5, b"token", object(), ["token"]])
def test_what_is_no_credential_is_a_type_error(credential: Any) -> None:
    with pytest.raises(TypeError, match="a credential is a str"):
        Client(credential)


async def asynchronous() -> str:
    return "token"


@pytest.mark.parametrize(
    ("credential", "words"), [(lambda: None, "NoneType"), (lambda: b"token", "bytes"), (asynchronous, "asynchronous")]
)
def test_a_credential_that_gives_no_token_is_a_type_error(emulator: Emulator, credential: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        Client(credential).sync()
    assert emulator.requests() == []


@pytest.mark.parametrize("cloud", Cloud)
def test_the_scope_is_the_clouds(emulator: Emulator, cloud: Cloud) -> None:
    credential = Static("token")
    Client(credential, cloud=cloud).settings()
    assert credential.asked == [((cloud.root + "/.default",), {})]


def test_the_scope_of_a_base_url(emulator: Emulator) -> None:
    credential = Static("token")
    Client(credential, base_url=emulator.direct_url + "/", proxy="").settings()
    assert credential.asked == [((emulator.direct_url + "/.default",), {})]


def test_the_newer_protocol_is_preferred(emulator: Emulator) -> None:
    credential = Informing("token")
    Client(credential).sync()
    assert credential.asked == [((SCOPE,), {"enable_cae": True})]


@pytest.mark.parametrize("kind", [Static, Informing])
def test_a_challenge_is_handed_back_once(start: Start, kind: type[Static]) -> None:
    emulator = start("--token", "old-token:challenged")
    credential = kind("old-token", "new-token-that-answers")
    assert Client(credential).sync().answer is Answer.ACCEPTED
    (_, first), (_, second) = credential.asked
    claims = second.pop("claims")
    assert isinstance(claims, str) and "access_token" in json.loads(claims)
    assert first == second
    assert statuses(emulator) == [401, 204] and tokens(emulator) == [9, 22]


def test_a_challenge_that_is_not_met_is_the_error(start: Start) -> None:
    emulator = start("--other-tokens", "challenged")
    credential = Static("first", "second", "third")
    with pytest.raises(ClientAuthenticationError) as raised:
        Client(credential).settings()
    assert raised.value.claims and "access_token" in json.loads(raised.value.claims)
    assert len(credential.asked) == 2 and len(emulator.requests()) == 2


@pytest.mark.parametrize(
    ("credential", "requests"),
    [("old", 1), (Static("old"), 1), (lambda: "old", 1), (Static("old", "new"), 2), (Static("old", "older"), 2)],
)
def test_an_expired_token_is_replaced_by_another_one(start: Start, credential: Any, requests: int) -> None:
    emulator = start("--token", "old:expired", "--token", "older:expired")
    client = Client(credential)
    if isinstance(credential, Static) and "new" in credential.tokens:
        assert client.sync().answer is Answer.ACCEPTED
    else:
        with pytest.raises(ClientAuthenticationError):
            client.sync()
    assert len(emulator.requests()) == requests


@pytest.mark.parametrize("call", [Client.sync, Client.settings, Client.sync_and_wait])
def test_what_a_credential_raises_comes_through(emulator: Emulator, call: Callable[[Client], object]) -> None:
    class Unavailable:
        def get_token(self, *scopes: str) -> AccessToken:
            raise CredentialUnavailableError(message="not here")

    client = Client(Unavailable())
    with pytest.raises(CredentialUnavailableError, match="not here"):
        call(client)
    assert emulator.requests() == []


def test_a_wait_fetches_a_new_token_when_the_old_one_expires(start: Start) -> None:
    emulator = start("--token", "short:requests=2")
    credential, phases = Static("short", "longer-lived"), []

    def until_seen_again(progress: Progress) -> bool:
        phases.append(progress.phase)
        return Phase.TOKEN_REJECTED not in phases or progress.phase is not Phase.WATCHING

    with pytest.raises(CallCancelledError):
        Client(credential).sync_and_wait(60, until_seen_again)
    assert phases.count(Phase.TOKEN_REJECTED) == 1 and len(credential.asked) == 2
    assert statuses(emulator) == [200, 204, 401, 200]
    assert tokens(emulator) == [5, 5, 5, 12]


def test_a_wait_hands_back_a_challenge(start: Start) -> None:
    emulator = start("--token", "old:challenged")
    credential = Informing("old", "new-one")

    def until_triggered(progress: Progress) -> bool:
        return progress.phase is not Phase.WATCHING

    with pytest.raises(CallCancelledError):
        Client(credential).sync_and_wait(60, until_triggered)
    (_, first), (_, second) = credential.asked
    assert "claims" not in first and "access_token" in json.loads(second["claims"])
    assert statuses(emulator) == [401, 200, 204]


@pytest.mark.parametrize("credential", ["old", Static("old"), Static("old", "older")])
def test_a_wait_without_a_good_token_ends(start: Start, credential: AnyCredential) -> None:
    start("--token", "old:expired", "--token", "older:expired")
    with pytest.raises(ClientAuthenticationError) as raised:
        Client(credential).sync_and_wait(60)
    assert not raised.value.sent


def test_what_a_credential_raises_during_a_wait_comes_through(start: Start) -> None:
    start("--token", "old:expired")
    given = iter(["old"])
    with pytest.raises(StopIteration):
        Client(lambda: next(given)).sync_and_wait(60)


@pytest.mark.parametrize("wrap", [lambda inner: inner, ChainedTokenCredential])
def test_credentials_of_azure_identity(emulator: Emulator, az: Path, wrap: Callable[[AzureCliCredential], Any]) -> None:
    with wrap(AzureCliCredential()) as credential, Client(credential) as client:
        assert client.sync().answer is Answer.ACCEPTED
        assert repr(client) == f"<autopilot_sync.Client with <{type(credential).__name__} for {SCOPE}>>"
    assert f"--scope {SCOPE}" in az.read_text() or "--resource https://graph.microsoft.com" in az.read_text()
    assert tokens(emulator) == [len("cli-token")]

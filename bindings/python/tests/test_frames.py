"""When an exception leaves the package, no frame of it holds a token: error reporters print local variables."""

from __future__ import annotations

import _thread
import ctypes
import functools
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Callable

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import CallCancelledError, Client, ClientAuthenticationError, Credential, Fleet, Goal, sync, sync_many
from autopilot_sync._cli.credentials import TokenFile, TokenVariable
from autopilot_sync._cli.main import main
from azure.core.credentials import AccessToken
from conftest import HANG, SECRET, Start, ago, run, since_now
from frames import frames, holds_token, leaks

Call = Callable[[Any], object]

A_MOMENT = 1
"""The seconds of a wait that must fail, at the latest at its deadline."""


class Held:
    """A credential with the token in an attribute."""

    def __init__(self) -> None:
        self.text = SECRET

    def get_token(self, *scopes: str, **_options: object) -> AccessToken:
        return AccessToken(self.text, 0)


class Shown(Held):
    """A credential with the token in its repr too, like a dataclass."""

    def __repr__(self) -> str:
        return f"Shown({self.text})"


CREDENTIALS: list[Any] = [SECRET, lambda: SECRET, functools.partial(str, SECRET), Held(), Shown(), Shown().get_token]
CALLS: list[Call] = [
    lambda credential: Client(credential).sync(),
    lambda credential: Client(credential).settings(),
    lambda credential: Client(credential).sync_and_wait(A_MOMENT),
    lambda credential: Client(credential).sync_since(ago(), timeout=A_MOMENT),
    lambda credential: raise_the_error(sync_many([credential])),
    lambda credential: raise_the_error(sync_many({"a": credential}, wait=A_MOMENT, as_completed=True)),
    lambda credential: raise_the_error(fleet_of(credential)),
    lambda credential: raise_the_error(sync_many([credential], executor=Here())),
]
TAKE_TEXTS = CALLS[:-1]


class Here(Executor):
    """Runs each call in this process, like a cluster of one process."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **more: Any) -> Any:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(function, *arguments, **more)


class Interrupted(ThreadPoolExecutor):
    def submit(self, *_arguments: Any, **_more: Any) -> Any:
        raise KeyboardInterrupt


def fleet_of(credential: Any) -> Fleet:
    fleet = Fleet()
    fleet.add("a", credential, Goal.SETTINGS)
    fleet.close()
    return fleet


def raise_the_error(results: Any) -> None:
    """Also ends the threads of the calls: the raised error keeps its frames, and they keep the results."""
    with closing(results):
        for result in results:
            result.result()


def raised_by(call: Callable[[], object], *kinds: type[BaseException]) -> BaseException:
    """The error that the call raises, through at least one frame of the package."""
    with pytest.raises(kinds or Exception) as raised:
        call()
    assert list(frames(raised.value))
    return raised.value


def seen_in(call: Callable[[], object], *kinds: type[BaseException]) -> list[str]:
    return leaks(raised_by(call, *kinds))


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("access", ["forbidden", "challenged", "expired"])
def test_when_the_service_refuses(start: Start, call: Call, credential: Any, access: str) -> None:
    if credential is SECRET and call not in TAKE_TEXTS:
        return
    start("--other-tokens", access)
    assert seen_in(lambda: call(credential)) == []


def test_when_the_service_refuses_the_one_call(start: Start) -> None:
    """In a new process, whose first call it is."""
    start("--other-tokens", "forbidden")
    program = f"""
import sys
sys.path[:] = {sys.path!r}
from autopilot_sync import ForbiddenError, sync
from conftest import SECRET
from frames import frames, leaks
try:
    sync(SECRET)
except ForbiddenError as error:
    print([frame.f_code.co_name for frame in frames(error)][0], leaks(error))
"""
    assert run(program).stdout == "sync []\n"


@pytest.mark.parametrize("call", TAKE_TEXTS)
@pytest.mark.parametrize("answer", [{"echo": 401}, {"reply": {"status": 403, "body": "no", "bare": True}}])
def test_when_the_server_misbehaves(emulator: Emulator, call: Call, answer: dict[str, Any]) -> None:
    emulator.script({"answer": answer, "times": 9})
    assert seen_in(lambda: call(SECRET)) == []


@pytest.mark.parametrize("call", [sync, *TAKE_TEXTS])
@pytest.mark.parametrize("text", [SECRET + " ", SECRET + "\0", SECRET + "\u00e9", SECRET + "\ud800"])
def test_when_the_token_cannot_be_one(emulator: Emulator, call: Call, text: str) -> None:
    assert seen_in(lambda: call(text), ValueError) == []


def credential_of(secret: Any, tenant: str = "default", **more: Any) -> Credential:
    return Credential.client_secret(tenant, "an-application", secret, **more)


@pytest.mark.parametrize("call", [sync, *TAKE_TEXTS])
def test_when_the_secret_is_refused(start: Start, call: Call) -> None:
    start("--client-secret", "another")
    assert seen_in(lambda: call(credential_of(SECRET)), ClientAuthenticationError) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda: credential_of(SECRET + " "),
        lambda: credential_of(SECRET + "\ud800"),
        lambda: credential_of(SECRET.encode()),
        lambda: credential_of(SECRET, "not a tenant"),
        lambda: credential_of(SECRET, "default\0"),
        lambda: credential_of(SECRET, variable="SECRET"),
        lambda: credential_of(SECRET).for_tenant("common"),
    ],
)
def test_when_no_credential_can_be_made(make: Callable[[], object]) -> None:
    assert seen_in(make, TypeError, ValueError) == []


def twice() -> Iterator[str]:
    yield SECRET
    raise LookupError


async def asynchronous() -> str:
    return SECRET


class Failing(Shown):
    """Fails while it holds the token."""

    def get_token(self, *scopes: str, **_options: object) -> AccessToken:
        raise KeyboardInterrupt


class Unready:
    @property
    def token(self) -> str:
        raise LookupError


@pytest.mark.parametrize("call", [sync, *TAKE_TEXTS])
@pytest.mark.parametrize(
    "credential",
    [
        lambda: SECRET.encode(),
        lambda: [SECRET],
        lambda: AccessToken(SECRET.encode(), 0),  # type: ignore[arg-type]
        lambda: Unready(),
        asynchronous,
        Failing(),
        Failing().get_token,
    ],
)
def test_when_the_credential_fails(emulator: Emulator, call: Call, credential: Any) -> None:
    assert seen_in(lambda: call(credential), Exception, KeyboardInterrupt) == []


NO_CREDENTIALS = [SECRET.encode(), bytearray(SECRET.encode()), [SECRET], {"token": SECRET}, AccessToken(SECRET, 0)]


@pytest.mark.parametrize("given", NO_CREDENTIALS)
def test_when_it_is_no_credential(given: Any) -> None:
    for call in (sync, CALLS[0]):
        assert seen_in(lambda: call(given), TypeError) == []
    for many in ([given], {"a": given}, ["token", given], (one for one in [given])):
        assert seen_in(lambda: sync_many(many), TypeError) == []


@pytest.mark.parametrize("given", [SECRET, SECRET.encode(), Shown(), Held()])
def test_when_it_is_not_many(given: Any) -> None:
    assert seen_in(lambda: sync_many(given), TypeError) == []


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("option", [{"timeout": 0}, {"proxy": "ftp://proxy"}, {"ca_file": "/nowhere.pem"}, {"base_url": 5}])
def test_when_an_option_is_wrong(credential: Any, option: dict[str, Any]) -> None:
    assert seen_in(lambda: Client(credential, **option)) == []
    assert seen_in(lambda: sync_many({"a": credential}, **option)) == []


@pytest.mark.parametrize(
    ("many", "options"),
    [
        ([SECRET], {"wait": 0}),
        ({"a": SECRET}, {"max_workers": 0}),
        ({"a": SECRET}, {"max_workers": 0, "executor": ThreadPoolExecutor(1)}),
        ([Held(), SECRET], {"executor": Here()}),  # a str does not travel
        (twice(), {}),
        ([SECRET, SECRET], {"executor": Interrupted(1)}),
    ],
)
def test_when_many_cannot_begin(emulator: Emulator, many: Any, options: dict[str, Any]) -> None:
    assert seen_in(lambda: sync_many(many, **options), Exception, KeyboardInterrupt) == []


def test_when_an_executor_is_shut_down(emulator: Emulator) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    assert seen_in(lambda: raise_the_error(sync_many([SECRET], executor=pool)), RuntimeError) == []


def test_when_the_callback_fails(emulator: Emulator) -> None:
    def fail(_progress: object) -> None:
        raise ZeroDivisionError

    for answer in (fail, lambda _progress: False):
        assert seen_in(lambda: Client(SECRET).sync_and_wait(60, answer)) == []


def test_when_no_new_token_comes_in_a_wait(start: Start) -> None:
    start("--other-tokens", "expired")
    given = twice()
    assert seen_in(lambda: Client(lambda: next(given)).sync_and_wait(60), LookupError) == []


def press_ctrl_c() -> None:
    if sys.platform == "win32":
        _thread.interrupt_main()
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@pytest.mark.parametrize("call", [Client.sync, Client.settings, Client.sync_and_wait, since_now])
def test_when_the_call_is_cut_off(emulator: Emulator, call: Call) -> None:
    emulator.script({**HANG, "times": 9})
    client = Client(SECRET, timeout=86_400)

    def end_at(request: int, end: Callable[[], object]) -> None:
        emulator.await_requests(request)
        end()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(end_at, 1, client.cancel)
        assert seen_in(lambda: call(client), CallCancelledError) == []
        pool.submit(end_at, 2, press_ctrl_c)
        assert seen_in(lambda: call(client), KeyboardInterrupt) == []
    client.close()
    assert seen_in(lambda: call(client), ValueError) == []


@pytest.mark.parametrize("call", [Client.sync, Client.settings, lambda client: client.sync_and_wait(A_MOMENT)])
def test_when_the_time_is_up(emulator: Emulator, call: Call) -> None:
    emulator.script({**HANG, "times": 99})
    assert seen_in(lambda: call(Client(SECRET, timeout=0.2, max_retries=0)), TimeoutError) == []


@pytest.mark.parametrize("kind", ["variable", "file", "pipe"])
def test_the_command_lines_credentials(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    start("--other-tokens", "expired")
    (tmp_path / "token").write_text(SECRET)
    monkeypatch.setenv("AUTOPILOT_TOKEN", SECRET)
    credential = TokenVariable() if kind == "variable" else TokenFile(str(tmp_path / "token"))
    if isinstance(credential, TokenFile) and kind == "pipe":
        monkeypatch.setattr("stat.S_ISREG", lambda _mode: False)
    assert seen_in(lambda: Client(credential).sync_and_wait(60)) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--token", SECRET],
        [f"--tok={SECRET}"],
        ["sync", SECRET],
        [SECRET],
        ["--wait", SECRET],
        ["--since", SECRET],
        ["--timeout", SECRET],
        ["--cloud", SECRET],
        ["--many", SECRET, "--jobs", SECRET],
        ["--many", SECRET, "--token-env", SECRET],
        ["status", "--many", SECRET, "--max-age", SECRET],
        [f"--json={SECRET}"],
    ],
)
def test_wrong_arguments(arguments: list[str]) -> None:
    assert seen_in(lambda: main(arguments), SystemExit) == []


def test_what_is_looked_for_would_be_found() -> None:
    """An error reporter may find a token in each of these ways."""

    class Slotted:
        __slots__ = ("inner",)

    slotted = Slotted()
    slotted.inner = {"a": [Held()]}  # type: ignore[attr-defined]
    ways = [SECRET, SECRET.encode(), Held(), Shown(), {SECRET: 1}, [(SECRET,)], functools.partial(print, SECRET), slotted]
    ways += [Held().get_token, ctypes.create_string_buffer(SECRET.encode()), ctypes.c_char_p(SECRET.encode())]
    assert all(map(holds_token, ways)) and not holds_token(["token", slotted.__class__, 5])

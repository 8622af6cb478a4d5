"""The process around the package: threads, child processes, logging, exit."""

from __future__ import annotations

import _thread
import logging
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_all_start_methods
from typing import Callable

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import Answer, AutopilotError, CallCancelledError, Client
from conftest import HANG, SECRET, ago, environment, posix, run, started


def test_a_wait_imports_nothing_while_it_calls_back(emulator: Emulator) -> None:
    """If Ctrl-C interrupts an import, Python may keep its import lock, and the worker would wait for that."""
    program = """
import sys
from autopilot_sync import CallCancelledError, Client
seen = []
def look(progress):
    seen.append(set(sys.modules))
    return progress.settings is None
try:
    Client("token").sync_and_wait(progress=look)
except CallCancelledError:
    print(*set(sys.modules) - seen[0])
"""
    assert run(program).stdout == "\n"


if sys.platform == "win32":  # elsewhere a signal wakes the main thread: test_signals.py

    @pytest.mark.parametrize("call", [Client.sync, Client.sync_and_wait])
    def test_ctrl_c_ends_a_blocked_call_on_windows(emulator: Emulator, call: Callable[[Client], object]) -> None:
        emulator.script(HANG)

        def press() -> None:
            emulator.await_requests(1)
            _thread.interrupt_main()

        with ThreadPoolExecutor(1) as pool, pytest.raises(KeyboardInterrupt):
            pool.submit(press)
            call(Client("token", timeout=86_400))


def test_cancel_ends_the_calls_of_all_threads_and_no_later_one(emulator: Emulator) -> None:
    emulator.script({**HANG, "times": 3})
    client = Client("token", timeout=86_400)
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(client.sync) for _ in range(3)]
        emulator.await_requests(3)
        client.cancel()
        for call in calls:
            with pytest.raises(CallCancelledError):
                call.result()
    assert client.sync().answer is Answer.ACCEPTED


def test_cancel_reaches_a_call_whose_credential_is_being_asked(emulator: Emulator) -> None:
    clients: list[Client] = []

    def token() -> str:
        clients[0].cancel()
        return "token"

    clients.append(Client(token))
    with pytest.raises(CallCancelledError):
        clients[0].sync()
    assert emulator.requests() == []


def test_close_lets_running_calls_end(emulator: Emulator) -> None:
    emulator.script({"delay": "300ms"})
    client = Client("token")
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.sync)
        emulator.await_requests(1)
        client.close()
        assert call.result().answer is Answer.ACCEPTED


def test_threads_wait_at_the_same_time(emulator: Emulator) -> None:
    """The service holds each reply for so long that all four requests are there before the first reply."""
    emulator.script({"delay": "2s", "times": 4})
    client = Client("token")
    together = threading.Barrier(4)

    def call() -> str:
        together.wait()
        return client.sync().answer.name

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(lambda _: call(), range(4)))
    assert answers == ["ACCEPTED"] + ["ALREADY_RUNNING"] * 3
    assert len({request["connection"] for request in emulator.requests()}) == 4


def test_the_interpreter_goes_on_during_a_call(emulator: Emulator) -> None:
    emulator.script(HANG)
    client = Client("token", timeout=86_400)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.sync)
        emulator.await_requests(1)  # this thread works while that one is blocked
        assert not call.done()
        client.cancel()


@pytest.mark.parametrize("method", get_all_start_methods())
def test_multiprocessing(emulator: Emulator, tmp_path: object, method: str) -> None:
    program = f"{tmp_path}/program.py"
    with open(program, "w") as file:
        file.write(f"""
import multiprocessing
from autopilot_sync import Client
def status(token):
    return Client(token).settings().status.name
if __name__ == "__main__":
    print(status("token"))
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        print(*pool.map(status, ["token"] * 4))
    print(status("token"))
""")
    answer = subprocess.run([sys.executable, program], env=environment(), capture_output=True, text=True)
    assert answer.stdout.split() == ["COMPLETED"] * 6, answer.stderr


def test_each_call_and_its_trace_are_logged_without_a_token(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    emulator.script({}, {"answer": {"echo": 401}, "times": 2})
    client = Client(lambda: SECRET)
    client.sync()
    for call in (client.settings, lambda: client.sync_since(ago(days=2))):
        with pytest.raises(AutopilotError):
            call()
    ours = [record for record in caplog.records if record.name == "autopilot_sync"]
    assert {record.levelno for record in ours} == {logging.DEBUG}
    every = [record.getMessage() for record in ours]
    events = [line for line in every if " ms " in line]
    lines = [line for line in every if line not in events]
    assert len(lines) == 5 and every[0] == lines[0]
    assert events[0].startswith("sync: ") and " ms proxy: http" in events[0] and any(" reply: HTTP 204" in line for line in events)
    assert lines[0].startswith("sync: AUTOPILOT_OK: the service accepted the trigger (client-request-id ")
    assert lines[1].startswith("settings: AUTOPILOT_ERROR_UNAUTHORIZED")
    assert "with a claims challenge" in lines[2]
    assert lines[4].startswith("sync_since: AUTOPILOT_ERROR_UNAUTHORIZED")
    assert not any(part in str(every) + str([record.__dict__ for record in ours]) for part in SECRET.split("."))


@pytest.mark.parametrize("call", ["sync()", "settings()", "sync_and_wait()", "sync_and_wait(progress=bool)"])
def test_a_daemon_thread_in_a_call_does_not_disturb_the_end(emulator: Emulator, call: str) -> None:
    emulator.script({**HANG, "times": 10})
    program = started(f"""
import threading, time
client = Client("token", timeout=86400)
threading.Thread(target=lambda: client.{call}, daemon=True).start()
while not client._connections.running:
    time.sleep(0.001)
""")
    out, err = program.communicate()
    assert (out, err, program.returncode) == ("", "", 0)


def test_a_daemon_thread_in_a_callback_does_not_disturb_the_end(emulator: Emulator) -> None:
    for _ in range(5):
        program = started("""
import threading, time
client = Client(lambda: "token")
watching = threading.Event()
def note(progress):
    if progress.phase is Phase.WATCHING:
        watching.set()
        while True:
            time.sleep(0)
for _ in range(4):
    threading.Thread(target=lambda: client.sync_and_wait(progress=note), daemon=True).start()
watching.wait()
""")
        out, err = program.communicate()
        assert (out, err, program.returncode) == ("", "", 0)


def test_calls_at_the_end_of_the_interpreter(emulator: Emulator) -> None:
    program = """
import atexit
from autopilot_sync import Client
client = Client("token")
atexit.register(lambda: print(client.sync().answer.name))
client.settings()
atexit.register(lambda: print(client.settings().status.name))
"""
    assert run(program).stdout.split() == ["COMPLETED", "ACCEPTED"]


@posix
def test_clients_that_are_dropped_close_their_connections(emulator: Emulator) -> None:
    Client("token").settings()  # starts the worker, whose pipe stays open
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        Client("token").settings()
    assert len(os.listdir("/proc/self/fd")) <= before + 1

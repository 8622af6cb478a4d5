"""The process that the package is a guest of: signals, threads, forks, logging, its end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from autopilot_sync import Answer, AutopilotError, CallCancelledError, Client
from conftest import SECRET, environment, run, started
from emulator import HANG, Emulator

INTERRUPTED = """
client = Client("token", timeout=86400)
try:
    client.{call}
except KeyboardInterrupt:
    print("interrupted")
print(client.settings().status.name)
"""


@pytest.mark.parametrize("call", ["sync()", "settings()", "sync_and_wait(86400)", "sync_and_wait(86400, print)"])
def test_ctrl_c_ends_a_blocked_call_and_no_other(emulator: Emulator, call: str) -> None:
    emulator.script(HANG)
    program = started(INTERRUPTED.format(call=call))
    emulator.await_requests(1)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate()
    assert (out.splitlines()[-2:], err, program.returncode) == (["interrupted", "COMPLETED"], "", 0)


def test_ctrl_c_ends_a_wait_between_its_requests(emulator: Emulator) -> None:
    program = started(INTERRUPTED.format(call="sync_and_wait(86400)"))
    emulator.await_requests(2)
    program.send_signal(signal.SIGINT)
    out, err = program.communicate()
    assert ("interrupted" in out, err, program.returncode) == (True, "", 0)


def test_a_wait_imports_nothing_while_it_calls_back(emulator: Emulator) -> None:
    """An import that Ctrl-C interrupts may keep Python's lock on imports, for which the call's thread would wait."""
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


def test_ctrl_c_that_nobody_catches_ends_the_program_as_ever(emulator: Emulator) -> None:
    emulator.script(HANG)
    program = started("sync('token')")
    emulator.await_requests(1)
    program.send_signal(signal.SIGINT)
    _, err = program.communicate()
    assert program.returncode == -signal.SIGINT and err.endswith("KeyboardInterrupt\n")


def test_many_ctrl_c_end_it_once(emulator: Emulator) -> None:
    emulator.script({**HANG, "times": 20})
    program = started("""
import signal, threading, os
client = Client("token", timeout=86400)
over = threading.Event()
def press():
    while not over.wait(0.001):
        os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
for _ in range(20):
    over.clear()
    presser = threading.Thread(target=press)
    try:
        try:
            presser.start()
            client.sync()
        finally:
            signal.signal(signal.SIGINT, lambda *_: None)
    except KeyboardInterrupt:
        pass
    over.set()
    presser.join()
    signal.signal(signal.SIGINT, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
signal.signal(signal.SIGINT, lambda *_: None)
assert not client._connections.running
print(threading.active_count())
""")
    out, err = program.communicate()
    assert (out, err) == ("1\n", "")


def test_other_signals_handlers_run_during_a_call(emulator: Emulator) -> None:
    emulator.script(HANG)
    program = started("""
import signal
client = Client("token", timeout=86400)
signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
signal.signal(signal.SIGTERM, lambda *_: client.cancel())
try:
    client.sync()
except CallCancelledError as error:
    print(error.result_name)
""")
    emulator.await_requests(1)
    program.send_signal(signal.SIGUSR1)
    program.send_signal(signal.SIGTERM)
    out, err = program.communicate()
    assert (out, err) == ("handled\nAUTOPILOT_ERROR_CANCELLED\n", "")


def test_a_signal_handler_may_call_during_a_call(emulator: Emulator) -> None:
    emulator.script({}, HANG)
    program = started("""
import signal
client = Client("token", timeout=60)
client.settings()
def handler(*_):
    print(client.settings().status.name)
    client.cancel()
signal.signal(signal.SIGUSR1, handler)
try:
    client.sync()
except CallCancelledError as error:
    print(error.result_name)
""")
    emulator.await_requests(2)
    program.send_signal(signal.SIGUSR1)
    out, err = program.communicate()
    assert (out, err) == ("COMPLETED\nAUTOPILOT_ERROR_CANCELLED\n", "")


def test_one_thread_serves_the_main_threads_calls_and_ends_before_a_fork(emulator: Emulator) -> None:
    out = run("""
import os, time, warnings
from autopilot_sync import Client
warnings.simplefilter("ignore", DeprecationWarning)
def threads():
    return set(os.listdir("/proc/self/task")) - {str(os.getpid())}
client = Client("token")
client.settings()
first = threads()
client.settings()
client.sync()
print(len(first), threads() == first)
if os.fork() == 0:
    os._exit(0)
os.wait()
for _ in range(10_000):  # the system takes a moment to end it
    if threads():
        time.sleep(0.001)
client.settings()
print(len(threads()), threads().isdisjoint(first))
""").stdout
    assert out.split() == ["1", "True", "1", "True"]


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
    assert client.sync().answer is Answer.DONE


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
        while not (client._connections and client._connections.running):
            time.sleep(0.001)
        client.close()
        assert call.result().answer is Answer.DONE


def test_threads_wait_at_the_same_time(emulator: Emulator) -> None:
    """Four replies that are held until all four requests are there."""
    emulator.script({"delay": "100ms", "times": 4})
    client = Client("token")
    together = threading.Barrier(4)

    def call() -> str:
        together.wait()
        return client.sync().answer.name

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(lambda _: call(), range(4)))
    assert answers == ["ALREADY_RUNNING"] * 3 + ["DONE"]
    assert len({request["connection"] for request in emulator.requests()}) == 4


def test_the_interpreter_goes_on_during_a_call(emulator: Emulator) -> None:
    emulator.script(HANG)
    client = Client("token", timeout=86_400)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(client.sync)
        emulator.await_requests(1)  # this thread works while that one is blocked
        assert not call.done()
        client.cancel()


# From Python 3.12 on, a fork is warned of where the thread of a call just over has not ended yet.
FORKED = """
import os, warnings
warnings.simplefilter("ignore", DeprecationWarning)
client = Client("token")
print(client.settings().status.name, flush=True)
child = os.fork()
if child == 0:
    print(client.settings().status.name, flush=True)
    {child_end}
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), client.settings().status.name, sync("token").answer.name)
"""


@pytest.mark.parametrize("child_end", ["pass", "client.close()", "del client; import gc; gc.collect()", "exit(0)"])
def test_parent_and_child_of_a_fork_have_connections_of_their_own(emulator: Emulator, child_end: str) -> None:
    out = run("from autopilot_sync import *\n" + FORKED.format(child_end=child_end)).stdout
    assert out.split() == ["COMPLETED", "COMPLETED", "0", "COMPLETED", "DONE"]
    first, child, parent, _ = (request["connection"] for request in emulator.requests())
    assert first == parent != child


def test_a_call_just_before_a_fork_leaves_the_child_no_thread_that_it_has_not(emulator: Emulator) -> None:
    """A hook that is registered first runs last before the fork."""
    out = run("""
import os, signal, warnings
warnings.simplefilter("ignore", DeprecationWarning)
os.register_at_fork(before=lambda: client.settings())
from autopilot_sync import Client
client = Client("token")
client.settings()
child = os.fork()
if child == 0:
    signal.alarm(120)  # it would wait for ever
    print(client.settings().status.name, flush=True)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""").stdout
    assert out.split() == ["COMPLETED", "0"]


def test_a_child_forked_during_a_call_may_call(emulator: Emulator) -> None:
    emulator.script(HANG)
    program = started("""
import os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
client = Client("token", timeout=86400)
threading.Thread(target=client.sync_and_wait, daemon=True).start()
input()
child = os.fork()
if child == 0:
    print(client.settings().status.name, sync("token").answer.name, flush=True)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""")
    emulator.await_requests(1)
    out, err = program.communicate("go on\n")
    assert (out, err) == ("COMPLETED DONE\n0\n", "")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
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


def test_one_line_for_each_call_is_logged_without_a_token(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    emulator.script({}, {"answer": {"echo": 401}, "times": 2})
    client = Client(lambda: SECRET)
    client.sync()
    with pytest.raises(AutopilotError):
        client.settings()
    ours = [record for record in caplog.records if record.name == "autopilot_sync"]
    assert [record.levelno for record in ours] == [logging.DEBUG] * 3
    lines = [record.getMessage() for record in ours]
    assert lines[0].startswith("sync: AUTOPILOT_OK: the sync was accepted (client-request-id ")
    assert lines[1].startswith("settings: AUTOPILOT_ERROR_UNAUTHORIZED")
    assert "with a claims challenge" in lines[2]
    assert not any(part in str(lines) + str([record.__dict__ for record in ours]) for part in SECRET.split("."))


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
    assert run(program).stdout.split() == ["COMPLETED", "DONE"]


def test_clients_that_are_dropped_close_their_connections(emulator: Emulator) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        Client("token").settings()
    assert len(os.listdir("/proc/self/fd")) <= before + 1

"""Signals during a call, which blocks the main thread."""

from __future__ import annotations

import signal

import pytest
from autopilot_emulator import Emulator
from conftest import HANG, posix, started

pytestmark = posix

SINCE = "sync_since(__import__('datetime').datetime.now().astimezone(), timeout=86400)"
INTERRUPTED = """
client = Client("token", timeout=86400)
try:
    client.{call}
except KeyboardInterrupt:
    print("interrupted")
print(client.settings().status.name)
"""


@pytest.mark.parametrize("call", ["sync()", "settings()", "sync_and_wait(86400)", "sync_and_wait(86400, print)", SINCE])
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

"""Forks: parent and child both go on, with connections of their own."""

from __future__ import annotations

import pytest
from autopilot_emulator import Emulator
from conftest import HANG, posix, run, started

pytestmark = posix

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


# From Python 3.12 on, os.fork warns if the worker has not quite ended yet.
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
    assert out.split() == ["COMPLETED", "COMPLETED", "0", "COMPLETED", "ACCEPTED"]
    first, child, parent, _ = (request["connection"] for request in emulator.requests())
    assert first == parent != child


def test_a_call_just_before_a_fork_leaves_the_child_no_thread_that_it_has_not(emulator: Emulator) -> None:
    """The hook that was registered first runs last before the fork."""
    out = run("""
import os, signal, warnings
warnings.simplefilter("ignore", DeprecationWarning)
os.register_at_fork(before=lambda: client.settings())
from autopilot_sync import Client
client = Client("token")
client.settings()
child = os.fork()
if child == 0:
    signal.alarm(120)  # a mistake would make it wait for ever
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
    assert (out, err) == ("COMPLETED ACCEPTED\n0\n", "")

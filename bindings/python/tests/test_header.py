"""The package agrees with include/autopilot_sync.h: functions, numbers, version."""

from __future__ import annotations

import re
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_uint64, c_void_p
from typing import Any

import pytest
from autopilot_sync import Answer, Cloud, Goal, Phase, SyncStatus, Trigger, __version__, exceptions
from autopilot_sync._crew import Event
from autopilot_sync._library import native
from autopilot_sync._prototypes import PROTOTYPES, ProgressFunction
from cargo import ROOT

HEADER = (ROOT / "include/autopilot_sync.h").read_text()


def type_of(declaration: str) -> Any:
    """The ctypes type of a parameter or return value."""
    words = declaration.replace("const ", "").split()
    name, stars = words[0], declaration.count("*")
    if name == "autopilot_progress_fn":
        return ProgressFunction
    if name == "char":
        return c_char_p
    if f"typedef struct {name} {name};" in HEADER:
        return POINTER(c_void_p) if stars == 2 else c_void_p
    if name == "void":
        return c_void_p if stars else None
    return POINTER(number(name)) if stars else number(name)


def number(name: str) -> Any:
    numbers = {"int32_t": c_int32, "int64_t": c_int64, "uint64_t": c_uint64}
    assert name in numbers or f"AUTOPILOT_ENUM({name}) {{" in HEADER
    return numbers.get(name, c_int32)


def functions() -> dict[str, tuple[Any, ...]]:
    found = {}
    for returned, name, parameters in re.findall(r"^AUTOPILOT_API\s+([^()]+?)\b(autopilot_\w+)\(([^)]*)\);", HEADER, re.M):
        taken = [] if parameters == "void" else [type_of(" ".join(one.split())) for one in parameters.split(",")]
        found[name] = (type_of(returned), *taken)
    return found


def constants(prefix: str) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(rf"^    {prefix}_(\w+) = (-?\d+),$", HEADER, re.M)}


def test_every_function_is_declared_as_the_header_has_it() -> None:
    assert len(functions()) == len(re.findall(r"^AUTOPILOT_API\b", HEADER, re.M))
    assert functions() == PROTOTYPES


@pytest.mark.parametrize(
    ("kind", "prefix", "left_out"),
    [
        (Cloud, "AUTOPILOT_CLOUD", set()),
        (Goal, "AUTOPILOT_GOAL", set()),
        (Phase, "AUTOPILOT_PHASE", set()),
        (SyncStatus, "AUTOPILOT_SYNC_STATUS", {"NONE"}),
        (Trigger, "AUTOPILOT_TRIGGER", set()),
    ],
)
def test_members_are_the_headers_numbers(kind: Any, prefix: str, left_out: set[str]) -> None:
    theirs = {name: value for name, value in constants(prefix).items() if name not in left_out}
    assert {member.name: member.value for member in kind} == theirs


def test_the_events_of_a_fleet_are_the_headers() -> None:
    assert {name: value for name, value in vars(Event).items() if name.isupper()} == constants("AUTOPILOT_EVENT")


def test_each_result_is_an_answer_or_has_an_exception() -> None:
    answers = {**constants("AUTOPILOT_SYNC"), "ACCEPTED": 0}
    assert {member.name: member.value for member in Answer}.items() <= answers.items()
    assert set(exceptions.ERRORS) == set(constants("AUTOPILOT_ERROR").values())
    assert exceptions.INTERNAL == constants("AUTOPILOT_ERROR")["INTERNAL"]


def test_the_roots_of_the_clouds_are_those_of_the_header() -> None:
    roots = dict(zip(Cloud, re.findall(r"^    // .*(https://[^\s>]+)>?\n    AUTOPILOT_CLOUD_", HEADER, re.M)))
    assert {cloud: cloud.root for cloud in Cloud} == roots


def test_the_version_is_the_headers_and_the_librarys() -> None:
    assert f'#define AUTOPILOT_VERSION "{__version__}"' in HEADER
    assert native.autopilot_version().decode() == __version__

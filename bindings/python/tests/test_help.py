"""help() is a manual: it describes all that is public, down to each field, member and parameter."""

from __future__ import annotations

import inspect
import pydoc
import re
from enum import Enum
from typing import Any

import autopilot_sync
import pytest
from autopilot_sync._values import Record

PUBLIC: dict[str, Any] = {name: getattr(autopilot_sync, name) for name in autopilot_sync.__all__}
CLASSES: dict[str, Any] = {name: thing for name, thing in PUBLIC.items() if inspect.isclass(thing)}
METHODS = {
    f"{name}.{member}": found
    for name, kind in CLASSES.items()
    for member, found in vars(kind).items()
    if not member.startswith("_") and (inspect.isfunction(found) or isinstance(found, property))
}
DOCUMENTED = {**CLASSES, **METHODS, "sync": PUBLIC["sync"], "sync_many": PUBLIC["sync_many"]}


def page(thing: Any) -> str:
    return pydoc.plain(pydoc.render_doc(thing))


def described(text: str) -> set[str]:
    """The names in lists such as "name: What it is."."""
    lines = re.findall(r"^[ |]+(\w+(?:, \w+)*): [A-Z\"]", text, re.M)
    return {name for line in lines for name in line.split(", ")}


def names_in(name: str, thing: Any) -> list[str]:
    """The members, fields and parameters, which a docstring has to describe."""
    if inspect.isclass(thing) and issubclass(thing, Enum):
        return [member.name for member in thing]
    if inspect.isclass(thing) and issubclass(thing, (Record, Exception)):
        return list(vars(thing).get("__annotations__", ()))
    if isinstance(thing, property) or name.startswith("TokenCredential"):
        return []
    return [parameter for parameter in inspect.signature(thing).parameters if parameter != "self"]


@pytest.mark.parametrize("name", DOCUMENTED)
def test_each_name_and_all_its_parts_are_described(name: str) -> None:
    assert DOCUMENTED[name].__doc__
    assert set(names_in(name, DOCUMENTED[name])) <= described(page(DOCUMENTED[name]))


@pytest.mark.parametrize("name", [name for name, kind in CLASSES.items() if issubclass(kind, Record)])
def test_constructors_show_their_parameters(name: str) -> None:
    assert list(inspect.signature(CLASSES[name]).parameters) == list(CLASSES[name]._fields)


def test_the_page_of_the_package_has_every_name() -> None:
    text = page(autopilot_sync)
    for name in PUBLIC:
        assert name in described(text) or re.search(rf"^    (class )?{name}\(", text, re.M), name
    assert not re.search(r"autopilot_sync\.h|autopilot_client_|::|docs\.rs", text)

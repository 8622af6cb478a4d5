"""The file of --many: the tenants, and where to get the token of each."""

from __future__ import annotations

import json
import os

from .credentials import STANDARD_INPUT, InputError, TokenFile, TokenVariable, azure_identity, opened, redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..types import Credential

_KINDS = "token_env, token_file or azure_identity"


def read(path: str) -> dict[str, Credential]:
    """The credentials by the tenants' names, in the file's order. If the file cannot be opened, the error does not name
    the path: it may be a token, given by mistake."""
    try:
        with opened(path) as file:
            tenants = json.loads(file.read(), object_pairs_hook=_object)
    except OSError as error:
        raise InputError(f"the file of --many: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    if not isinstance(tenants, dict) or not tenants:
        raise InputError(f"{path}: not a JSON object with an entry for each tenant")
    folder = os.path.dirname(path)
    try:
        return {name: _credential(name, entry, folder) for name, entry in tenants.items()}
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{redacted(name)} appears twice")
        found[name] = value
    return found


def _credential(tenant: str, entry: object, folder: str) -> Credential:
    try:
        if isinstance(entry, dict):
            entry = dict(entry)
            for kind, make in _MAKERS.items():
                place = entry.pop(kind, None)
                if isinstance(place, str) and place:
                    return make(place, folder, entry)
        raise InputError(f"it needs an object with {_KINDS}, whose value is a text")
    except InputError as error:
        raise InputError(f"{redacted(tenant)}: {error}") from None


def _variable(name: str, _folder: str, rest: dict[str, Any]) -> Credential:
    _refuse(rest)
    return TokenVariable(name)


def _file(path: str, folder: str, rest: dict[str, Any]) -> Credential:
    _refuse(rest)
    if path == STANDARD_INPUT:
        raise InputError("a tenant's token cannot come from standard input")
    return TokenFile(os.path.join(folder, path))


def _azure(name: str, _folder: str, arguments: dict[str, Any]) -> Credential:
    return azure_identity(name, **arguments)


def _refuse(rest: dict[str, Any]) -> None:
    if rest:
        raise InputError(f"it must not have {', '.join(map(redacted, rest))}")


_MAKERS = {"token_env": _variable, "token_file": _file, "azure_identity": _azure}

"""The file of --many: the tenants, and where to get the token of each. The agent autopilot-fleet reads it too."""

from __future__ import annotations

import os

from .credentials import STANDARD_INPUT, InputError, TokenFile, TokenVariable, opened
from .sign_in import azure_identity
from .words import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..types import AnyCredential

_FORM = "expected NAME env:VARIABLE, NAME file:PATH or NAME azure:CREDENTIAL"
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_")


def read(path: str) -> dict[str, AnyCredential]:
    """The credentials by the tenants' names, in the file's order. Errors do not show the lines, nor the path of a file
    that cannot be opened: they may be tokens, given by mistake."""
    try:
        with opened(path) as file:
            text = file.read().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"the file of --many: {error.strerror}") from None
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    found: dict[str, AnyCredential] = {}
    for number, name, source in _entries(text):
        try:
            if name in found:
                raise InputError(f"{redacted(name)} is there already")
            found[name] = _credential(name, source, os.path.dirname(path))
        except InputError as error:
            raise InputError(f"{path}: line {number}: {error}") from None
    if not found:
        raise InputError(f"{path}: it names no tenant")
    return found


def _entries(text: str) -> Iterator[tuple[int, str, str]]:
    """The number of each line that names a tenant, the name, and the source of its token."""
    for number, line in enumerate(text.splitlines(), 1):
        name, *rest = line.split(maxsplit=1) or ["#"]
        if not name.startswith("#"):
            yield number, name, "".join(rest).strip()


def _credential(name: str, source: str, folder: str) -> AnyCredential:
    kind, _, place = source.partition(":")
    if not _NAME.issuperset(name) or not place:
        raise InputError(_FORM)
    if kind == "env":
        return TokenVariable(place)
    if kind == "file" and place != STANDARD_INPUT:
        return TokenFile(os.path.join(folder, place))
    if kind == "azure":
        return _azure(place)
    raise InputError(_FORM if kind != "file" else "a tenant's token cannot come from standard input")


def _azure(words: str) -> AnyCredential:
    """A credential of azure-identity, from its name and NAME=VALUE for each of its arguments."""
    name, *pairs = words.split()
    arguments = {key: value for key, sign, value in (pair.partition("=") for pair in pairs) if key and sign}
    if len(arguments) != len(pairs):
        raise InputError(f"after azure:{redacted(name)}, expected NAME=VALUE")
    return azure_identity(name, None, **arguments)

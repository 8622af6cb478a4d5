"""Names from the arguments and files, for messages."""

from __future__ import annotations

_LONGEST = 48  # Microsoft's own domains for tenants have at most 43 characters, GUIDs 36; tokens have more


def shown(name: str) -> str:
    """The name, unless it is so long that it may be a token, by mistake."""
    return name if len(name) <= _LONGEST else "(a long name)"

"""Words that a person typed: which of them a message may repeat, and what was meant."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_NAME = 48  # Microsoft's own domains for tenants have at most 43 characters, GUIDs 36; tokens have more


def redacted(name: str) -> str:
    """The name, for a message, unless it is so long that it may be a token, given by mistake."""
    return name if len(name) <= _LONGEST_NAME else "(a long name)"


def wrong(word: str, problem: str) -> str:
    """The problem with a word, which is repeated unless it may be a secret, given by mistake."""
    return f"{word}: {problem}" if is_harmless(word) else problem


def is_harmless(word: str) -> bool:
    """Whether it cannot be a secret: tokens, keys and the passwords of applications are longer."""
    return re.fullmatch(r"[A-Za-z0-9.:+_-]{1,20}", word) is not None


def meant(word: str, known: Iterable[str]) -> str:
    """The end of a message: what the word is a misspelling of, if that is clear."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), 1)
    return f": did you mean {found[0]}?" if found else ""

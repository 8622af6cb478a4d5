"""A token, or another secret, on its way into the library."""

from __future__ import annotations

from ._secret import Secret


class Token:
    """A bearer token or a client secret."""

    __slots__ = ("_bytes",)

    def __init__(self, text: Secret) -> None:
        # A NUL would end the C string. Another control character in its place makes the library refuse the token and
        # tell the place. Surrogates are refused too, because they are not ASCII.
        self._bytes = Secret(text.reveal().replace("\0", "\x01").encode("utf-8", "surrogatepass"))

    @property
    def _as_parameter_(self) -> bytes:
        found: bytes = self._bytes.reveal()
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and self._as_parameter_ == other._as_parameter_

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Token(...)"

"""Where tokens come from: a text, a function, or an object with azure-core's get_token_info or get_token."""

from __future__ import annotations

from . import _log
from ._hidden import Hidden

_KINDS = "a str, a callable, or an object with get_token(*scopes)"


class Token:
    """A bearer token on its way into the library."""

    __slots__ = ("_bytes",)

    def __init__(self, text: Hidden) -> None:
        # A C string ends at a NUL: a control character in its place is refused, and its offset said. What is no
        # Unicode is refused for not being ASCII.
        self._bytes = Hidden(text.give().replace("\0", "\x01").encode("utf-8", "surrogatepass"))

    @property
    def _as_parameter_(self) -> bytes:
        found: bytes = self._bytes.give()
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and self._as_parameter_ == other._as_parameter_

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Token(...)"


class Source:
    """A credential, asked for tokens of one scope."""

    __slots__ = ("_given", "_scope")

    def __init__(self, given: Hidden, root: str) -> None:
        self._given = given
        self._scope = root.rstrip("/") + "/.default"
        if not (self.is_text or callable(given.give()) or _has(given, "get_token_info") or _has(given, "get_token")):
            raise TypeError(f"a credential is {_KINDS}, not {type(given.give()).__name__}")

    @property
    def is_text(self) -> bool:
        """Whether it is the token itself."""
        return isinstance(self._given.give(), str)

    def another(self, given: Hidden) -> Source:
        """Another credential, for the same scope."""
        return Source(given, self._scope[: -len("/.default")])

    def token(self, claims: str | None = None) -> Token:
        answer = Hidden(self._ask(claims))
        text = Hidden(getattr(answer.give(), "token", answer.give()))
        if isinstance(text.give(), str):
            return Token(text)
        if hasattr(answer.give(), "__await__"):
            if hasattr(answer.give(), "close"):
                answer.give().close()  # a coroutine that is never awaited would be warned of
            raise TypeError("the credential is asynchronous: give azure.identity's synchronous one")
        raise TypeError(f"the credential gave no token, but {type(answer.give()).__name__}")

    def new_token(self, refused: Token, claims: str | None) -> Token | None:
        """The token to try after one was refused. None where there is no other."""
        if self.is_text:
            return None
        _log.debug("the token was refused%s: the credential is asked again", " with a claims challenge" * bool(claims))
        token = self.token(claims)
        return None if token == refused else token

    def _ask(self, claims: str | None) -> object:
        if self.is_text:
            return self._given.give()
        # azure-core's own order. A refusal with claims is understood here, so tokens may be those of continuous access
        # evaluation, which live longer; only the newer method is known to take that option.
        if _has(self._given, "get_token_info"):
            options = {"enable_cae": True, "claims": claims} if claims else {"enable_cae": True}
            return self._given.give().get_token_info(self._scope, options=options)
        if _has(self._given, "get_token"):
            more = {"claims": claims} if claims else {}
            return self._given.give().get_token(self._scope, **more)
        return self._given.give()()

    def __repr__(self) -> str:
        return f"<{type(self._given.give()).__name__} for {self._scope}>"


def _has(given: Hidden, method: str) -> bool:
    return callable(getattr(given.give(), method, None))

"""Where tokens come from: a text, a function, or an object with azure-core's get_token_info or get_token."""

from __future__ import annotations

from . import _log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import types

_KINDS = "a str, a callable, or an object with get_token(*scopes)"


class Token:
    """A bearer token on its way into the library. Tools that print local variables see only this."""

    __slots__ = ("_as_parameter_",)

    def __init__(self, text: str) -> None:
        # A C string ends at a NUL: a control character in its place is refused, and its offset said. What is no
        # Unicode is refused for not being ASCII.
        self._as_parameter_ = text.replace("\0", "\x01").encode("utf-8", "surrogatepass")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Token) and self._as_parameter_ == other._as_parameter_

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Token(...)"


class Source:
    """A credential, asked for tokens of one scope."""

    __slots__ = ("_given", "_scope")

    def __init__(self, given: types.Credential, root: str) -> None:
        if not (isinstance(given, str) or callable(given) or _has(given, "get_token_info") or _has(given, "get_token")):
            raise TypeError(f"a credential is {_KINDS}, not {type(given).__name__}")
        self._given = given
        self._scope = root.rstrip("/") + "/.default"

    def another(self, given: types.Credential) -> Source:
        """Another credential, for the same scope."""
        return Source(given, self._scope[: -len("/.default")])

    def token(self, claims: str | None = None) -> Token:
        answer = self._ask(claims)
        text = getattr(answer, "token", answer)
        if isinstance(text, str):
            return Token(text)
        if hasattr(answer, "__await__"):
            if hasattr(answer, "close"):
                answer.close()  # a coroutine that is never awaited would be warned of
            raise TypeError("the credential is asynchronous: give azure.identity's synchronous one")
        raise TypeError(f"the credential gave no token, but {type(answer).__name__}")

    def new_token(self, refused: Token, claims: str | None) -> Token | None:
        """The token to try after one was refused. None where there is no other."""
        if isinstance(self._given, str):
            return None
        _log.debug("the token was refused%s: the credential is asked again", " with a claims challenge" * bool(claims))
        token = self.token(claims)
        return None if token == refused else token

    def _ask(self, claims: str | None) -> object:
        given = self._given
        if isinstance(given, str):
            return given
        # azure-core's own order. A refusal with claims is understood here, so tokens may be those of continuous access
        # evaluation, which live longer; only the newer method is known to take that option.
        get_token_info = getattr(given, "get_token_info", None)
        if callable(get_token_info):
            options = {"enable_cae": True, "claims": claims} if claims else {"enable_cae": True}
            return get_token_info(self._scope, options=options)
        get_token = getattr(given, "get_token", None)
        if callable(get_token):
            return get_token(self._scope, claims=claims) if claims else get_token(self._scope)
        return given()  # type: ignore[operator]

    def __repr__(self) -> str:
        return f"<{type(self._given).__name__} for {self._scope}>"


def _has(given: object, method: str) -> bool:
    return callable(getattr(given, method, None))

"""Where tokens come from: a text, a function, an object with azure-core's get_token_info or get_token, or the library."""

from __future__ import annotations

from . import _log
from ._secret import Secret
from ._token import Token
from .credential import Credential

_KINDS = "a str, a callable, an object with get_token(*scopes), or a Credential"


class TokenSource:
    """A credential that is asked for tokens of one scope."""

    __slots__ = ("_credential", "_scope")

    def __init__(self, credential: Secret, root: str) -> None:
        self._credential = credential
        self._scope = root.rstrip("/") + "/.default"
        is_asked = callable(credential.reveal()) or self._has("get_token_info") or self._has("get_token")
        if not (self.is_text or self.own is not None or is_asked):
            raise TypeError(f"a credential is {_KINDS}, not {type(credential.reveal()).__name__}")

    @property
    def is_text(self) -> bool:
        """Whether the credential is the token itself."""
        return isinstance(self._credential.reveal(), str)

    @property
    def own(self) -> Credential | None:
        """The credential, if the library gets its tokens itself."""
        given = self._credential.reveal
        return given() if isinstance(given(), Credential) else None

    def for_credential(self, credential: Secret) -> TokenSource:
        """Another credential, asked for the same scope."""
        return TokenSource(credential, self._scope[: -len("/.default")])

    def for_call(self) -> Token | None:
        """The token that a call is given. None if the library gets it itself."""
        return self.token() if self.own is None else None

    def token(self, claims: str | None = None) -> Token:
        answer = Secret(self._ask(claims))
        text = Secret(getattr(answer.reveal(), "token", answer.reveal()))
        if isinstance(text.reveal(), str):
            return Token(text)
        if hasattr(answer.reveal(), "__await__"):
            if hasattr(answer.reveal(), "close"):
                answer.reveal().close()  # Python warns about a coroutine that nobody awaits
            raise TypeError("the credential is asynchronous: use the synchronous one from azure.identity")
        raise TypeError(f"the credential returned {type(answer.reveal()).__name__} instead of a token")

    def new_token(self, refused: Token | None, claims: str | None) -> Token | None:
        """The token to try after one was refused, if that is known. None if there is no other."""
        if self.is_text or self.own is not None:
            return None
        if (logger := _log.logger()) is not None:
            logger.debug("token refused%s: asking the credential again", " with a claims challenge" if claims else "")
        token = self.token(claims)
        return None if token == refused else token

    def _ask(self, claims: str | None) -> object:
        if self.is_text:
            return self._credential.reveal()
        # The same order as azure-core's. This package answers claims challenges, so it may ask for the longer-lived
        # tokens of continuous access evaluation (CAE). Only the newer method is known to take that option.
        if self._has("get_token_info"):
            options = {"enable_cae": True, "claims": claims} if claims else {"enable_cae": True}
            return self._credential.reveal().get_token_info(self._scope, options=options)
        if self._has("get_token"):
            more = {"claims": claims} if claims else {}
            return self._credential.reveal().get_token(self._scope, **more)
        return self._credential.reveal()()

    def _has(self, method: str) -> bool:
        return callable(getattr(self._credential.reveal(), method, None))

    def __repr__(self) -> str:
        return f"<{type(self._credential.reveal()).__name__} for {self._scope}>"

"""What a credential may be, for annotations."""

from __future__ import annotations

from typing import Any, Callable, Protocol, Union

from .credential import Credential


class HasToken(Protocol):
    """azure-core's AccessToken and AccessTokenInfo."""

    @property
    def token(self) -> str:
        """The token's text."""


class TokenCredential(Protocol):
    """azure-core's protocol of the same name: an object that gets tokens."""

    def get_token(self, *scopes: str) -> HasToken:
        """Gets a token for these scopes, as an object with the attribute `token`."""


class SupportsTokenInfo(Protocol):
    """azure-core's newer protocol. It is preferred if a credential has both."""

    def get_token_info(self, *scopes: str, options: Any = ...) -> HasToken:
        """Gets a token for these scopes, as an object with the attribute `token`."""


AnyCredential = Union[str, Credential, Callable[[], Union[str, HasToken]], TokenCredential, SupportsTokenInfo]

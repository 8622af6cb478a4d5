"""What a credential may be, for annotations."""

from __future__ import annotations

from typing import Any, Callable, Protocol, TypedDict, Union

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os

    from .cloud import Cloud


class HasToken(Protocol):
    """azure-core's AccessToken and AccessTokenInfo."""

    @property
    def token(self) -> str: ...


class TokenCredential(Protocol):
    """azure-core's protocol of the same name."""

    def get_token(self, *scopes: str) -> HasToken: ...


class SupportsTokenInfo(Protocol):
    """azure-core's newer protocol, which is preferred where a credential has both."""

    def get_token_info(self, *scopes: str, options: Any = ...) -> HasToken: ...


Credential = Union[str, Callable[[], Union[str, HasToken]], TokenCredential, SupportsTokenInfo]
"""A token; a function that returns one, or an object that has it as `token`; or a credential of azure-identity."""


class ClientOptions(TypedDict, total=False):
    """The named arguments of `Client`."""

    cloud: Cloud | None
    base_url: str | None
    proxy: str | None
    ca_file: str | os.PathLike[str] | None
    timeout: float | None
    connect_timeout: float | None
    max_retries: int | None
    user_agent_suffix: str | None
    ignore_environment: bool

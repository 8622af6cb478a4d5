"""Credentials that workers in other processes can import."""

from __future__ import annotations

from azure.core.credentials import AccessToken


class Tenant:
    """A credential object, which gets the token in the process that uses it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_token(self, *scopes: str) -> AccessToken:
        return AccessToken(f"token-of-{self.name}", 2**31)


class CannotTravel(Exception):
    """It can be pickled, but not unpickled."""

    def __init__(self, one: str, two: str) -> None:
        super().__init__(one + two)


def token() -> str:
    return "token"


def failing() -> str:
    raise CannotTravel("no ", "token")

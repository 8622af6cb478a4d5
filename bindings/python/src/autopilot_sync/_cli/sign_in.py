"""Credentials of azure-identity, which sign in people and applications."""

from __future__ import annotations

import os

from ..cloud import Cloud
from .credentials import InputError
from .words import redacted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any, Callable

    from ..types import AnyCredential, HasToken
    from .interruption import Interruption

GRAPH_TOOLS = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
"""The application Microsoft Graph Command Line Tools: every tenant may sign in to it, and people know its name."""

_PERMISSION = "DeviceManagementServiceConfig.{}.All"
_OF_PEOPLE = ("DeviceCodeCredential", "InteractiveBrowserCredential")
_WITH_AUTHORITY = ("DefaultAzureCredential", *_OF_PEOPLE)
_AUTHORITIES = {
    Cloud.US_GOVERNMENT: "login.microsoftonline.us",
    Cloud.US_GOVERNMENT_DOD: "login.microsoftonline.us",
    Cloud.CHINA: "login.chinacloudapi.cn",
}


class SignIn:
    """How a command signs in: what the person reads, what a signal does meanwhile, and the access that it needs: Read or
    ReadWrite."""

    def __init__(self, say: Callable[[str], object], interruption: Interruption, access: str) -> None:
        self._say, self._interruption, self._permission = say, interruption, _PERMISSION.format(access)

    def credential(
        self, name: str, cloud: Cloud | None, client_id: str | None, tenant_id: str | None
    ) -> AnyCredential:
        """Makes a credential of azure-identity, given the name of its class."""
        arguments: dict[str, Any] = {} if tenant_id is None else {"tenant_id": tenant_id}
        if name not in _OF_PEOPLE:
            return azure_identity(name, cloud, **arguments)
        arguments["client_id"] = client_id or GRAPH_TOOLS
        if name == "DeviceCodeCredential":
            arguments["prompt_callback"] = self._ask
        return Person(azure_identity(name, cloud, **arguments), self._permission, self._interruption)

    def _ask(self, uri: str, code: str, _expires_on: datetime) -> None:
        self._say(f"To sign in, open {uri} in a browser and enter the code {code}")


class Person:
    """A credential that asks a person to sign in. It asks for the one permission that is needed, so that the person can
    consent to it. A signal ends the wait for the person at once."""

    def __init__(self, credential: Any, permission: str, interruption: Interruption) -> None:
        self._credential, self._permission, self._interruption = credential, permission, interruption

    def get_token(self, *scopes: str, claims: str | None = None) -> HasToken:
        wanted = [scope.replace("/.default", f"/{self._permission}") for scope in scopes]
        with self._interruption.at_once():
            # As the package asks itself: it answers claims challenges, so it may ask for the longer-lived tokens of CAE.
            return self._credential.get_token(*wanted, claims=claims, enable_cae=True)  # type: ignore[no-any-return]


def azure_identity(name: str, cloud: Cloud | None = None, **arguments: object) -> AnyCredential:
    """Makes a credential of azure-identity, given the name of its class."""
    try:
        from azure import identity
    except ImportError:
        raise InputError("azure-identity is not installed: pip install azure-identity") from None
    if not name.endswith("Credential") or name not in identity.__all__:
        raise InputError(f"azure.identity has no credential {redacted(name)}")
    if name in _WITH_AUTHORITY and cloud in _AUTHORITIES and "AZURE_AUTHORITY_HOST" not in os.environ:
        arguments.setdefault("authority", _AUTHORITIES[cloud])
    try:
        credential: AnyCredential = getattr(identity, name)(**arguments)
    except Exception as error:
        raise InputError(" ".join(f"{name}: {error}".split())) from None
    return credential

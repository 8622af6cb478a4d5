"""A stand-in for Microsoft Entra ID: a transport for azure-identity, which lets everybody sign in."""

from __future__ import annotations

import base64
import json
import time
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest

TOKEN = "device-token"
CODE = "ABC123"


class Entra(HttpTransport[Any, Any]):
    """Answers the requests of a sign-in with a device code."""

    def __init__(self) -> None:
        self.forms: dict[str, dict[str, str]] = {}
        """The last form that was sent to each address."""
        self.while_it_asks: Callable[[], object] = lambda: None
        """What happens while the person should sign in."""

    def send(self, request: Any, **_options: Any) -> Reply:
        url = urlsplit(request.url)
        self.forms[request.url] = form_of(request)
        root = f"https://{url.hostname}/{url.path.split('/')[1]}"
        if url.path.endswith("/openid-configuration"):
            addresses = ("authorization", "token", "device_authorization")
            return Reply({"issuer": f"{root}/v2.0", **{f"{name}_endpoint": f"{root}/{name}" for name in addresses}})
        if url.path.endswith("devicecode") or url.path.endswith("device_authorization"):
            where = "https://microsoft.com/devicelogin"
            return Reply({"device_code": "x", "user_code": CODE, "verification_uri": where, "expires_in": 900, "interval": 1})
        self.while_it_asks()
        return Reply(signed_in(self.forms[request.url]["client_id"]))

    def form(self, end: str) -> tuple[str, dict[str, str]]:
        """The address that ends with this, and the form that was sent to it."""
        ((address, form),) = [(address, form) for address, form in self.forms.items() if address.endswith(end)]
        return address, form

    def open(self) -> None: ...

    def close(self) -> None: ...

    def __exit__(self, *_raised: object) -> None: ...


class Reply:
    content_type = "application/json"
    status_code = 200
    reason = "OK"

    def __init__(self, content: dict[str, Any]) -> None:
        self._text = json.dumps(content)
        self.headers = {"content-type": self.content_type}

    def text(self, encoding: str | None = None) -> str:
        return self._text

    def body(self) -> bytes:
        return self._text.encode()

    def read(self) -> bytes:
        return self.body()


def form_of(request: Any) -> dict[str, str]:
    """The form that a request of azure-core carries."""
    content = request.content if isinstance(request, HttpRequest) else request.body
    if isinstance(content, dict):
        return content
    text = content.decode() if isinstance(content, bytes) else str(content or "")
    return {name: values[0] for name, values in parse_qs(text).items()}


def signed_in(client_id: str) -> dict[str, Any]:
    now = int(time.time())
    user = {"sub": "s", "oid": "o", "tid": "t", "preferred_username": "admin@contoso.example"}
    identity = {"iss": "https://login/v2.0", "aud": client_id, "iat": now, "exp": now + 3600, **user}
    return {
        "token_type": "Bearer",
        "access_token": TOKEN,
        "expires_in": 3600,
        "id_token": f"{encoded({'alg': 'none'})}.{encoded(identity)}.x",
        "client_info": encoded({"uid": "o", "utid": "t"}),
    }


def encoded(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

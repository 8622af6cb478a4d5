"""Says of a refused token that it has expired, if its text tells. Nothing is verified."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import datetime, timezone

from ._secret import Secret
from .detail import Detail


def explained(refusal: Detail, token: Secret) -> Detail:
    """The detail of a refusal, whose message also says if the token has expired, and what helps."""
    expiry = _of(token)
    if expiry is None or expiry > datetime.now(timezone.utc):
        return refusal
    message = (
        f"{refusal.message}; the token expired at {expiry:%Y-%m-%d %H:%M:%S} UTC, and a str is never renewed: a function "
        "or a credential object is asked for a new one"
    )
    return Detail(**{**vars(refusal), "message": message})


def _of(token: Secret) -> datetime | None:
    """The time `exp` of a JWT. None if the text is none, or does not tell."""
    try:
        claims = Secret(json.loads(urlsafe_b64decode(token.reveal().split(".")[1] + "==")))
        return datetime.fromtimestamp(claims.reveal()["exp"], timezone.utc)
    except Exception:
        return None

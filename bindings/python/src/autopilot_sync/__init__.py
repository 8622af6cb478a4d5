"""Triggers Microsoft Intune's Windows Autopilot sync, and understands the answer.

    from azure.identity import DefaultAzureCredential
    from autopilot_sync import Client

    with Client(DefaultAzureCredential()) as client:
        print(client.sync_and_wait().answer)

`sync(token)` is the one call. A `Client` has options, reads settings, waits, and can be cancelled. `sync_many` serves
many tenants. What is no error is an `Outcome` with an `Answer`; errors are below `AutopilotError`.

There is no second API for asyncio. Calls leave the interpreter free, so a thread for each is enough:

    async def trigger(client):
        try:
            return await asyncio.to_thread(client.sync)
        except asyncio.CancelledError:
            client.cancel()  # the call on the thread ends too, within milliseconds
            raise

Threads may share a client. So may a child made by fork, which has connections of its own. Other processes are given
credentials, not clients.

Environment: HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR, as curl reads them; AUTOPILOT_SYNC_LIBRARY
names another file for the shared library that is beside this one, except under `python -I` or `-E` and in a process with
raised rights. Of `logging`, the logger `autopilot_sync` gets one line for each call at DEBUG, without a token.
"""

from __future__ import annotations

from . import _library  # it is there and of this version, or this is an ImportError
from ._version import VERSION as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .client import Client, sync
    from .cloud import Cloud
    from .detail import Attempt, Detail, ServiceError, Trigger
    from .exceptions import (
        AutopilotError,
        CallCancelledError,
        CallTimeoutError,
        ClientAuthenticationError,
        ConfigurationError,
        ForbiddenError,
        HttpResponseError,
        InvalidArgumentError,
        ServiceRequestError,
        ServiceResponseError,
        SyncFailedError,
        TlsError,
        UnexpectedResponseError,
    )
    from .many import TenantResult, sync_many
    from .outcome import Answer, Outcome
    from .progress import Phase, Progress
    from .settings import Settings, SyncStatus
    from .types import Credential, TokenCredential

__all__ = [
    "Answer",
    "Attempt",
    "AutopilotError",
    "CallCancelledError",
    "CallTimeoutError",
    "Client",
    "ClientAuthenticationError",
    "Cloud",
    "ConfigurationError",
    "Credential",
    "Detail",
    "ForbiddenError",
    "HttpResponseError",
    "InvalidArgumentError",
    "Outcome",
    "Phase",
    "Progress",
    "ServiceError",
    "ServiceRequestError",
    "ServiceResponseError",
    "Settings",
    "SyncFailedError",
    "SyncStatus",
    "TenantResult",
    "TlsError",
    "TokenCredential",
    "Trigger",
    "UnexpectedResponseError",
    "__version__",
    "sync",
    "sync_many",
]

# Imported when they are first asked for: a program that may never sync pays for the library alone. Each name is looked
# for in these modules, the cheap ones first.
_HOMES = ("cloud", "settings", "detail", "exceptions", "outcome", "progress", "client", "types", "many")


if not TYPE_CHECKING:  # for whom any name would be one

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        for home in _HOMES:
            # importlib would be one more module to import.
            found = vars(__import__(f"{__name__}.{home}", fromlist=[name])).get(name)
            if found is not None:
                globals()[name] = found
                return found
        raise AssertionError(name)


def __dir__() -> list[str]:
    return sorted(__all__)

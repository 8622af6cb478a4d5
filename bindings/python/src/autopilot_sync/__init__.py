"""Triggers Microsoft Intune's Windows Autopilot sync, and says what came of it.

Here as a user or machine that azure-identity finds signed in:

    from azure.identity import DefaultAzureCredential
    from autopilot_sync import Client

    with Client(DefaultAzureCredential()) as client:
        print(client.sync_and_wait().answer)

`sync(token)` is the shortest way to trigger a sync. A `Client` takes options, waits, makes sure that your change is in
(`Client.sync_since`), reads settings and can be cancelled. `sync_many` serves thousands of tenants, and a `Fleet` those
that come and go. A call returns an `Outcome` with an `Answer`, or raises an `AutopilotError`; `help(autopilot_sync.exceptions)` lists the errors.

The token is a bearer token of Microsoft Graph, without the word "Bearer". It needs the permission
DeviceManagementServiceConfig.ReadWrite.All, which covers the whole tenant. So call from one service, or from one
administrator's machine, and not from endpoints. The service accepts one sync in ten minutes for each tenant.

Calls block, but other threads go on meanwhile. So asyncio needs no API of its own:

    async def trigger(client):
        try:
            return await asyncio.to_thread(client.sync)
        except asyncio.CancelledError:
            client.cancel()  # ends the call on the thread too, within milliseconds
            raise

Threads may share a client. So may a child made by fork, which gets connections of its own. Give other processes a
credential instead of a client.

The environment variables HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR work as in curl.
AUTOPILOT_SYNC_LIBRARY replaces the shared library beside this package, except with `python -I` or `-E` and in a process
with raised rights. The logger `autopilot_sync` gets a line for each call, and one for each event of its trace, at level
DEBUG. They never contain a token.

Attributes:
    AnyCredential: The type of a credential, for annotations: a token as a str; a `Credential`; a function that returns a
        token, or an object with the attribute `token`; or an object with azure-core's `get_token_info` or `get_token`.
    __version__: The version of the package and of its library.
"""

from __future__ import annotations

from . import _library  # an ImportError if the library is missing or has another version
from ._version import VERSION as __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .client import Client, sync
    from .cloud import Cloud
    from .credential import Credential
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
    from .fleet import Fleet, Goal, TenantResult
    from .many import sync_many
    from .outcome import Answer, Outcome
    from .progress import Phase, Progress
    from .reading import Reading
    from .settings import Settings, SyncStatus
    from .trace import Trace, TraceEvent
    from .types import AnyCredential, TokenCredential

__all__ = [
    "Answer",
    "AnyCredential",
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
    "Fleet",
    "ForbiddenError",
    "Goal",
    "HttpResponseError",
    "InvalidArgumentError",
    "Outcome",
    "Phase",
    "Progress",
    "Reading",
    "ServiceError",
    "ServiceRequestError",
    "ServiceResponseError",
    "Settings",
    "SyncFailedError",
    "SyncStatus",
    "TenantResult",
    "TlsError",
    "TokenCredential",
    "Trace",
    "TraceEvent",
    "Trigger",
    "UnexpectedResponseError",
    "__version__",
    "sync",
    "sync_many",
]

# These modules are imported when a name is first used: a program that may never sync then pays for the library alone.
# A name is looked up in one after the other, the cheap ones first.
_MODULES = (
    "cloud",
    "settings",
    "trace",
    "detail",
    "exceptions",
    "outcome",
    "reading",
    "credential",
    "client",
    "progress",
    "types",
    "fleet",
    "many",
)


if not TYPE_CHECKING:  # a type checker would believe that any name exists

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        for module in _MODULES:
            # importlib would be one more module to import.
            found = vars(__import__(f"{__name__}.{module}", fromlist=[name])).get(name)
            if found is not None:
                globals()[name] = found
                return found
        raise AssertionError(name)


def __dir__() -> list[str]:
    return sorted(__all__)

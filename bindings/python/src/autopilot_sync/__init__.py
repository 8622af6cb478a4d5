"""Triggers Microsoft Intune's Windows Autopilot sync, and understands the answer.

    from azure.identity import DefaultAzureCredential
    from autopilot_sync import Answer, Client

    with Client(DefaultAzureCredential()) as client:
        outcome = client.sync_and_wait(timeout=1800)
        print(outcome)
"""

from __future__ import annotations

from . import _library  # it is there and of this version, or this is an ImportError
from ._version import VERSION as __version__
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
from .outcome import Answer, Outcome
from .progress import Phase, Progress
from .settings import Settings, SyncStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .many import TenantResult, sync_many
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
    "TlsError",
    "TenantResult",
    "TokenCredential",
    "Trigger",
    "UnexpectedResponseError",
    "__version__",
    "sync",
    "sync_many",
]

_LAZY = {"sync_many": "many", "TenantResult": "many", "Credential": "types", "TokenCredential": "types"}


def __getattr__(name: str) -> object:
    """What costs more to import than the rest, and is seldom wanted, is imported when it is."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    globals()[name] = value
    return value

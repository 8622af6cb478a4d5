"""The SDK's client with a token, for a service on this machine."""

from __future__ import annotations

import os
from time import time
from typing import TYPE_CHECKING

from azure.core.credentials import AccessToken
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph_beta import GraphServiceClient
from msgraph_beta.graph_request_adapter import GraphRequestAdapter

if TYPE_CHECKING:
    from httpx import AsyncClient


class Credential:
    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(self._token, int(time()) + 3600)


def client(token: str, http: AsyncClient | None = None) -> GraphServiceClient:
    """Without `http`, the client has connections of its own."""
    provider = AzureIdentityAuthenticationProvider(Credential(token), allowed_hosts=["localhost"])
    adapter = GraphRequestAdapter(provider, http)
    adapter.base_url = f"{os.environ['BENCH_ROOT']}/beta"
    return GraphServiceClient(request_adapter=adapter)

import asyncio
from time import time

from azure.core.credentials import AccessToken
from bench import ROOT, TOKEN, run_async
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph_beta import GraphServiceClient
from msgraph_beta.graph_request_adapter import GraphRequestAdapter


class Credential:
    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken(TOKEN, int(time()) + 3600)


adapter = GraphRequestAdapter(AzureIdentityAuthenticationProvider(Credential(), allowed_hosts=["localhost"]))
adapter.base_url = f"{ROOT}/beta"
client = GraphServiceClient(request_adapter=adapter)


async def call() -> None:
    await client.device_management.windows_autopilot_settings.sync.post()  # raises if the answer is an error


asyncio.run(run_async(call))

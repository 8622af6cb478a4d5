"""The official SDK, as its documentation shows it: reads, triggers, and triggers too early. Prints what it got."""

import asyncio
from time import time

from azure.core.credentials import AccessToken
from msgraph_beta import GraphServiceClient
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError


class Credential:
    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken("a-token", int(time()) + 3600)


async def main() -> None:
    client = GraphServiceClient(Credential(), ["https://graph.microsoft.com/.default"])
    settings = client.device_management.windows_autopilot_settings
    for call in [settings.get, settings.sync.post, settings.get, settings.sync.post, settings.get, settings.sync.post]:
        try:
            read = await call()
            print(read.sync_status.value if read else "accepted")
        except ODataError as error:
            print(error.response_status_code, error.error.code)


asyncio.run(main())

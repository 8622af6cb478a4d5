"""The official credentials, as their documentation shows them: gets a token, and reads the settings with it.

    credentials.py secret|certificate|workload|managed

The variables of Azure say the rest. Prints the status, or the error of the credential.
"""

import logging
import os
import sys

import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    CertificateCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

SETTINGS = "https://graph.microsoft.com/beta/deviceManagement/windowsAutopilotSettings"


def variables(*names):
    return [os.environ[f"AZURE_{name}"] for name in ("TENANT_ID", "CLIENT_ID", *names)]


def credential(kind):
    match kind:
        case "secret":
            return ClientSecretCredential(*variables("CLIENT_SECRET"))
        case "certificate":
            with_chain = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN" in os.environ
            return CertificateCredential(*variables("CLIENT_CERTIFICATE_PATH"), send_certificate_chain=with_chain)
        case "workload":
            return WorkloadIdentityCredential()
        case "managed":
            return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID"))


logging.disable()
try:
    token = credential(sys.argv[1]).get_token("https://graph.microsoft.com/.default")
    reply = requests.get(SETTINGS, headers={"Authorization": f"Bearer {token.token}"}, timeout=60)
    print(reply.status_code, reply.json()["syncStatus"])
except (ClientAuthenticationError, CredentialUnavailableError) as error:
    print(type(error).__name__, error.message)

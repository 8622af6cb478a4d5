"""A `Credential`, whose tokens the library gets itself."""

from __future__ import annotations

import base64
import copy
import json
import os
import pickle
import re
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Callable

import pytest
from autopilot_emulator import Emulator
from autopilot_sync import (
    Answer,
    AnyCredential,
    CallCancelledError,
    Client,
    ClientAuthenticationError,
    ConfigurationError,
    Credential,
    Fleet,
    Goal,
    InvalidArgumentError,
    Phase,
    Progress,
    sync,
    sync_many,
)
from conftest import SECRET, Start, ago
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

TENANT = "default"
APPLICATION = "00000000-0000-0000-0000-00000000000a"
WRONG: Any = 5
LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"


def of_secret(secret: str = SECRET) -> Credential:
    return Credential.client_secret(TENANT, APPLICATION, secret)


def hosts(emulator: Emulator) -> list[str]:
    return [request["host"] for request in emulator.requests()]


@pytest.fixture(autouse=True)
def no_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credential in the environment."""
    for name in os.environ:
        if name.startswith(("AZURE_", "IDENTITY_", "IMDS_", "MSI_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an RSA key and its certificate. cryptography comes with azure-identity."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name.from_rfc4514_string("CN=agent")
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    valid = builder.not_valid_before(ago(days=1)).not_valid_after(ago(days=-1)).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = tmp_path_factory.mktemp("certificate") / "agent.pem"
    file.write_bytes(valid.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return file


def test_a_secret_from_each_place(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = start("--client-id", APPLICATION, "--client-secret", SECRET)
    (tmp_path / "secret").write_text(SECRET + "\n")
    monkeypatch.setenv("AGENT_SECRET", SECRET)
    for credential in (
        of_secret(),
        Credential.client_secret(TENANT, APPLICATION, file=tmp_path / "secret"),
        Credential.client_secret(TENANT, APPLICATION, variable="AGENT_SECRET"),
    ):
        assert str(credential) == f"application {APPLICATION} in tenant {TENANT}, by its client secret"
        assert repr(credential) == f"<autopilot_sync.Credential: {credential}>"
        assert Client(credential).settings().last_sync is not None
    assert hosts(emulator) == [LOGIN, GRAPH] * 3


@pytest.mark.parametrize("send_chain", [False, True])
def test_a_certificate(start: Start, certificate: Path, send_chain: bool) -> None:
    start("--client-certificate", str(certificate))
    credential = Credential.client_certificate(TENANT, APPLICATION, certificate, send_chain=send_chain)
    assert Client(credential).sync().answer is Answer.ACCEPTED
    assert str(credential).endswith("by its certificate and chain" if send_chain else "by its certificate")


def test_a_workload_identity(emulator: Emulator, tmp_path: Path) -> None:
    claims = {"aud": "api://AzureADTokenExchange", "iss": "https://issuer", "sub": "agent", "exp": int(time.time()) + 600}
    parts = ({"alg": "RS256"}, claims, "signature")
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    file = tmp_path / "token"
    credential = Credential.workload_identity(TENANT, APPLICATION, file)
    with pytest.raises(ConfigurationError, match=re.escape(str(file))):
        Client(credential).sync()
    file.write_text(".".join(encoded))
    assert Client(credential).sync().answer is Answer.ACCEPTED


@pytest.mark.parametrize("machine", ["imds", "app-service"])
def test_a_managed_identity(start: Start, machine: str) -> None:
    emulator = start("--managed-identity", machine, "--user-assigned", APPLICATION)
    for credential in (Credential.managed_identity(), Credential.managed_identity(APPLICATION), Credential.from_environment()):
        assert Client(credential).settings().last_sync is not None
        assert "managed identity" in str(credential)
    with pytest.raises(ConfigurationError, match="assign the managed identity"):
        Client(Credential.managed_identity("00000000-0000-0000-0000-00000000000b")).sync()
    with pytest.raises(InvalidArgumentError, match="one tenant"):
        Credential.managed_identity().for_tenant("contoso.com")
    assert LOGIN not in hosts(emulator)


def test_the_environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TENANT_ID", TENANT), ("CLIENT_ID", APPLICATION), ("CLIENT_SECRET", SECRET)):
        monkeypatch.setenv(f"AZURE_{name}", value)
    credential = Credential.from_environment()
    assert "AZURE_CLIENT_SECRET" in str(credential) and SECRET not in repr(credential)
    assert Client(credential).sync().answer is Answer.ACCEPTED


def test_each_call_takes_one(emulator: Emulator) -> None:
    def until_watching(progress: Progress) -> bool:
        return progress.phase is not Phase.WATCHING

    credential = of_secret()
    assert sync(credential).answer is Answer.ACCEPTED
    with Client(credential) as client:
        assert repr(client) == f"<autopilot_sync.Client with <Credential for https://{GRAPH}/.default>>"
        with pytest.raises(CallCancelledError):
            client.sync_and_wait(60, until_watching)
        with pytest.raises(CallCancelledError):
            client.sync_since(ago(), progress=until_watching)
    assert hosts(emulator).count(LOGIN) == 1


def test_many_tenants_of_one_application(emulator: Emulator) -> None:
    application, tenants = of_secret(), ["adatum", "contoso", "fabrikam"]
    results = list(sync_many({tenant: application.for_tenant(tenant) for tenant in tenants}))
    assert [(one.tenant, one.result().answer) for one in results] == [(tenant, Answer.ACCEPTED) for tenant in tenants]
    asked = sorted(request["path"] for request in emulator.requests() if request["host"] == LOGIN)
    assert asked == [f"/{tenant}/oauth2/v2.0/token" for tenant in tenants]


def test_a_fleet_mixes_all_kinds(start: Start) -> None:
    start("--client-secret", SECRET)
    credentials: dict[str, AnyCredential] = {"text": "token", "function": lambda: "token", "library's": of_secret()}
    credentials["wrong"] = of_secret("no-" + SECRET)
    with Fleet() as fleet:
        for key, credential in credentials.items():
            fleet.add(key, credential, Goal.SETTINGS)
        fleet.close()
        errors = {result.tenant: result.error for result in fleet}
    assert [key for key, error in errors.items() if error] == ["wrong"]
    assert isinstance(errors["wrong"], ClientAuthenticationError)


def test_a_refusal_says_what_to_do_and_shows_no_secret(start: Start) -> None:
    start("--client-secret", "another")
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215.*give the secret's value, not its id") as raised:
        Client(of_secret()).sync()
    assert SECRET not in str(raised.value.to_dict()) and not raised.value.sent
    assert raised.value.error is not None and raised.value.error.code == "AADSTS7000215"


def test_a_refused_token_is_renewed_by_the_library(start: Start) -> None:
    emulator = start()
    emulator.script({"answer": {"error": 401}})
    assert Client(of_secret()).sync().answer is Answer.ACCEPTED
    assert hosts(emulator) == [LOGIN, GRAPH, LOGIN, GRAPH]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Credential(), TypeError, "class methods"),
        (lambda: Credential.client_secret(TENANT, APPLICATION), TypeError, "give one of"),
        (lambda: Credential.client_secret(TENANT, APPLICATION, SECRET, file="/secret"), TypeError, "give one of"),
        (lambda: Credential.client_secret(TENANT, APPLICATION, WRONG), TypeError, "client_secret must be a str, not int"),
        (lambda: Credential.client_secret(TENANT, APPLICATION, SECRET + "\0"), InvalidArgumentError, "the client secret"),
        (lambda: Credential.client_secret(TENANT, APPLICATION, ""), InvalidArgumentError, "the client secret is empty"),
        (lambda: Credential.client_secret(TENANT, APPLICATION, file="/nowhere"), ConfigurationError, "/nowhere"),
        (lambda: Credential.client_secret(TENANT, APPLICATION, file=WRONG), TypeError, "int"),
        (lambda: Credential.client_secret(TENANT, APPLICATION, variable="NOWHERE"), ConfigurationError, "NOWHERE"),
        (lambda: Credential.client_secret("a b", APPLICATION, SECRET), InvalidArgumentError, "the tenant"),
        (lambda: Credential.client_secret(TENANT + "\0", APPLICATION, SECRET), ValueError, "tenant_id has a NUL"),
        (lambda: Credential.client_secret(WRONG, APPLICATION, SECRET), TypeError, "tenant_id must be a str"),
        (lambda: Credential.client_secret(TENANT, "a b", SECRET), InvalidArgumentError, "the client id"),
        (lambda: Credential.client_certificate(TENANT, APPLICATION, "/nowhere.pem"), ConfigurationError, "/nowhere.pem"),
        (lambda: Credential.workload_identity(TENANT, "", "/token"), InvalidArgumentError, "the client id"),
        (lambda: Credential.managed_identity(""), InvalidArgumentError, "the client id"),
        (lambda: of_secret().for_tenant("common"), InvalidArgumentError, "no tenant"),
    ],
)
def test_what_cannot_be_right_is_refused(make: Callable[[], object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as raised:
        make()
    assert SECRET not in str(raised.value)


def test_it_stays_in_its_process(emulator: Emulator) -> None:
    for travel in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            travel(of_secret())
    with ProcessPoolExecutor(1) as pool:
        (result,) = sync_many([of_secret()], executor=pool)
    assert isinstance(result.error, TypeError) and emulator.requests() == []

"""A credential whose tokens the library gets itself, for programs that nobody attends."""

from __future__ import annotations

from ctypes import byref, c_void_p

from ._library import native, text
from ._options import encoded, encoded_path
from ._secret import Secret
from ._token import Token
from .detail import of_call
from .exceptions import error_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from typing import Any, Callable, NoReturn

IN_ITSELF, IN_FILE, IN_VARIABLE = range(3)
"""Where a client secret is: the numbers of autopilot_secret."""


class Credential:
    """Gets tokens for programs that nobody attends: from Microsoft Entra, or from the Azure platform that they run on.

        credential = Credential.client_secret("contoso.com", client_id, file="/run/secrets/agent")
        with Client(credential) as client:
            print(client.sync_and_wait().answer)

    It needs no other package. azure-identity has more: users who sign in, chains of credentials, a cache on disk. A
    `Client` takes both.

    To make a credential sends nothing. The first call that needs a token asks for it, in the client's cloud, by its proxy,
    trust and timeouts, as one of the call's requests. The token stays in memory until five minutes before its end, or
    until the service refuses it. When nothing uses the credential any more, the library wipes the secret and the token
    from its memory (of a key, see SECURITY.md); the str of a secret that you passed is Python's.

    If Entra refuses the credential, the call raises ClientAuthenticationError. If the credential cannot be used, for
    example because its certificate has expired or this machine has no managed identity, it raises ConfigurationError. The
    message says what to do.

    Any number of threads and clients may share a credential. A child made by fork may use it too. It cannot be pickled.
    `str()` describes it on one line, without a secret.
    """

    _as_parameter_: int | None = None  # if it was never made: error reporters still call repr

    def __init__(self) -> None:
        raise TypeError("make a Credential by one of its class methods, such as Credential.from_environment()")

    @classmethod
    def client_secret(
        cls,
        tenant_id: str,
        client_id: str,
        client_secret: str | None = None,
        *,
        file: str | os.PathLike[str] | None = None,
        variable: str | None = None,
    ) -> Credential:
        """An application with a client secret, which is read now, once.

        Args:
            tenant_id: The tenant's id, or one of its domains.
            client_id: The application's id.
            client_secret: The secret's value. Give this, or one of the others.
            file: A file that holds the secret and nothing else. A line break at its end is allowed.
            variable: The name of the environment variable that holds the secret.

        Raises:
            TypeError, ValueError: An argument is wrong.
            ConfigurationError: The file or the variable holds no secret.
        """
        given = Secret(client_secret)
        del client_secret
        ids = (encoded("tenant_id", tenant_id), encoded("client_id", client_id))
        function = native.autopilot_credential_new_secret
        if [given.reveal(), file, variable].count(None) != 2:
            raise TypeError("give one of client_secret, file and variable")
        if file is not None:
            return cls._made(function, *ids, IN_FILE, encoded_path("file", file))
        if variable is not None:
            return cls._made(function, *ids, IN_VARIABLE, encoded("variable", variable))
        if not isinstance(given.reveal(), str):
            raise TypeError(f"client_secret must be a str, not {type(given.reveal()).__name__}")
        return cls._made(function, *ids, IN_ITSELF, Token(given))

    @classmethod
    def client_certificate(
        cls, tenant_id: str, client_id: str, file: str | os.PathLike[str], *, send_chain: bool = False
    ) -> Credential:
        """An application with a certificate.

        Args:
            tenant_id, client_id: As for `client_secret`.
            file: A PEM file with the certificate and its RSA key (PKCS#8 or PKCS#1, not encrypted), and perhaps the
                certificates above it, in any order. It is read now, once: after a renewal, make a new credential.
            send_chain: Whether to send all these certificates with each request for a token, for an application that
                trusts an issuer and a name instead of one certificate.

        Raises:
            TypeError, ValueError: An argument is wrong.
            ConfigurationError: The file cannot be used.
        """
        ids = (encoded("tenant_id", tenant_id), encoded("client_id", client_id))
        function = native.autopilot_credential_new_certificate
        return cls._made(function, *ids, encoded_path("file", file), bool(send_chain))

    @classmethod
    def workload_identity(cls, tenant_id: str, client_id: str, file: str | os.PathLike[str]) -> Credential:
        """An application that trusts the tokens of another issuer, such as a Kubernetes cluster (workload identity
        federation).

        Args:
            tenant_id, client_id: As for `client_secret`.
            file: A file with such a token. Each request for a token reads it anew, because its issuer renews it.

        Raises:
            TypeError, ValueError: An argument is wrong.
        """
        ids = (encoded("tenant_id", tenant_id), encoded("client_id", client_id))
        return cls._made(native.autopilot_credential_new_workload_identity, *ids, encoded_path("file", file))

    @classmethod
    def managed_identity(cls, client_id: str | None = None) -> Credential:
        """The managed identity of the platform that the program runs on: App Service, Functions or Container Apps if the
        environment names one, Azure Arc if its agent is there, otherwise an Azure virtual machine.

        Its requests for tokens go to an address of this machine or its link, and never through a proxy. Azure keeps such a
        token for up to a day: a role that was granted just now may not be in it.

        Args:
            client_id: The id of a user-assigned identity's application. Defaults to the system-assigned identity.

        Raises:
            TypeError, ValueError: The argument is wrong.
            ConfigurationError: A variable cannot be used or leads away from this machine.
        """
        named = None if client_id is None else encoded("client_id", client_id)
        return cls._made(native.autopilot_credential_new_managed_identity, named)

    @classmethod
    def from_environment(cls) -> Credential:
        """What the environment names, by azure-identity's variables: AZURE_TENANT_ID and AZURE_CLIENT_ID with
        AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE, otherwise a managed identity.
        AZURE_AUTHORITY_HOST is another host for logins. `str()` of the credential says which it took, and why none of the
        others.

        Raises:
            ConfigurationError: A variable cannot be used, or the process has more rights than the user who started it.
        """
        return cls._made(native.autopilot_credential_from_environment)

    def for_tenant(self, tenant_id: str) -> Credential:
        """The same application in another tenant, for many tenants that have all granted it its role:

            sync_many({tenant: credential.for_tenant(tenant) for tenant in tenants})

        Both share the secret or the key, and each has its own token.

        Args:
            tenant_id: The other tenant's id, or one of its domains.

        Raises:
            TypeError, ValueError: The argument is wrong, or this is a managed identity, which belongs to one tenant.
        """
        return self._made(native.autopilot_credential_for_tenant, self, encoded("tenant_id", tenant_id))

    @classmethod
    def _made(cls, function: Callable[..., int], *arguments: Any) -> Credential:
        place = c_void_p()
        made = of_call(function, *arguments, byref(place))
        if made.result != 0:
            raise error_of(made)
        credential = cls.__new__(cls)
        credential._as_parameter_ = place.value
        return credential

    def __str__(self) -> str:
        return text(native.autopilot_credential_describe(self)) or ""

    def __repr__(self) -> str:
        return f"<autopilot_sync.Credential: {self}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Credential cannot be pickled or copied: make one in each process, or use azure-identity's")

    def __del__(self, free: Callable[[int | None], None] = native.autopilot_credential_free) -> None:
        free(self._as_parameter_)

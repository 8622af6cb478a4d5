"""The client: one tenant's credential, and connections to one cloud's Microsoft Graph."""

from __future__ import annotations

from ctypes import byref, c_void_p

from . import _call, _log, detail, outcome
from ._call import Cancel
from ._hidden import Hidden
from ._library import native
from ._options import Options, milliseconds
from .cloud import Cloud
from .credential import Source
from .exceptions import UNAUTHORIZED, error_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from types import TracebackType
    from typing import Any, Callable, NoReturn

    from ._errand import Ask
    from .credential import Token
    from .detail import Detail
    from .outcome import Outcome
    from .progress import Progress
    from .settings import Settings
    from .types import Credential

HALF_AN_HOUR = 1800.0


class _Connections:
    """The library's client and the calls that run on it. Freed when nobody has it: a running call does."""

    __slots__ = ("__weakref__", "_as_parameter_", "is_ended", "running")

    def __init__(self, pointer: int | None) -> None:
        import weakref

        self._as_parameter_ = pointer
        self.running: set[Cancel] = set()
        self.is_ended = False
        # At exit a daemon thread may be in a call still, and the system takes all back anyway.
        weakref.finalize(self, native.autopilot_client_free, pointer).atexit = False


class Client:
    """Triggers Windows Autopilot syncs of one tenant, and watches them.

        with Client(DefaultAzureCredential()) as client:
            print(client.sync_and_wait().answer)

    credential: a token as a str; a function that returns one; or an object with azure-core's `get_token_info` or
        `get_token`, as all of azure-identity's have. It is asked before each call, so it should remember its token, as
        azure-identity's do. Where the service refuses a token, it is asked once more, with the claims that the service
        demands, if it does; the call is repeated with the new token if that is another one. It may also be asked
        during `sync_and_wait`, whose time may exceed a token's. A str is never renewed.
    cloud: whose Microsoft Graph is called. The global one unless given.
    base_url: the root of a Microsoft Graph that is in no list, as "https://graph.example". Tokens go there.
    proxy: "scheme://user:password@host:port", with http, https, socks5 or socks5h; "" for none. The environment's
        (HTTPS_PROXY, ALL_PROXY, NO_PROXY) unless given.
    ca_file: a PEM file of the authorities to trust, instead of SSL_CERT_FILE, SSL_CERT_DIR and the system's.
    timeout: the most seconds that one request may take, retries included. 30 unless given.
    connect_timeout: the most seconds that one attempt to connect may take. Unless given, as long as the call.
    max_retries: how often a request is repeated that failed in passing; a trigger only where it cannot have run. 3
        unless given, at most 10.
    user_agent_suffix: what follows the library's name in the User-Agent, as "acme-agent/3.1".
    ignore_environment: read no environment variable, and on Windows not the machine's proxy.

    The environment and the CA file are read now; nothing is connected. TypeError or ValueError for a wrong argument,
    ConfigurationError for a variable or file that cannot be used.

    Any number of threads may use one client, and so may a child made by fork, with connections of its own. On the main
    thread a call ends at once with Ctrl-C, and the client stays usable. It cannot be pickled: give each process a
    credential.
    """

    _connections: _Connections | None = None  # None too if __init__ failed: error reporters still call repr
    _source: Source

    def __init__(
        self,
        credential: Credential,
        *,
        cloud: Cloud | None = None,
        base_url: str | None = None,
        proxy: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        max_retries: int | None = None,
        user_agent_suffix: str | None = None,
        ignore_environment: bool = False,
    ) -> None:
        given = Hidden(credential)
        del credential
        options = Options(
            cloud=cloud,
            base_url=base_url,
            proxy=proxy,
            ca_file=ca_file,
            timeout=timeout,
            connect_timeout=connect_timeout,
            max_retries=max_retries,
            user_agent_suffix=user_agent_suffix,
            ignore_environment=ignore_environment,
        )
        root = base_url if base_url is not None else (cloud or Cloud.GLOBAL).root
        self._source = Source(given, root)
        pointer = c_void_p()
        made = detail.of(native.autopilot_client_new, options, byref(pointer))
        if made.result != 0:
            raise error_of(made)
        self._connections = _Connections(pointer.value)

    def _for(self, given: Hidden) -> Client:
        """A client on the same connections for another tenant."""
        return _on(self._open(), self._source.another(given))

    def sync(self) -> Outcome:
        """Triggers a sync, and returns when the service has answered; the sync itself runs on afterwards.

        The answer is DONE, ALREADY_RUNNING or TOO_SOON. Raises an AutopilotError; calling again is always harmless.
        """
        return outcome.of(self._request("sync", native.autopilot_client_sync))

    def settings(self) -> Settings:
        """Reads how the last sync went, and when. DeviceManagementServiceConfig.Read.All is enough of a permission."""
        place = c_void_p()
        try:
            found = self._request("settings", native.autopilot_client_settings, byref(place))
        finally:
            native.autopilot_settings_free(place)
        outcome.of(found)
        assert found.settings is not None
        return found.settings

    def sync_and_wait(
        self, timeout: float = HALF_AN_HOUR, progress: Callable[[Progress], object] | None = None
    ) -> Outcome:
        """Triggers a sync and waits until it is really done; joins one that is running already; waits for the time at
        which the service accepts a trigger, if that comes before the deadline.

        timeout: the seconds of the whole wait, at most a day. Small tenants need seconds, large ones minutes; a wait
            that meets the service's window of ten minutes needs these too.
        progress: called on the calling thread, about once a second, with a Progress. If it returns False, the wait
            ends: with the answer TOO_SOON where it waited for the service's window, else with CallCancelledError. What
            it raises ends the wait too, and is raised from here.

        The answer is DONE (seen to complete), ALREADY_RUNNING (joined one, which is completed), TOO_SOON (no trigger is
        accepted before the deadline) or UNCONFIRMED (its end cannot be observed). Raises SyncFailedError,
        CallTimeoutError, or the error of a request. Syncs on each other's heels, and those of a lost reply, cannot
        always be told apart: autopilot_client_sync_and_wait() in autopilot_sync.h says when.
        """
        deadline = milliseconds("timeout", timeout)
        return outcome.of(self._wait(deadline, progress))

    def cancel(self) -> None:
        """Ends the calls that run on this client, on whatever threads: they raise CallCancelledError, within
        milliseconds. Later calls are not concerned. Returns at once."""
        if self._connections is not None:
            for cancel in tuple(self._connections.running):
                cancel.trigger()

    def close(self) -> None:
        """Closes the connections, once no call runs on them. Calls after it raise ValueError, as those of files do."""
        self._connections = None

    def _end(self) -> None:
        """Ends the calls that run or are about to begin, on whatever threads, those of other tenants too. Closes it."""
        if self._connections is not None:
            self._connections.is_ended = True  # before the cancel: a call looks here once it can be cancelled
        self.cancel()
        self.close()

    def __enter__(self) -> Client:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        closed = "closed " if self._connections is None else ""
        return f"<{closed}autopilot_sync.Client with {getattr(self, '_source', 'no credential')}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Client cannot be pickled or copied: give each process a credential, as sync_many does")

    def _open(self) -> _Connections:
        if self._connections is None or self._connections.is_ended:
            raise ValueError("the client is closed")
        return self._connections

    def _request(self, name: str, function: Callable[..., int], *places: Any) -> Detail:
        """One call, and a second one with a new token where the first was refused."""
        connections, cancel = self._open(), Cancel()

        def call(token: Token) -> Detail:
            found = _call.run(lambda: detail.of(function, connections, token, cancel, *places), cancel)
            return _logged(name, found)

        connections.running.add(cancel)
        try:
            self._open()  # it may have ended just before
            token = self._source.token()
            found = call(token)
            if found.result == UNAUTHORIZED:
                other = self._source.new_token(token, found.claims)
                found = found if other is None else call(other)
            return found
        finally:
            connections.running.discard(cancel)

    def _wait(self, deadline: int, callback: Callable[[Progress], object] | None) -> Detail:
        from ._wait import Watcher

        connections, cancel = self._open(), Cancel()
        connections.running.add(cancel)
        try:
            self._open()  # it may have ended just before
            token = self._source.token()
            watcher = Watcher(self._source, token, callback)

            def call(ask: Ask) -> Detail:
                function = watcher.function(ask)
                wait = native.autopilot_client_sync_and_wait
                return detail.of(wait, connections, token, deadline, cancel, function, None)

            return _logged("sync_and_wait", _call.run_asking(call, cancel))
        finally:
            connections.running.discard(cancel)


def sync(credential: Credential) -> Outcome:
    """Triggers a sync of the token's tenant, in the global cloud, and returns when the service has answered.

    credential: a token, or whatever a Client takes. Connections are shared by the whole process, and stay open.

    The answer is DONE, ALREADY_RUNNING or TOO_SOON. Raises an AutopilotError; calling again is always harmless.
    """
    given = Hidden(credential)
    del credential
    return _on(_Connections(None), Source(given, Cloud.GLOBAL.root)).sync()


def _on(connections: _Connections, source: Source) -> Client:
    client = Client.__new__(Client)
    client._connections, client._source = connections, source
    return client


def _logged(name: str, found: Detail) -> Detail:
    ids = ", ".join(str(attempt.client_request_id) for attempt in found.attempts)
    _log.debug("%s: %s: %s (client-request-id %s)", name, found.result_name, found.message, ids)
    return found

"""The client: one tenant's credential, and connections to Microsoft Graph in one cloud."""

from __future__ import annotations

from ctypes import byref, c_void_p

from ._canceller import Canceller
from ._library import native, text
from ._log import logged
from ._options import Options, check_change, check_wait
from ._secret import Secret
from ._source import TokenSource
from .cloud import Cloud
from .detail import of_call
from .exceptions import UNAUTHORIZED, error_of
from .outcome import outcome_of
from .reading import reading_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from datetime import datetime
    from types import TracebackType
    from typing import Any, Callable, NoReturn

    from ._token import Token
    from ._worker import CallBack
    from .detail import Detail
    from .outcome import Outcome
    from .progress import Progress
    from .reading import Reading
    from .types import AnyCredential

HALF_AN_HOUR = 1800.0


class _Connections:
    """The library's client and the calls that run on it. A running call keeps it alive."""

    __slots__ = ("__weakref__", "_as_parameter_", "is_ended", "running")

    def __init__(self, pointer: int | None) -> None:
        import weakref

        self._as_parameter_ = pointer
        self.running: set[Canceller] = set()
        self.is_ended = False
        # Not at exit: a daemon thread may still be in a call, and the system frees everything anyway.
        weakref.finalize(self, native.autopilot_client_free, pointer).atexit = False


class Client:
    """Triggers Windows Autopilot syncs of one tenant, and waits for them.

        with Client(DefaultAzureCredential()) as client:
            print(client.sync_and_wait().answer)

    The constructor reads the environment and the CA file, but connects to nothing.

    Any number of threads may share a client. A child made by fork may use it too, with connections of its own. A client
    cannot be pickled: give each process a credential. On the main thread Ctrl-C ends a call at once, and the client
    stays usable.

    Args:
        credential: A token as a str; a `Credential`, whose tokens the library gets itself; a function that returns a token;
            or an object with azure-core's `get_token_info` or `get_token`, such as all credentials of azure-identity. The
            client asks these two for a token before each call, so
            it should cache its token, as azure-identity's do. If the service refuses the token, the client asks once
            more, with the claims that the service demands if there are any, and repeats the call if the token is a new
            one. A wait may also ask on its way, because it can outlast a token. A str is never renewed.
        cloud: The cloud whose Microsoft Graph to call. Defaults to `Cloud.GLOBAL`.
        base_url: The root of another Microsoft Graph, such as "https://graph.example". It receives the tokens.
        proxy: "scheme://user:password@host:port" with http, https, socks5 or socks5h; "" for no proxy. Defaults to the
            environment's: HTTPS_PROXY, ALL_PROXY and NO_PROXY.
        ca_file: A PEM file with the root certificates to trust, and no others. Defaults to SSL_CERT_FILE and
            SSL_CERT_DIR if they are set, otherwise to the system's certificates.
        timeout: The seconds that one request may take, including its retries, at most a day. Defaults to 30.
        connect_timeout: The seconds that one attempt to connect may take, at most a day. Defaults to `timeout`.
        max_retries: How often to repeat a request after a transient failure, at most 10. A trigger is repeated only if
            it cannot have run. Defaults to 3.
        user_agent_suffix: Text to add to the User-Agent header, such as "acme-agent/3.1".
        ignore_environment: Read no environment variables and, on Windows, not the proxies of the machine and the user.
        trigger_only: Never read the settings in `sync`. Otherwise it reads them once if the service answers "too soon"
            without saying until when.

    Raises:
        TypeError, ValueError: An argument is wrong.
        ConfigurationError: An environment variable or file cannot be used.
        ServiceRequestError: No file descriptor is left to read the CA file.
    """

    _connections: _Connections | None = None  # also None if __init__ failed: error reporters still call repr
    _source: TokenSource

    def __init__(
        self,
        credential: AnyCredential,
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
        trigger_only: bool = False,
    ) -> None:
        given = Secret(credential)
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
            trigger_only=trigger_only,
        )
        root = base_url if base_url is not None else (cloud or Cloud.GLOBAL).root
        self._source = TokenSource(given, root)
        if self._source.own is not None:
            native.autopilot_options_set_credential(options, self._source.own)
        pointer = c_void_p()
        made = of_call(native.autopilot_client_new, options, byref(pointer))
        if made.result != 0:
            raise error_of(made)
        self._connections = _Connections(pointer.value)

    def _for_tenant(self, credential: Secret) -> Client:
        """A client on the same connections for another tenant."""
        return _client_on(self._open(), self._source.for_credential(credential))

    def sync(self) -> Outcome:
        """Triggers a sync and returns the service's answer: ACCEPTED, ALREADY_RUNNING or TOO_SOON.

        It does not wait for the sync.

        Raises:
            AutopilotError: The call failed. It is always harmless to call again.
        """
        return outcome_of(self._request("sync", native.autopilot_client_sync))

    def settings(self) -> Reading:
        """Reads how and when the last sync ran.

        The permission DeviceManagementServiceConfig.Read.All is enough. The `detail` of the settings has the request ids.

        Raises:
            AutopilotError: The call failed.
        """
        place = c_void_p()
        try:
            found = self._request("settings", native.autopilot_client_settings, byref(place))
        finally:
            native.autopilot_settings_free(place)
        outcome_of(found)
        return reading_of(found)

    def sync_and_wait(
        self, timeout: float = HALF_AN_HOUR, progress: Callable[[Progress], object] | bool | None = None
    ) -> Outcome:
        """Triggers a sync and waits until it has completed.

        If a sync is already running, it joins that one. If the service accepts no trigger yet, because a sync ran less
        than ten minutes ago, it pauses until the service does, as long as that is before the deadline.

        Args:
            timeout: The seconds that the whole wait may take, at most a day. Defaults to half an hour. A sync takes
                seconds in a small tenant and minutes in a large one. Add ten minutes if another sync may have run just
                before.
            progress: A function that is called with a `Progress`, on the calling thread, before the first request and
                then about every second. If it returns False, the wait ends: in `Phase.WINDOW` with the answer TOO_SOON,
                otherwise with CallCancelledError. If it raises, the wait ends and the exception comes through. Or True: a
                line that changes shows the wait, in a notebook or on the terminal of standard error.

        Returns:
            The outcome. Its answer is ACCEPTED (the triggered sync has completed), ALREADY_RUNNING (the joined sync has
            completed), TOO_SOON (the service accepts no trigger before the deadline) or UNCONFIRMED (the sync's end
            cannot be observed).

        Raises:
            SyncFailedError: The service reports that the sync failed.
            CallTimeoutError: No end of the sync was seen before the deadline. `trigger` tells whether a sync runs.
            AutopilotError: A request failed.

        The wait can be wrong, because Microsoft does not document enough to tell all syncs apart. The page
        docs/readings.md of the sources lists the cases.
        """
        deadline = check_wait("timeout", timeout)
        return outcome_of(self._wait("sync_and_wait", progress, deadline))

    def sync_since(
        self,
        change: datetime,
        *,
        timeout: float = HALF_AN_HOUR,
        progress: Callable[[Progress], object] | bool | None = None,
    ) -> Outcome:
        """Makes sure that a sync has completed since a change: looks, and triggers only if none has.

            change = datetime.now(timezone.utc)  # the import or assignment of devices has just finished
            print(client.sync_since(change).answer)

        Many programs may call it after each change of theirs: those that come late find that they are up to date. With
        a time in the past it keeps a tenant fresh, such as `datetime.now(timezone.utc) - timedelta(hours=12)`.

        Args:
            change: When your change was finished, by this machine's clock, with a time zone. The wait carries it into
                the service's clock. If a sync may have been running at that moment, give a moment that is a sync's
                length later. It may be at most five minutes ahead.
            timeout: The seconds that the whole wait may take, at most a day. Defaults to half an hour. If another sync
                ran just before the change, the service accepts the next trigger ten minutes after that.
            progress: A function that is called with a `Progress`, or True, as for `sync_and_wait`.

        Returns:
            The outcome. Its answer is UP_TO_DATE (a sync has completed since the change, and nothing was triggered),
            ACCEPTED (the sync that it triggered has completed), ALREADY_RUNNING (somebody else's sync began after the
            change and has completed), TOO_SOON (the service accepts no trigger before the deadline, and no other sync
            completed either) or UNCONFIRMED (the sync's end cannot be observed).

        Raises:
            TypeError, ValueError: An argument is wrong, such as a datetime without a time zone.
            InvalidArgumentError: The change is before the year 2000 or more than five minutes ahead.
            SyncFailedError: The service reports that the sync failed.
            CallTimeoutError: No end of the sync was seen before the deadline. `trigger` tells whether a sync runs.
            AutopilotError: A request failed.

        UP_TO_DATE, ACCEPTED and ALREADY_RUNNING mean that the service has recorded a completed sync at or after the
        change. That sync may have begun a little before it. The page docs/readings.md of the sources says why, and what
        else the wait cannot tell apart.
        """
        since = check_change("change", change)
        deadline = check_wait("timeout", timeout)
        return outcome_of(self._wait("sync_since", progress, since, deadline))

    def cancel(self) -> None:
        """Ends the calls that run on this client, on all threads. They raise CallCancelledError within milliseconds.

        It returns at once, and does not affect later calls.
        """
        if self._connections is not None:
            for canceller in tuple(self._connections.running):
                canceller.cancel()

    def close(self) -> None:
        """Closes the connections once no call runs on them. Later calls raise ValueError."""
        self._connections = None

    def _end(self) -> None:
        """Closes the client and ends the calls that run or are about to begin, those of other tenants too."""
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

    def __str__(self) -> str:
        """One line for a log: the version, the root of Microsoft Graph, the proxy and where it comes from, the trusted
        certificates, the timeouts and the retries. No password is in it."""
        described = None if self._connections is None else text(native.autopilot_client_describe(self._connections))
        return described or repr(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Client cannot be pickled or copied: give each process a credential, as sync_many does")

    def _open(self) -> _Connections:
        if self._connections is None or self._connections.is_ended:
            raise ValueError("the client is closed")
        return self._connections

    def _request(self, name: str, function: Callable[..., int], *places: Any) -> Detail:
        """One call. If its token is refused, a second one with a new token."""
        from ._call import run

        connections, canceller = self._open(), Canceller()

        def call(token: Token | None) -> Detail:
            found = run(lambda: of_call(function, connections, token, canceller, *places), canceller)
            return logged(name, found)

        connections.running.add(canceller)
        try:
            self._open()  # it may have ended just before
            token = self._source.for_call()
            found = call(token)
            if found.result == UNAUTHORIZED:
                new_token = self._source.new_token(token, found.claims)
                found = found if new_token is None else call(new_token)
            return found
        finally:
            connections.running.discard(canceller)

    def _wait(self, name: str, callback: Callable[[Progress], object] | bool | None, *times: int) -> Detail:
        """A wait by the library's function of that name, which takes these times."""
        if callback is True:
            from ._line import Line

            with Line() as line:
                return self._wait(name, line, *times)
        from ._call import run_with_callbacks
        from ._wait import Watcher

        connections, canceller = self._open(), Canceller()
        connections.running.add(canceller)
        try:
            self._open()  # it may have ended just before
            token = self._source.for_call()
            watcher = Watcher(self._source, token, callback or None)

            def call(call_back: CallBack) -> Detail:
                function = watcher.function(call_back)
                wait = getattr(native, f"autopilot_client_{name}")
                return of_call(wait, connections, token, *times, canceller, function, None)

            return logged(name, run_with_callbacks(call, canceller))
        finally:
            connections.running.discard(canceller)


def sync(credential: AnyCredential) -> Outcome:
    """Triggers a sync in the global cloud and returns the service's answer: ACCEPTED, ALREADY_RUNNING or TOO_SOON.

    It does not wait for the sync. All such calls of the process share their connections, which stay open, except those with
    a `Credential`, which need a client of their own.

    Args:
        credential: A token, or anything else that a `Client` takes.

    Raises:
        AutopilotError: The call failed. It is always harmless to call again.
    """
    given = Secret(credential)
    del credential
    source = TokenSource(given, Cloud.GLOBAL.root)
    client = _client_on(_Connections(None), source) if source.own is None else Client(source.own)
    return client.sync()


def _client_on(connections: _Connections, source: TokenSource) -> Client:
    client = Client.__new__(Client)
    client._connections, client._source = connections, source
    return client


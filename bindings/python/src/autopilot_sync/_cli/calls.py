"""Runs the calls of a command: one, or one for each of many tenants."""

from __future__ import annotations

import os
import signal

from ..client import Client
from ..exceptions import AutopilotError, CallCancelledError
from ..fleet import Fleet
from . import interruption, report, tenants
from .credentials import TokenFile, TokenVariable
from .exit_code import CaFileError, ExitCode
from .options import CLOUDS
from .sign_in import SignIn
from .tally import Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any, Callable

    from ..detail import HasDetail
    from ..fleet import TenantResult
    from ..progress import Progress
    from ..types import AnyCredential
    from .display import Quiet
    from .interruption import Interruption
    from .printer import Printer
    from .report import Report


class Calls:
    """The calls of one command, which a subclass defines."""

    access: str
    """What the token needs: Read or ReadWrite."""

    def __init__(self, given: Namespace, shown: Quiet, printed: Printer) -> None:
        self.given, self.shown, self.printed = given, shown, printed

    def call(self, client: Client, show: Callable[[Progress], object] | None) -> HasDetail:
        """Makes the call for one tenant."""
        raise NotImplementedError

    def terms(self) -> dict[str, Any]:
        """The arguments of `Fleet.add` for the same call."""
        raise NotImplementedError

    def report(self, found: Any, tenant: str | None = None) -> Report:
        """The report of a call that ended well."""
        raise NotImplementedError

    def run(self) -> int:
        """Makes the calls. Returns the exit code."""
        with interruption.ends(interruption.interrupt) as ended:
            return self._many(ended) if self.given.many else self._told(self._one(ended))

    def _one(self, ended: Interruption) -> Report:
        try:
            client = Client(self._credential(ended), **self._options())
        except KeyboardInterrupt:
            return self._interrupted(ended)
        except Exception as error:
            return self._refused(error)
        ended.end = client._end
        try:
            with self.shown.waiting() as show:
                return self.report(self.call(client, show))
        except (Exception, KeyboardInterrupt) as error:  # from the call or its credential
            return self._interrupted(ended, error) if ended.signal is not None else self._error(error)

    def _many(self, ended: Interruption) -> int:
        try:
            credentials = tenants.read(self.given.many)
            fleet = Fleet(limit=len(credentials), max_workers=self.given.jobs, **self._options())
        except KeyboardInterrupt:
            return self._told(self._interrupted(ended))
        except Exception as error:
            return self._told(self._refused(error))
        ended.end = fleet.cancel
        with fleet:
            for tenant, credential in credentials.items():
                fleet.add(tenant, credential, **self.terms())
            fleet.close()
            tally = Tally(credentials)
            reports = (self._of_tenant(result, ended) for result in fleet)
            for found in self.shown.counted(reports, tally.total):
                tally.add(found)
                self.printed.of_many(found, tally)
        self.printed.summary(tally)
        self.shown.note(f"{tally.good:,} of {tally.total:,} tenants succeeded")
        if ended.signal is not None and not self._reads:
            self.shown.note("Syncs that were accepted earlier go on without this program.")
        return tally.exit_code

    def _of_tenant(self, result: TenantResult, ended: Interruption) -> Report:
        if ended.signal is not None and isinstance(result.error, CallCancelledError):
            return self._interrupted(ended, result.error, result.tenant)
        if result.error is not None:
            return self._error(result.error, result.tenant)
        return self.report(result.outcome, result.tenant)

    @property
    def _reads(self) -> bool:
        return self.access == "Read"

    def _interrupted(self, ended: Interruption, error: BaseException | None = None, tenant: str | None = None) -> Report:
        return report.of_interruption(ended.signal or signal.SIGINT, error, tenant, reads=self._reads)

    def _error(self, error: BaseException, tenant: str | None = None) -> Report:
        return report.of_error(error, tenant, reads=self._reads)

    def _refused(self, error: Exception) -> Report:
        """For a call that could not begin. An error of neither the library nor a credential is an option's."""
        if isinstance(error, (ValueError, TypeError)) and not isinstance(error, AutopilotError):
            return report.of_failure(str(error), ExitCode.USAGE)
        return self._error(error)

    def _told(self, found: Report) -> int:
        if found.is_error:
            self.shown.failure(found)
        self.printed.one(found)
        return found.exit_code

    def _credential(self, ended: Interruption) -> AnyCredential:
        given = self.given
        if given.azure is not None:
            sign_in = SignIn(self.shown.ask, ended, self.access)
            return sign_in.credential(given.azure, self._cloud, given.client_id, given.tenant_id)
        if given.token_file is not None:
            return TokenFile(given.token_file)
        return TokenVariable() if given.token_env is None else TokenVariable(given.token_env)

    @property
    def _cloud(self) -> Any:
        return None if self.given.cloud is None else CLOUDS[self.given.cloud]

    def _options(self) -> dict[str, Any]:
        given = self.given
        ca_file = _there(given.ca_file) if given.ca_file else given.ca_file
        return {"cloud": self._cloud, "proxy": given.proxy, "ca_file": ca_file, "timeout": given.timeout}


def _there(path: str) -> str:
    """Refuses a missing file. The library's error would name the path, which may be a token, given by mistake."""
    try:
        os.stat(path)
    except OSError as error:
        raise CaFileError(f"the file of --ca-file: {error.strerror}") from None
    return path

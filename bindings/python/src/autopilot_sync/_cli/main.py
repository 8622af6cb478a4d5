"""The program."""

from __future__ import annotations

import io
import os
import signal
import sys

from .._secret import Secret
from ..client import Client
from ..exceptions import AutopilotError, CallCancelledError
from ..fleet import Fleet, Goal
from . import arguments, interruption, output, report, tenants
from .credentials import TokenFile, TokenVariable, azure_identity
from .exit_code import CaFileError, ExitCode
from .help_text import PROGRAM
from .tally import Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from typing import Any

    from ..fleet import TenantResult
    from ..types import Credential
    from .display import Quiet
    from .interruption import Interruption
    from .printer import Json, Text
    from .report import Report


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program, and returns its exit code."""
    given_words = Secret(argv)
    del argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # characters that the terminal lacks must not fail
            stream.reconfigure(errors="backslashreplace")
    given = arguments.parse(given_words)
    shown = output.display(given.verbose)
    try:
        return (_many if given.many else _one)(given, shown, output.printer(given.json))
    except KeyboardInterrupt:
        shown.line(f"{PROGRAM}: interrupted")
        return 128 + signal.SIGINT
    except OSError as error:
        shown.line(f"{PROGRAM}: standard output: {error.strerror}")
        return ExitCode.NO_OUTPUT


def _one(given: Namespace, shown: Quiet, printed: Json | Text) -> int:
    try:
        client = Client(_credential(given), **_options(given))
    except Exception as error:
        found = _refused(error)
    else:
        with interruption.ends(client._end) as ended:
            found = _call(client, given, shown, ended)
    return _told(found, shown, printed)


def _call(client: Client, given: Namespace, shown: Quiet, ended: Interruption) -> Report:
    try:
        with shown.waiting() as show:
            if given.command == "status":
                return report.of_settings(client.settings(), given.max_age)
            if given.wait is None:
                return report.of_outcome(client.sync())
            if given.since is None:
                return report.of_outcome(client.sync_and_wait(given.wait, show))
            return report.of_outcome(client.sync_since(given.since, timeout=given.wait, progress=show))
    except (Exception, KeyboardInterrupt) as error:  # from the call or its credential
        if ended.signal is not None:
            return report.of_interruption(ended.signal, error)
        return report.of_error(error)


def _many(given: Namespace, shown: Quiet, printed: Json | Text) -> int:
    with interruption.ends(_interrupt) as ended:
        try:
            credentials = tenants.read(given.many)
            fleet = Fleet(limit=len(credentials), max_workers=given.jobs, **_options(given))
        except KeyboardInterrupt:
            return _told(report.of_interruption(ended.signal or signal.SIGINT), shown, printed)
        except Exception as error:
            return _told(_refused(error), shown, printed)
        ended.end = fleet.cancel
        with fleet:
            for tenant, credential in credentials.items():
                fleet.add(tenant, credential, **_terms(given))
            fleet.close()
            tally = Tally(credentials)
            reports = (_of_tenant(result, given, ended) for result in fleet)
            for found in shown.counted(reports, tally.total):
                tally.add(found)
                printed.of_many(found, tally)
    printed.summary(tally)
    shown.note(f"{tally.good:,} of {tally.total:,} tenants succeeded")
    if ended.signal is not None:
        shown.note("Syncs that were accepted earlier go on without this program.")
    return tally.exit_code


def _of_tenant(result: TenantResult, given: Namespace, ended: Interruption) -> Report:
    if ended.signal is not None and isinstance(result.error, CallCancelledError):
        return report.of_interruption(ended.signal, result.error, result.tenant)
    if result.error is not None:
        return report.of_error(result.error, result.tenant)
    outcome = result.result()
    if given.command == "status" and outcome.settings is not None:
        return report.of_settings(outcome.settings, given.max_age, result.tenant)
    return report.of_outcome(outcome, result.tenant)


def _terms(given: Namespace) -> dict[str, Any]:
    """What the fleet does for each tenant."""
    if given.command == "status":
        return {"goal": Goal.SETTINGS}
    if given.wait is None:
        return {"goal": Goal.SYNC}
    goal = Goal.SYNC_AND_WAIT if given.since is None else Goal.SYNC_SINCE
    return {"goal": goal, "since": given.since, "timeout": given.wait}


def _told(found: Report, shown: Quiet, printed: Json | Text) -> int:
    if found.is_error:
        shown.failure(found)
    printed.one(found)
    return found.exit_code


def _credential(given: Namespace) -> Credential:
    if given.azure is not None:
        return azure_identity(given.azure, given.cloud)
    if given.token_file is not None:
        return TokenFile(given.token_file)
    return TokenVariable() if given.token_env is None else TokenVariable(given.token_env)


def _options(given: Namespace) -> dict[str, Any]:
    return {"cloud": given.cloud, "proxy": given.proxy, "ca_file": _ca_file(given.ca_file), "timeout": given.timeout}


def _ca_file(path: str | None) -> str | None:
    """Refuses a missing file. The library's error would name the path, which may be a token, given by mistake."""
    if path:
        try:
            os.stat(path)
        except OSError as error:
            raise CaFileError(f"the file of --ca-file: {error.strerror}") from None
    return path


def _refused(error: Exception) -> Report:
    """The report of a call that could not begin. An error of neither the library nor a credential is an option's."""
    if isinstance(error, (ValueError, TypeError)) and not isinstance(error, AutopilotError):
        return report.of_failure(str(error), ExitCode.USAGE)
    return report.of_error(error)


def _interrupt() -> None:
    raise KeyboardInterrupt

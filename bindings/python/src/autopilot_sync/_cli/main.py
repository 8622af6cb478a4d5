"""The program."""

from __future__ import annotations

import io
import os
import signal
import sys
from contextlib import closing

from .._secret import Secret
from ..client import Client
from ..exceptions import AutopilotError
from ..many import settings_many, sync_many
from . import arguments, interruption, output, report, tenants
from .credentials import TokenFile, TokenVariable, azure_identity
from .exit_code import CaFileError, ExitCode
from .help_text import PROGRAM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..many import TenantResult, TenantSettings
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
    credentials: dict[str, Credential] = {}
    reports: dict[str, Report] = {}
    with interruption.ends(_interrupt) as ended:
        try:
            try:
                credentials = tenants.read(given.many)
                results = _begun(given, credentials)
            except Exception as error:
                return _told(_refused(error), shown, printed)
            with closing(results):  # type: ignore[type-var]  # it is a generator
                for result in shown.counted(results, len(credentials)):
                    found = report.of_tenant(result, given.max_age)
                    reports[result.tenant] = found
                    printed.of_many(found)
        except KeyboardInterrupt:
            number = ended.signal or signal.SIGINT
            if not credentials:
                return _told(report.of_interruption(number), shown, printed)
            for tenant in [one for one in credentials if one not in reports]:
                reports[tenant] = report.of_interruption(number, tenant=tenant)
                printed.of_many(reports[tenant])
    printed.summary([reports[tenant] for tenant in credentials])
    good = sum(one.exit_code <= ExitCode.ALREADY_RUNNING for one in reports.values())
    shown.note(f"{good} of {len(reports)} tenants succeeded")
    if ended.signal is not None:
        shown.note("Syncs that were accepted earlier go on without this program.")
    return max(one.exit_code for one in reports.values())


def _begun(given: Namespace, credentials: dict[str, Credential]) -> Iterator[TenantResult | TenantSettings]:
    if given.command == "status":
        return settings_many(credentials, given.jobs, **_options(given))
    return sync_many(
        credentials,
        wait=given.wait or False,
        since=given.since,
        as_completed=True,
        max_workers=given.jobs,
        **_options(given),
    )


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

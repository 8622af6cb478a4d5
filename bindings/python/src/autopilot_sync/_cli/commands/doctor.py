"""The command that looks for what is wrong."""

from __future__ import annotations

import base64
import json
import os
import platform
import shutil
import sys
from argparse import Namespace

from ..._secret import Secret
from ..._version import VERSION
from ...client import Client
from ...exceptions import AutopilotError, ClientAuthenticationError, ForbiddenError
from .. import exit_code, interruption
from ..calls import Calls
from ..command import Command
from ..diagnosis import Diagnosis
from ..exit_code import ExitCode
from ..options import CONNECTION, TOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..display import Quiet
    from ..interruption import Interruption
    from ..printer import Printer

NOBODY = "autopilot-sync-doctor"
"""In place of a token that is missing: the way to the service can be tried without one."""
VARIABLES = ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""Those that the library reads. It reads the proxies' in lower case, too."""
UNBOUNDED = 1_000_000
WRITE = "DeviceManagementServiceConfig.ReadWrite.All"


class Doctor(Calls):
    """Reads the settings once, without a retry, and looks at each stage of that call. It triggers nothing."""

    access = "ReadWrite"
    """It also says whether the token may trigger."""

    def run(self) -> int:
        found = Diagnosis()
        with interruption.ends(interruption.interrupt) as ended:
            self._look(found, ended)
        if self.given.output == "json":
            print(found.json(), flush=True)
        else:
            columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else UNBOUNDED
            print(*found.lines(columns), sep="\n", flush=True)
        return found.exit_code

    def _look(self, found: Diagnosis, ended: Interruption) -> None:
        found.add("environment", f"autopilot-sync {VERSION}, Python {platform.python_version()}, {platform.platform()}")
        named = [name for name in VARIABLES if os.environ.get(name) or os.environ.get(name.lower())]
        found.add("environment", f"variables that are set: {', '.join(named) or 'none'}")
        try:
            client = Client(self._credential(ended), max_retries=0, **self._options())
        except Exception as error:
            found.add_error(error)
            return
        ended.end = client._end
        found.add("environment", str(client))
        try:
            reading = client.settings()
        except Exception as error:
            found.add_error(error)
            if exit_code.of_error(error) == ExitCode.NO_TOKEN:
                _try_way(found, client)
            elif isinstance(error, ForbiddenError):
                found.add("token", "the service knows it")
            return
        found.add_way(reading.detail)
        found.add("token", "the service accepts it")
        found.add("permission", "may read the settings")
        _look_at_token(found, client)
        found.add_settings(reading)


def _try_way(found: Diagnosis, client: Client) -> None:
    """Tries the way to the service without a token."""
    try:
        found.add_way(client._for_tenant(Secret(NOBODY)).settings().detail)
    except ClientAuthenticationError as error:
        found.add_way(error.detail)
    except AutopilotError as error:
        found.add_error(error)


def _look_at_token(found: Diagnosis, client: Client) -> None:
    """Whether the token has the other permission, as far as its text tells. Only a trigger would show it for sure."""
    try:
        payload = Secret(client._source.token()._as_parameter_.split(b".")[1] + b"==")
        claims = Secret(json.loads(base64.urlsafe_b64decode(payload.reveal())))
        granted = [*claims.reveal().get("roles", ()), *claims.reveal().get("scp", "").split()]
    except Exception:
        found.add("permission", "only a trigger shows whether it may trigger: the token is no JWT")
        return
    if WRITE in granted:
        found.add("permission", f"has {WRITE}, which a trigger needs")
        if claims.reveal().get("scp"):
            found.add("permission", "only a trigger shows whether the user's role in Intune allows it")
    else:
        found.add_fault("permission", ExitCode.NOT_ALLOWED, f"may not trigger: it lacks {WRITE}")


def run(given: Namespace, shown: Quiet, printed: Printer) -> int:
    return Doctor(given, shown, printed).run()


COMMAND = Command(
    "doctor", "look for what is wrong, from the proxy to the permission; changes nothing", run, (TOKEN, CONNECTION)
)

"""The texts of --help and of the manual page around the options."""

from __future__ import annotations

from .credentials import TOKEN_VARIABLE
from .exit_code import ExitCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = "autopilot-sync"
USAGE = f"{PROGRAM} [COMMAND] [option ...]"

SUMMARY = """\
Triggers Microsoft Intune's Windows Autopilot sync and tells what the service answers. The token needs the permission
DeviceManagementServiceConfig.ReadWrite.All; for status, Read.All is enough.
"""

EXAMPLES = {
    f"{PROGRAM} sync": f"trigger a sync with the token in {TOKEN_VARIABLE}",
    f"{PROGRAM} --wait --device-code": "sign in as yourself, trigger a sync and wait until it has completed",
    f"{PROGRAM} --wait 20m --azure-cli": "as the service principal of the Azure CLI, at most 20 minutes",
    f"{PROGRAM} --since start": "after a change: end when a sync has completed since now",
    f"{PROGRAM} --since 12h": "trigger only if no sync has completed in the last 12 hours",
    f"{PROGRAM} status --max-age 12h": "check that syncs complete, for cron or Nagios",
    f"{PROGRAM} --many tenants.txt --wait": "for all tenants in the file",
    f"get-a-token | {PROGRAM} --token-file -": "with a token of another program",
    f"source <({PROGRAM} completion bash)": "complete commands and options in this shell",
}

TENANTS = """\
Each line of the file of --many names a tenant and says where its token comes from:

  contoso   env:CONTOSO_TOKEN
  fabrikam  file:fabrikam.token
  adatum    azure:AzureCliCredential tenant_id=00000000-0000-0000-0000-000000000000

Empty lines and lines that begin with # are skipped. The path of a file is relative to the folder of the tenants' file.
azure: takes any credential of azure-identity, with its arguments.
"""

OUTPUT = f"""\
Standard output has only the result; standard error has the rest. A terminal shows the progress of a wait: live if rich
is installed, otherwise line by line. pip install "{PROGRAM}[cli]" installs rich, and azure-identity, which the ways to
sign in need.
"""

HIGHEST = "If several hold, the exit code is the highest of them; with --many, the highest of all tenants' codes.\n"


def description(commands: Mapping[str, str]) -> str:
    return f"{SUMMARY}\ncommands:\n{_pairs(commands)}\nOptions alone, without a command, are for sync."


def _pairs(texts: Mapping[str, str]) -> str:
    """Names and texts in two columns."""
    width = max(map(len, texts))
    return "".join(f"  {name:<{width}}  {text}\n" for name, text in texts.items())


EPILOG = f"""\
examples:
{_pairs(EXAMPLES)}
{TENANTS}
output:
{OUTPUT}
exit codes:
{"".join(f"  {code.value:>3}  {code.meaning}" + chr(10) for code in ExitCode)}
{HIGHEST}"""

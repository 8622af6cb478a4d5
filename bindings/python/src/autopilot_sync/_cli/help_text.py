"""The parts of --help around the options."""

from __future__ import annotations

from .credentials import TOKEN_VARIABLE
from .exit_code import ExitCode

PROGRAM = "autopilot-sync"

USAGE = f"{PROGRAM} [sync | status] [option ...]"

DESCRIPTION = """\
Triggers Microsoft Intune's Windows Autopilot sync and tells what the service answers. The token needs the permission
DeviceManagementServiceConfig.ReadWrite.All; for status, Read.All is enough.

commands:
  sync    trigger a sync (the default); with --wait, wait until it has completed; with --since, trigger one and wait
          only if none has completed since
  status  read how and when the last sync ran and when the next is possible; changes nothing: a health check
"""

_EXIT_CODES = "\n".join(f"  {code.value:>3}  {code.meaning}" for code in ExitCode)

EPILOG = f"""\
examples:
  {PROGRAM}                         trigger a sync with the token in {TOKEN_VARIABLE}
  {PROGRAM} --wait --azure-cli      and wait for it, as the application signed in to the Azure CLI
  {PROGRAM} status --token-file /run/secrets/graph-token
  get-a-token | {PROGRAM} --wait 600 --token-file - --json
  {PROGRAM} --many tenants.json --wait
  {PROGRAM} --since start           after a change: end when a sync has completed since now
  {PROGRAM} --since 12h             trigger only if no sync has completed in the last 12 hours
  {PROGRAM} status --max-age 12h    check that syncs complete, for cron or Nagios

The file of --many names each tenant and says where its token comes from:
  {{
    "contoso":  {{"token_env": "CONTOSO_TOKEN"}},
    "fabrikam": {{"token_file": "fabrikam.token"}},
    "adatum":   {{"azure_identity": "AzureCliCredential", "tenant_id": "00000000-0000-0000-0000-000000000000"}}
  }}
The path of a token_file is relative to that file. azure_identity takes any credential of that package, with its
arguments. It needs that package, and so do the --azure options: pip install azure-identity

output:
Standard output has only the result; standard error has the rest. A terminal shows the progress of a wait: live if rich
is installed (pip install "autopilot-sync[cli]"), otherwise line by line.

exit codes:
{_EXIT_CODES}
If several hold, the exit code is the highest of them; with --many, the highest of all tenants' codes.
"""

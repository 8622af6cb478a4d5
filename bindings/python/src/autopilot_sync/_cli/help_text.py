"""What --help says beside the options."""

from __future__ import annotations

from .credentials import TOKEN_VARIABLE
from .exit_code import ExitCode

PROGRAM = "autopilot-sync"

USAGE = f"{PROGRAM} [sync | status] [option ...]"

DESCRIPTION = """\
Triggers Microsoft Intune's Windows Autopilot sync, and says what the service answered.

commands:
  sync    triggers a sync; with --wait it waits until that is done. So unless a command is given
  status  reads how the last sync went, and when the next is possible; changes nothing
"""

_EXIT_CODES = "\n".join(f"  {code.value:>3}  {code.meaning}" for code in ExitCode)

EPILOG = f"""\
examples:
  {PROGRAM}                         triggers a sync with the token in {TOKEN_VARIABLE}
  {PROGRAM} --wait --azure-cli      and waits until it is done, as who is signed in by `az login`
  {PROGRAM} status --token-file /run/secrets/graph-token
  get-a-token | {PROGRAM} --wait 600 --token-file - --json
  {PROGRAM} --many tenants.json --wait

the file of --many has a name for each tenant, and where its token comes from:
  {{
    "contoso":  {{"token_env": "CONTOSO_TOKEN"}},
    "fabrikam": {{"token_file": "fabrikam.token"}},
    "adatum":   {{"azure_identity": "AzureCliCredential", "tenant_id": "00000000-0000-0000-0000-000000000000"}}
  }}
A token_file is looked for beside it. azure_identity is any credential of that package, with its arguments.

output:
Standard output has the result alone, standard error the rest. A terminal shows the wait as it goes: live, if rich is
installed (pip install "autopilot-sync[cli]"), else line by line.

exit codes:
{_EXIT_CODES}
With --many it is the highest of its tenants'.
"""

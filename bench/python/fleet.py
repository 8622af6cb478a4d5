"""A fleet of the library's.

    fleet.py wait|trigger TOKENS

Each line of the file TOKENS is a tenant's token. Prints for how many tenants all went well, and on standard error how
the others ended.
"""

import os
import sys

from autopilot_sync import Answer, Fleet, Goal

AN_HOUR = 3600.0

kind, tokens = sys.argv[1:]
goal = Goal.SYNC_AND_WAIT if kind == "wait" else Goal.SYNC
well = 0
with Fleet(base_url=os.environ["BENCH_ROOT"]) as fleet:
    with open(tokens) as lines:
        for number, token in enumerate(lines):
            fleet.add(number, token.strip(), goal, timeout=AN_HOUR)
    fleet.close()
    for result in fleet:
        if result.outcome is not None and result.outcome.answer is Answer.ACCEPTED:
            well += 1
        else:
            print(result.tenant, result.outcome or result.error, file=sys.stderr)
print(well)

"""Prints the licences of all that a target's packages contain, as one SPDX expression: `licences.py THIRD-PARTY.txt`."""

import re
import sys
from pathlib import Path

heads = re.findall(r"^={100}\n\S+ \S+, (.+), \S+$", Path(sys.argv[1]).read_text(), re.MULTILINE)
choices = {tuple(sorted(re.split(r" OR |/", licence))) if "(" not in licence else (licence,) for licence in heads}
print(" AND ".join(f"({' OR '.join(choice)})" for choice in sorted(choices)))

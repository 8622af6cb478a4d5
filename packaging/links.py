"""Prints the links in the pages below a folder that lead out of it, or to a file that is not there."""

import re
import sys
from pathlib import Path

folder = Path(sys.argv[1]).resolve()
pages = sorted(folder.rglob("*.md"))
links = [(page, link) for page in pages for link in re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", page.read_text())]
broken = [(page, link) for page, link in links if not (page.parent / link).exists()]
for page, link in broken:
    print(f"{page.relative_to(folder)}: {link}")
sys.exit(bool(broken) or not links)

"""Copies the pages that SUMMARY.md lists into one folder, for mdBook: copy.py FOLDER. Links between these pages stay
inside, and links to other files lead to the repository."""

import os
import re
import sys
from pathlib import Path

REPOSITORY = "https://github.com/autopilot-sync/autopilot-sync/blob/main/"
LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))|(?<=\]: )(\S+)$", re.M)
SUMMARY = "packaging/site/SUMMARY.md"


def path(page: str, link: str) -> str:
    """The file of the project that a link on a page leads to, or the link itself if it leads elsewhere."""
    if link.startswith(REPOSITORY):
        return link.removeprefix(REPOSITORY)
    return link if "://" in link else os.path.normpath(os.path.join(os.path.dirname(page), link))


def name(page: str) -> str:
    """A page's file in the site: a README is named after its folder."""
    folder, file = os.path.split(page)
    return f"{os.path.basename(folder) or 'index'}.md" if file == "README.md" else file.lower()


def of_site(page: str, text: str, pages: list[str]) -> str:
    def link(found: re.Match[str]) -> str:
        target, hash, anchor = found[0].partition("#")
        target = path(page, target) if target else page
        if target in pages:
            target = name(target)
        elif "://" not in target:
            target = REPOSITORY + target
        return target + hash + anchor

    return LINK.sub(link, text)


summary = Path(SUMMARY).read_text()
pages = [path(SUMMARY, found[0]) for found in LINK.finditer(summary)]
folder = Path(sys.argv[1])
unlisted = {str(page) for page in Path("docs").glob("*.md")} - {*pages}
if unlisted:
    sys.exit(f"{SUMMARY} lacks {sorted(unlisted)}")
(folder / "SUMMARY.md").write_text(of_site(SUMMARY, summary, pages))
for page in pages:
    (folder / name(page)).write_text(of_site(page, Path(page).read_text(), pages))

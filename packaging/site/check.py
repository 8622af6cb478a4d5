"""Checks a site that mdBook built: each link inside it leads to a page and an anchor, and its search knows each page."""

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

folder = Path(sys.argv[1])


class Page(HTMLParser):
    """The anchors and the relative links of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(file.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value and not re.match(r"[a-z]+:", value):
                self.links.append(value)


pages = {file.name: Page(file) for file in folder.glob("*.html")}
contents = [name for name in pages if name not in ("404.html", "toc.html")]
broken = []
for name in contents:
    for link in pages[name].links:
        target, _, anchor = link.partition("#")
        target = target or name
        if not (folder / target).is_file() or anchor and anchor not in pages[target].anchors:
            broken.append(f"{name}: {link}")

(script,) = folder.glob("searchindex*.js")
index = script.read_text()
unknown = [name for name in contents if f'"{name}#' not in index]
print(f"site: {len(contents)} pages, {sum(len(page.links) for page in pages.values())} links")
if broken or unknown or len(contents) < 10:
    sys.exit("\n".join(["these links lead nowhere:", *broken, "the search does not know:", *unknown]))

"""Prints the third-party notices of a target's libraries: `notices.py TARGET <what cargo-bundle-licenses found`."""

import json
import re
import subprocess
import sys
from pathlib import Path

PACKAGE = "autopilot-sync-c"
HEAD = """\
The libraries of autopilot-sync contain the standard library of Rust, MIT OR Apache-2.0, copyright The Rust Project
Contributors (https://github.com/rust-lang/rust/blob/master/COPYRIGHT), and the crates below.
"""


def cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments, "--locked"], check=True, stdout=subprocess.PIPE, text=True).stdout


def texts(found: dict, folder: Path) -> list[str]:
    """The tool's texts. If it lacks one, or names one of several that apply together: all texts in the crate itself."""
    licences = [licence["text"] for licence in found["licenses"]]
    if "NOT FOUND" in licences or " AND " in found["license"]:
        licences = [file.read_text() for file in sorted(folder.rglob("LICENSE*"))]
    if not licences:
        sys.exit(f"notices: {folder} has no licence")
    return licences


def main(target: str) -> None:
    tree = cargo("tree", "-p", PACKAGE, "-e", "normal", "--prefix", "none", "--target", target)
    wanted = sorted(set(re.findall(r"^(\S+) v(\S+)", tree, re.MULTILINE)))
    packages = json.loads(cargo("metadata", "--format-version=1"))["packages"]
    folders = {(p["name"], p["version"]): Path(p["manifest_path"]).parent for p in packages}
    found = {(f["package_name"], f["package_version"]): f for f in json.load(sys.stdin)["third_party_libraries"]}
    parts = [HEAD]
    for crate in wanted:
        if crate[0].startswith("autopilot-sync"):
            continue
        head = f"{' '.join(crate)}, {found[crate]['license']}, {found[crate]['repository']}"
        parts += [f"{'=' * 100}\n{head}\n", *(text.strip() + "\n" for text in texts(found[crate], folders[crate]))]
    print("\n".join(parts), end="")


main(*sys.argv[1:])

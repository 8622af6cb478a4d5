"""Prints the third-party notices of packages for a target: `notices.py TARGET FILE...`. Each file is what
cargo-bundle-licenses found for a package, as JSON, and is named after that package.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

HEAD = """\
The libraries and programs of autopilot-sync contain the standard library of Rust, MIT OR Apache-2.0, copyright The Rust Project
Contributors (https://github.com/rust-lang/rust/blob/master/COPYRIGHT), and the crates below. Those for Linux also contain
the unwinder of LLVM, Apache-2.0 WITH LLVM-exception (https://github.com/llvm/llvm-project/blob/main/libunwind/LICENSE.TXT).
"""


def cargo(*arguments: str) -> str:
    return subprocess.run(["cargo", *arguments, "--locked"], check=True, stdout=subprocess.PIPE, text=True).stdout


def texts(found: dict, folder: Path) -> list[str]:
    """The tool's texts. If it lacks one, or names one of several that apply together: all texts in the crate itself. If
    there are none: the text of Apache-2.0, which is the same for all crates.
    """
    licences = [licence["text"] for licence in found["licenses"]]
    if "NOT FOUND" in licences or " AND " in found["license"]:
        licences = [file.read_text() for file in sorted(folder.rglob("LICENSE*"))]
    if not licences and "Apache-2.0" in found["license"]:
        licences = [Path("LICENSE-APACHE").read_text()]
    if not licences:
        sys.exit(f"notices: {folder} has no licence")
    return licences


def main(target: str, *files: str) -> None:
    packages = sum((["-p", Path(file).stem] for file in files), [])
    tree = cargo("tree", *packages, "-e", "normal", "--prefix", "none", "--target", target)
    wanted = sorted(set(re.findall(r"^(\S+) v(\S+)", tree, re.MULTILINE)))
    known = json.loads(cargo("metadata", "--format-version=1"))["packages"]
    folders = {(p["name"], p["version"]): Path(p["manifest_path"]).parent for p in known}
    libraries = sum((json.loads(Path(file).read_text())["third_party_libraries"] for file in files), [])
    found = {(library["package_name"], library["package_version"]): library for library in libraries}
    parts, first = [HEAD], {}
    for crate in wanted:
        if crate[0].startswith("autopilot-"):
            continue
        head = f"{' '.join(crate)}, {found[crate]['license']}, {found[crate]['repository']}"
        parts.append(f"{'=' * 100}\n{head}\n")
        for text in (text.strip() + "\n" for text in texts(found[crate], folders[crate])):
            same = first.setdefault(text, crate)
            parts.append(text if same == crate else f"(the text of {' '.join(same)}, above)\n")
    print("\n".join(parts), end="")


main(*sys.argv[1:])

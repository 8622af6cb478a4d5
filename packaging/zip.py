"""Packs a folder into a zip: `zip.py FOLDER ARCHIVE SECONDS`. All files get the time SECONDS, so each run is the same."""

import sys
import time
import zipfile
from pathlib import Path


def main(folder: Path, archive: str, seconds: int) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(file.relative_to(folder.parent).as_posix(), time.gmtime(seconds)[:6])
            entry.external_attr = 0o100644 << 16
            packed.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, 9)


main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

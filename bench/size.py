"""The size of the package, zipped as it is shipped."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from bench.measure import report
from lab import sam

AT_MOST: Final = 5.0


def main() -> None:
    """Build, measure, print, and save the result."""
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as name:
        folder = Path(name)
        artefact = sam.build(folder).parent / "NotifierFunction"
        zipped = Path(shutil.make_archive(str(folder / "function"), "zip", artefact)).stat().st_size / 1_000_000
        unpacked = sum(path.stat().st_size for path in artefact.rglob("*") if path.is_file()) / 1_000_000
    print("The package:")
    sides = {"zipped": [zipped] * 2, "unpacked": [unpacked] * 2}
    report("size", sides, {"MB zipped": zipped}, AT_MOST, unit="MB")


if __name__ == "__main__":
    main()

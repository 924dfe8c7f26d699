"""What is read of the files of a folder to see that one was edited."""

from __future__ import annotations

import os
from pathlib import Path

# When each file was written, and its size.
Snapshot = dict[Path, tuple[int, int]]


def snapshot(folder: Path) -> Snapshot:
    """Return what tells whether a file of a folder was edited since."""
    found: Snapshot = {}
    for parent, folders, files in os.walk(folder):  # which passes over a folder that goes meanwhile
        for path in (Path(parent, name) for name in (*folders, *files) if name.endswith((".yaml", ".yml"))):
            try:
                status = path.stat()
            except OSError:  # an editor replaces a file in two steps; a link can lead nowhere
                continue
            found[path] = (status.st_mtime_ns, status.st_size)
    return found

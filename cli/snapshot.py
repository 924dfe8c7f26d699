"""Snapshots of a folder, to see whether a file was edited."""

from __future__ import annotations

import os
from pathlib import Path

# The modification time and the size of each file.
Snapshot = dict[Path, tuple[int, int]]


def snapshot(folder: Path) -> Snapshot:
    """Return a snapshot of the YAML files in a folder. It differs from an earlier one if a file was edited."""
    found: Snapshot = {}
    for parent, folders, files in os.walk(folder):  # which passes over a folder that goes meanwhile
        for path in (Path(parent, name) for name in (*folders, *files) if name.endswith((".yaml", ".yml"))):
            try:
                status = path.stat()
            except OSError:  # an editor replaces a file in two steps; a link can lead nowhere
                continue
            found[path] = (status.st_mtime_ns, status.st_size)
    return found

"""What is read of the files of a folder to see that one was edited."""

from __future__ import annotations

from pathlib import Path

# When each file was written, and its size.
Snapshot = dict[Path, tuple[int, int]]


def snapshot(folder: Path) -> Snapshot:
    """Return what tells whether a file of a folder was edited since."""
    found: Snapshot = {}
    for path in folder.rglob("*.y*ml"):
        try:
            status = path.stat()
        except OSError:  # an editor replaces a file in two steps; a link can lead nowhere
            continue
        found[path] = (status.st_mtime_ns, status.st_size)
    return found

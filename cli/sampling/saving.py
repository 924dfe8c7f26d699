"""Writes a template's file atomically."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def problem(path: Path) -> str:
    """Return why a file cannot be written: `read-only`, `folder`; empty if it can."""
    real = path.resolve()
    if not os.access(real, os.W_OK) or not real.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        return "read-only"
    return "" if os.access(real.parent, os.W_OK) else "folder"


def replace(path: Path, before: bytes, after: bytes) -> bool:
    """Replace a file's content, and keep its mode and symlinks. Return False if it no longer contains `before`.

    Raises OSError, and leaves the file unchanged then.
    """
    real = path.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(stat.S_IMODE(real.stat().st_mode))
        if real.read_bytes() != before:
            return False
        os.replace(name, real)  # noqa: PTH105 - as its neighbours
        return True
    finally:
        Path(name).unlink(missing_ok=True)

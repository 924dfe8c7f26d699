"""Runs git in the folder that a command works on."""

from __future__ import annotations

import subprocess
from pathlib import Path


def answer(folder: Path, *arguments: str, seconds: float) -> bytes | None:
    """Return git's output; None if git fails.

    Raises OSError if git is not installed, SubprocessError if it takes longer than `seconds`.
    """
    command = ["git", "-C", str(folder), *arguments]
    ran = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False)  # noqa: S603 - no shell, and an option cannot be a revision
    return ran.stdout if ran.returncode == 0 else None

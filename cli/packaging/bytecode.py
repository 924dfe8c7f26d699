"""Compiles a package for the Python that Lambda runs: without it every cold start compiles everything anew.

The package is read-only there, and SAM's zip dates all files to 1980, so that bytecode which is checked by its source's
date is thrown away. It is checked by nothing, then: source and bytecode are only ever shipped together.
https://peps.python.org/pep-0552/
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

VERSION: Final = "3.13"
# Where Lambda unpacks a package: what a traceback names.
TASK_ROOT: Final = "/var/task"


class BytecodeError(Exception):
    """There is no bytecode, and the text says why."""


def compile_package(folder: Path, python: Path) -> int:
    """Compile all that is in a package with an interpreter of Lambda's version; return how many files there are.

    The same sources give the same bytes, wherever the folder is. Raises BytecodeError.
    """
    found = _run(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
    if found != VERSION:
        raise BytecodeError(f"{python} is Python {found}, and Lambda's is {VERSION}")
    mode = ("--invalidation-mode", "unchecked-hash")
    _run(python, "-m", "compileall", "-q", *mode, "-s", str(folder), "-p", TASK_ROOT, str(folder))
    return len(list(folder.rglob("*.pyc")))


def _run(python: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter that the build names
            [python, "-I", *arguments], env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise BytecodeError(f"{python} cannot be run: {error.strerror}") from None
    if done.returncode:
        raise BytecodeError(f"{python} failed: {(done.stdout + done.stderr).strip()[-500:]}")
    return done.stdout

"""Compiles a package to bytecode for Lambda's Python. Without it, every cold start compiles everything again.

Lambda's package folder is read-only, and SAM's zip dates all files to 1980, so Python would reject bytecode that it
validates by the source's date. So the bytecode is of the kind that Python does not validate: source and bytecode are
always shipped together. https://peps.python.org/pep-0552/
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

VERSION: Final = "3.13"
# Where Lambda unpacks a package. Tracebacks show this path.
TASK_ROOT: Final = "/var/task"


class BytecodeError(Exception):
    """The bytecode could not be made; the text says why."""


def compile_package(folder: Path, python: Path) -> int:
    """Compile a package with an interpreter of Lambda's Python version. Return the number of files.

    The same sources give the same bytes, in any folder. Raises BytecodeError.
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

"""Finds a MariaDB server on this machine, or unpacks one from the distribution's packages."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.packages import UnpackingError, cache, environment, unpack

PACKAGE: Final = "mariadb-server-core"  # the server alone: no client, no service, no configuration
# Debian keeps servers where an ordinary user's PATH does not look.
SERVER_FOLDERS: Final = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/bin")
WHAT_TO_DO: Final = (
    "Install MariaDB (apt install mariadb-server-core, dnf install mariadb-server, brew install mariadb), "
    "or name a server: LAB_MARIADB=/path/to/mariadbd"
)


class MariadbMissingError(RuntimeError):
    """No MariaDB server can be had on this machine. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Software:
    """A MariaDB server program, the folder of its data files, and what it needs in its environment."""

    program: Path
    base: Path
    share: Path
    environment: dict[str, str]


def find(folder: Path) -> Software:
    """Return the server named by LAB_MARIADB, else one on the PATH, else one unpacked once into the user's cache.

    With LAB_FRESH_MARIADB=1 one is unpacked into `folder` instead, whatever else there is: so a machine that has one
    shows that a machine without one would do. Raises MariadbMissingError.
    """
    if os.environ.get("LAB_FRESH_MARIADB") == "1":
        return _unpacked(folder)
    if named := os.environ.get("LAB_MARIADB"):
        return _checked(Path(named), "LAB_MARIADB")
    return _installed() or _unpacked(cache("mariadb"))


def _installed() -> Software | None:
    path = os.pathsep.join([os.environ.get("PATH", ""), *SERVER_FOLDERS])
    for name in ("mariadbd", "mysqld"):  # the latter may be MySQL's, which is set up in another way
        program = shutil.which(name, path=path)
        if program and "MariaDB" in _version(Path(program), dict(os.environ)):
            return _software(Path(program))
    return None


def _unpacked(folder: Path) -> Software:
    try:
        root = unpack(folder, [PACKAGE])
    except UnpackingError as error:
        raise MariadbMissingError(
            f"no MariaDB server was found, and none could be unpacked: {error}. {WHAT_TO_DO}"
        ) from error
    return _checked(root / "usr" / "sbin" / "mariadbd", f"what was unpacked into {folder}")


def _checked(program: Path, origin: str) -> Software:
    software = _software(program)
    if "MariaDB" not in (version := _version(software.program, software.environment)):
        raise MariadbMissingError(f"{origin}: {program} is not a MariaDB server that runs ({version}). {WHAT_TO_DO}")
    return software


def _software(program: Path) -> Software:
    base = program.resolve().parent.parent
    return Software(program.resolve(), base, _share(base), _environment(base))


def _share(base: Path) -> Path:
    names = [base / "share" / name for name in ("mariadb", "mysql")]
    return next((share for share in names if any(share.glob("m*_system_tables.sql"))), names[0])


def _environment(base: Path) -> dict[str, str]:
    """Ours, and the way to the libraries that come with an unpacked server because the system lacks them."""
    tops = [] if base in (Path("/usr"), Path("/usr/local")) else [base, base.parent]
    return environment(*tops)


def _version(program: Path, environment: dict[str, str]) -> str:
    try:
        asked = subprocess.run(
            [str(program), "--no-defaults", "--version"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return asked.stdout.strip() or asked.stderr.strip()

"""Finds a database server on this machine, or unpacks one from the distribution's packages."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from cli.language import say
from lab.databases.product import Product, Software
from lab.packages import UnpackingError, cache, environment, unpack

# Debian keeps servers in a folder that is not in an ordinary user's PATH.
SERVER_FOLDERS: Final = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/bin")


class DatabaseMissingError(RuntimeError):
    """No server of this kind is available on this machine. The message says why, and what to do."""


def find(product: Product, folder: Path) -> Software:
    """Return the server named by LAB_MARIADB or LAB_MYSQL, else one on the PATH, else one unpacked into the cache.

    With LAB_FRESH_MARIADB=1 (or …_MYSQL) one is unpacked into `folder` even if one is installed: to test, on a machine
    that has one, what happens on a machine without. Raises DatabaseMissingError.
    """
    variable = product.name.upper()
    if os.environ.get(f"LAB_FRESH_{variable}") == "1":
        return _unpacked(product, folder)
    if named := os.environ.get(f"LAB_{variable}"):
        return _checked(product, Path(named), f"LAB_{variable}")
    return _installed(product) or _unpacked(product, cache(product.name))


def version(software: Software) -> str:
    """Return the version output of a server program, or the reason why it does not run."""
    try:
        asked = subprocess.run(
            [*software.start, "--version"],
            env=software.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return asked.stdout.strip() or asked.stderr.strip()


def _installed(product: Product) -> Software | None:
    path = os.pathsep.join([os.environ.get("PATH", ""), *SERVER_FOLDERS])
    for name in product.programs:  # both products call theirs mysqld
        program = shutil.which(name, path=path)
        if program and _is(product, software := _software(product, Path(program))):
            return software
    return None


def _unpacked(product: Product, folder: Path) -> Software:
    package, suite = product.debian if _is_debian() else (product.package, "")
    try:
        root = unpack(folder, [package], suite)
    except UnpackingError as error:
        raise DatabaseMissingError(
            say("no {title} server was found, and none could be unpacked: {error}.", title=product.title, error=error)
            + f" {_what_to_do(product)}"
        ) from error
    return _checked(
        product, root / "usr/sbin" / product.programs[0], say("what was unpacked into {folder}", folder=folder)
    )


def _checked(product: Product, program: Path, origin: str) -> Software:
    software = _software(product, program)
    if not _is(product, software):
        raise DatabaseMissingError(
            say(
                "{origin}: {program} is not a {title} server that runs ({version}).",
                origin=origin,
                program=program,
                title=product.title,
                version=version(software),
            )
            + f" {_what_to_do(product)}"
        )
    return software


def _is(product: Product, software: Software) -> bool:
    return bool(re.search(product.version, version(software)))


def _what_to_do(product: Product) -> str:
    program = product.programs[0]
    server = f"LAB_{product.name.upper()}=/path/to/{program}"
    return say(
        "Install {title} ({how}), or name a server: {server}", title=product.title, how=product.install, server=server
    )


def _software(product: Product, program: Path) -> Software:
    program = program.resolve()
    base = program.parent.parent
    return Software(program, base, _share(product, base), _environment(base), _launcher(base))


def _share(product: Product, base: Path) -> Path:
    names = [base / "share" / name for name in ("mariadb", "mysql")]
    return next((share for share in names if any(share.glob(product.mark))), names[-1])


def _environment(base: Path) -> dict[str, str]:
    """Return our environment with the library path for an unpacked server, which brings libraries the system lacks."""
    tops = [] if _is_the_systems(base) or _launcher(base) else [base, base.parent]
    return environment(*tops)


def _launcher(base: Path) -> tuple[str, ...]:
    """Return the loader that was unpacked with a server for a newer system, together with all of its libraries."""
    loader = None if _is_the_systems(base) else next(base.glob("lib*/ld-linux-*.so.*"), None)
    if not loader:
        return ()
    folders = {str(library.parent) for library in base.glob("lib/*-linux-gnu*/*.so*")}
    return (str(loader), "--library-path", os.pathsep.join(sorted(folders)))


def _is_the_systems(base: Path) -> bool:
    return base in (Path("/usr"), Path("/usr/local"))


def _is_debian() -> bool:
    try:
        return platform.freedesktop_os_release().get("ID") == "debian"
    except OSError:
        return False

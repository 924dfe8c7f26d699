"""Unpacks MariaDB from the packages of Debian or Ubuntu into a folder: no root, nothing installed."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

PACKAGE: Final = "mariadb-server-core"  # the server alone: no client, no service, no configuration
COMMAND_SECONDS: Final = 300

logger = logging.getLogger(__name__)


class UnpackingError(RuntimeError):
    """The packages could not be had or unpacked. The text says why."""


def unpack(folder: Path) -> Path:
    """Return the folder that holds `usr/sbin/mariadbd`, below `folder`; download and unpack it if it is not there.

    Two runs at once unpack once: a lock, which the kernel frees if its holder dies, lets one wait for the other. The
    final name appears when everything is in it. Raises UnpackingError.
    """
    root = folder / "root"
    if root.is_dir():
        return root
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise UnpackingError("this system has no apt-get")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.is_dir():
            _unpack_anew(folder, root)
    return root


def _unpack_anew(folder: Path, root: Path) -> None:
    logger.info("Unpacking MariaDB into %s", folder)
    work = folder / "unfinished"
    shutil.rmtree(work, ignore_errors=True)  # an earlier run may have been killed
    for package in _download(work):
        _run(["dpkg-deb", "-x", str(package), str(work / "root")])
    (work / "root").rename(root)
    shutil.rmtree(work)


def _download(work: Path) -> list[Path]:
    """Download the server and those of its libraries that this machine lacks, as apt itself works them out.

    The system's package lists are tried first; where they are missing or too old, private ones are fetched.
    """
    archives, lists = work / "archives", work / "lists"
    for folder in (archives, lists):
        (folder / "partial").mkdir(parents=True)
    apt = ["apt-get", "-qq", "-y", "-oDebug::NoLocking=true", "-oAPT::Sandbox::User=root", f"-oDir::Cache={work}"]
    download = ["--no-install-recommends", "--download-only", "--reinstall", "install", PACKAGE]
    try:
        _run([*apt, *download])
    except UnpackingError:
        private = [*apt, f"-oDir::State::lists={lists}"]
        _run([*private, "update"])
        _run([*private, *download])
    return sorted(archives.glob("*.deb"))


def _run(command: list[str]) -> None:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=COMMAND_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines()
        raise UnpackingError(f"{command[0]}: {lines[-1] if lines else f'status {error.returncode}'}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnpackingError(str(error)) from error

"""Unpacks Debian or Ubuntu packages into a folder, without root and without installing anything."""

from __future__ import annotations

import fcntl
import logging
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

COMMAND_SECONDS: Final = 300

logger = logging.getLogger(__name__)


class UnpackingError(RuntimeError):
    """The packages could not be downloaded or unpacked. The message says why."""


def cache(purpose: str) -> Path:
    """Return the folder in the user's cache for this purpose.

    There is one for each kind of system, since several may share a home directory.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    system = "-".join([release.get("ID", platform.system()), release.get("VERSION_ID", ""), platform.machine()])
    return home / "slack-chatops-notifier" / f"{purpose}-{system}"


def environment(*tops: Path) -> dict[str, str]:
    """Return our environment in English and UTC, with the `lib` folders of these as library path."""
    ours = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    folders = {str(library.parent) for top in tops for library in top.glob("lib/*-linux-gnu*/*.so*")}
    if folders:
        inherited = filter(None, [os.environ.get("LD_LIBRARY_PATH")])
        ours["LD_LIBRARY_PATH"] = os.pathsep.join([*sorted(folders), *inherited])
    return ours


def unpack(folder: Path, packages: Sequence[str], suite: str = "") -> Path:
    """Return the folder, below `folder`, that has the packages' files in the layout of a root file system.

    If it does not exist, the packages are downloaded and unpacked, with the libraries that this machine lacks. With a
    `suite` they come from there instead of from the suites of this machine, together with all libraries and the loader,
    since they are built for another system. Either way apt checks the signatures of its own source. Concurrent calls
    unpack once: one waits for the other's lock, which the kernel releases if its holder dies. The final name appears
    once the folder is complete. Raises UnpackingError.
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
            _unpack_anew(folder, root, packages, suite)
    return root


def _unpack_anew(folder: Path, root: Path, packages: Sequence[str], suite: str) -> None:
    logger.info("Unpacking %s into %s", ", ".join(packages), folder)
    work = folder / "unfinished"
    shutil.rmtree(work, ignore_errors=True)  # an earlier run may have been killed
    for archive in _download(work, packages, suite):
        _run(["dpkg-deb", "-x", str(archive), str(work / "root")])
    (work / "root").rename(root)
    shutil.rmtree(work)


def _download(work: Path, packages: Sequence[str], suite: str) -> list[Path]:
    """Download the packages and those dependencies that this machine lacks, as resolved by apt.

    The system's package lists are tried first; if they are missing or too old, private ones are downloaded.
    """
    archives, lists = work / "archives", work / "lists"
    for folder in (archives, lists):
        (folder / "partial").mkdir(parents=True)
    apt = ["apt-get", "-qq", "-y", "-oDebug::NoLocking=true", "-oAPT::Sandbox::User=root", f"-oDir::Cache={work}"]
    private = [*apt, f"-oDir::State::lists={lists}", *(_only(work, suite) if suite else [])]
    download = ["--no-install-recommends", "--download-only", "--reinstall", "install", *packages]
    if not suite:
        with suppress(UnpackingError):
            _run([*apt, *download])
            return sorted(archives.glob("*.deb"))
    _run([*private, "update"])
    _run([*private, *download])
    return sorted(archives.glob("*.deb"))


def _only(work: Path, suite: str) -> list[str]:
    """Return options that make apt use one suite of this machine's own source, as if nothing were installed yet."""
    sites = _run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]).split()
    site = next((one for one in sites if one.rstrip("/").endswith("/debian")), "")
    if not site:
        raise UnpackingError("apt has no source of Debian's own packages")
    keys = next(Path("/usr/share/keyrings").glob("debian-archive-keyring.*"), None)
    source, nothing = work / "source.list", work / "nothing"
    source.write_text(f"deb {f'[signed-by={keys}] ' if keys else ''}{site} {suite} main\n", encoding="utf-8")
    nothing.touch()
    return [
        f"-oDir::Etc::sourcelist={source}",
        "-oDir::Etc::sourceparts=/dev/null",
        f"-oDir::State::status={nothing}",
    ]


def _run(command: list[str]) -> str:
    quiet = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=quiet,
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
    return done.stdout

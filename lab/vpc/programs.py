"""The programs that build a VPC: installed ones, or all of them unpacked from the distribution's packages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.packages import UnpackingError, cache, environment, unpack

PROGRAMS: Final = ("ip", "nft", "haproxy", "knotd", "knsupdate")
PACKAGES: Final = ("iproute2", "nftables", "haproxy", "knot", "knot-dnsutils")
# Debian keeps these programs in a folder that is not in an ordinary user's PATH.
SYSTEM_FOLDERS: Final = ("/usr/sbin", "/sbin", "/usr/local/sbin")
TREE_FOLDERS: Final = ("usr/sbin", "usr/bin", "sbin", "bin")


class VpcMissingError(RuntimeError):
    """The programs that a VPC needs are not available on this machine. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The path of each program, and the environment variables that all of them need."""

    paths: Mapping[str, str]
    environment: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.paths[name]


def find(folder: Path) -> Programs:
    """Return the installed programs, else those unpacked once into the user's cache.

    With LAB_FRESH_VPC=1 they are unpacked into `folder` even if they are installed: to test, on a machine that has
    them, what happens on a machine without. Raises VpcMissingError.
    """
    if os.environ.get("LAB_FRESH_VPC") == "1":
        return _unpacked(folder)
    installed = _in([*os.environ.get("PATH", "").split(os.pathsep), *SYSTEM_FOLDERS])
    return Programs(installed, environment()) if len(installed) == len(PROGRAMS) else _unpacked(cache("vpc"))


def _unpacked(folder: Path) -> Programs:
    try:
        root = unpack(folder, PACKAGES)
    except UnpackingError as error:
        raise VpcMissingError(f"no VPC without {_names(PROGRAMS)}: {error}. {_what_to_do()}") from error
    paths = _in([str(root / place) for place in TREE_FOLDERS])
    if absent := [name for name in PROGRAMS if name not in paths]:
        raise VpcMissingError(f"what was unpacked into {folder} has no {_names(absent)}. {_what_to_do()}")
    return Programs(paths, environment(root / "usr", root))


def _in(folders: list[str]) -> dict[str, str]:
    path = os.pathsep.join(folders)
    return {name: program for name in PROGRAMS if (program := shutil.which(name, path=path))}


def _names(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names)


def _what_to_do() -> str:
    return f"Install them (apt install {' '.join(PACKAGES)})"

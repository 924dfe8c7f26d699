"""Lists and reads the files of a template folder, and reports those that cannot be read."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path, PurePath
from typing import Final

from cli.compiler.findings import Place, Report
from cli.compiler.nodes import Node
from cli.compiler.reader import read_yaml
from cli.language import later, say

MAX_BYTES: Final = 64 * 1024  # a message has at most 12,000 characters, so a larger file is not a template
# Files that templates share: cli/compiler/labels.py, cli/compiler/privacy.py
LABELS: Final = "_labels.yaml"
PRIVACY: Final = "_privacy.yaml"
SHARED: Final = (LABELS, PRIVACY)
_KINDS: Final = {
    stat.S_IFREG: later("file"),
    stat.S_IFDIR: later("folder"),
    stat.S_IFIFO: later("named pipe"),
    stat.S_IFSOCK: later("socket"),
}
_DEVICE: Final = later("device")
_UNBLOCKED: Final = getattr(os, "O_NONBLOCK", 0)  # Windows has none, and no pipes among files
MAX_NAME: Final = 128  # characters of an event type: handler/stages/parse.py


def listed(folder: Path, within: str, name: re.Pattern[str], report: Report) -> list[PurePath]:
    """Return the files to read, relative to the folder. Report files that only look like templates."""
    if within and os.path.lexists(folder / within) and not is_readable(folder, PurePath(within), report, stat.S_IFDIR):
        return []
    try:
        paths = sorted((folder / within).iterdir()) if (folder / within).is_dir() else []
    except OSError as error:
        report.add(Place(within), "FILE_UNREADABLE", say("the folder cannot be read: {cause}", cause=error.strerror))
        return []
    visible = [path for path in paths if not path.name.startswith(".") and (within or path.name not in SHARED)]
    problems = {path.relative_to(folder): _misnamed(path, name) for path in visible}
    for file, problem in problems.items():
        if problem:
            report.add(Place(shown(file)), "FILE_NAME", *problem)
    if not any(file.suffix == ".yaml" for file in problems):
        message = say("there is no stage here") if within else say("there is no template here")
        report.add(Place(within), "FILE_MISSING", message)
    named = [file for file, problem in problems.items() if file.suffix == ".yaml" and not problem]
    return [file for file in named if is_readable(folder, file, report)]


def is_readable(folder: Path, file: PurePath, report: Report, kind: int = stat.S_IFREG) -> bool:
    """Return whether this is a regular file (or another `kind`) that is really in the folder.

    Anything else is reported, and not opened.
    """
    wanted = say(_KINDS[kind])
    try:
        real = (folder / file).resolve(strict=True)
        found = stat.S_IFMT(real.stat().st_mode)
    except (OSError, RuntimeError):  # RuntimeError: a symlink to itself, before Python 3.13
        is_link = (folder / file).is_symlink()
        message = say("a link that leads nowhere") if is_link else say("it cannot be read")
        fix = say("remove it, or put the {wanted} itself there", wanted=wanted)
        report.add(Place(shown(file)), "FILE_UNREADABLE", message, fix)
        return False
    if not real.is_relative_to(folder.resolve()):
        message = say("a link to a {wanted} outside the folder is not followed", wanted=wanted)
        fix = say("put the {wanted} itself into the folder", wanted=wanted)
    elif found != kind:
        message = say("it is a {found}, not a {wanted}", found=say(_KINDS.get(found, _DEVICE)), wanted=wanted)
        fix = say("remove it, or put a {wanted} there", wanted=wanted)
    else:
        return True
    report.add(Place(shown(file)), "FILE_UNREADABLE", message, fix)
    return False


def shown(path: PurePath | str) -> str:
    """Return a path as one line of text. Control characters and undecodable bytes are escaped."""
    text = path.as_posix() if isinstance(path, PurePath) else path
    return printable(os.fsencode(text).decode("utf-8", "backslashreplace"))


def from_here(path: Path) -> Path:
    """Return a path relative to the working directory; on another drive of Windows, the absolute path."""
    try:
        return Path(os.path.relpath(path))
    except ValueError:
        return path.absolute()


def printable(text: str) -> str:
    """Return a text with each character escaped that a terminal would interpret or not show."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _misnamed(path: Path, name: re.Pattern[str]) -> tuple[str, str] | None:
    """Say what is wrong with a file's name, and what to name it; None if it is right, or not a template (README.md)."""
    if path.suffix == ".yml":
        return say("`.yml` files are not read"), say("name it {file}", file=f"{shown(path.stem)}.yaml")
    if path.suffix != ".yaml":
        folder = path.is_dir() and not path.is_symlink()  # do not follow a symlink: it can lead anywhere
        if folder and not path.name.startswith("_") and _has_templates(path):
            return say("files in further folders are not read"), say("put templates directly into the folder")
        return None
    if path.stem.startswith("_"):
        return say("names that begin with _ are kept for what templates share"), say("name it <event type>.yaml")
    if len(path.stem) > MAX_NAME or not name.fullmatch(path.stem):
        message = say("`{name}` is not a name such as order.created or production", name=shown(path.stem))
        return message, _better(path.stem, name)
    return None


def _has_templates(folder: Path) -> bool:
    """Whether a template lies in a folder or further down. A folder that goes meanwhile is passed over."""
    return any(name.endswith(".yaml") for _, _, names in os.walk(folder) for name in names)


def _better(stem: str, name: re.Pattern[str]) -> str:
    """Suggest a valid name: with dots for an event type, with hyphens for a stage."""
    tried = (re.sub(r"[^a-z0-9_]+", join, stem.lower()).strip(join)[:MAX_NAME] for join in ".-")
    found = next((one for one in tried if name.fullmatch(one)), "")
    return say("name it {file}", file=f"{found}.yaml") if found else say("name it in small letters, digits and _")


def read(folder: Path, file: PurePath, report: Report) -> Node | None:
    """Return the tree of a file, or None after reporting a finding."""
    found = load(folder, file, report)
    return None if found is None else parse(file.as_posix(), found, report)


def load(folder: Path, file: PurePath, report: Report) -> bytes | None:
    """Return what `content` returns for a file, or None after reporting a finding."""
    try:
        return content(folder, file)
    except OSError as error:
        report.add(Place(file.as_posix()), "FILE_UNREADABLE", say("it cannot be read: {cause}", cause=error.strerror))
    return None


def content(folder: Path, file: PurePath | str) -> bytes:
    """Return the first MAX_BYTES + 1 bytes of a file in the folder. Raises OSError; never blocks on a pipe."""
    with open(folder / file, "rb", opener=lambda path, flags: os.open(path, flags | _UNBLOCKED)) as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, say("not a file"))
        return opened.read(MAX_BYTES + 1)


def parse(file: str, content: bytes, report: Report) -> Node | None:
    """Return the tree of a file's content, or None after reporting a finding."""
    try:
        if len(content) <= MAX_BYTES:
            return read_yaml(file, content.decode("utf-8-sig"), report)
        report.add(Place(file), "FILE_UNREADABLE", say("it has more than {most} bytes", most=MAX_BYTES))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        report.add(Place(file, line), "FILE_UNREADABLE", say("it is not UTF-8 text"), say("save it as UTF-8"))
    return None

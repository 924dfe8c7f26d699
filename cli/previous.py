"""What each template was before its last change, out of git: what the function falls back on when the change fails."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from cli import git
from cli.compiler import Compilation, files
from cli.compiler.encoding import encode
from cli.compiler.folder import compile_version
from cli.compiler.template import Template
from handler.catalog import Stage
from handler.model import Notification

# How many versions of a file are looked at: one that compiles is mostly the last or the one before.
MAX_VERSIONS: Final = 5
# How long git may take for one answer; in a large repository the history of a file takes a second.
GIT_SECONDS: Final = 10.0


def with_previous(compilation: Compilation, folder: Path) -> Compilation:
    """Return a compilation without errors in which each notification has its `previous`, where git knows one.

    It is the newest version of the file that says something else than the file does now and that compiles with the
    stages and labels of today. Where there is no git, no checkout or no history, there is none.
    """
    found = _previous(compilation, folder)
    notifications = [
        replace(one.notification, previous=found.get(one.notification.name)) for one in compilation.templates
    ]
    return replace(compilation, catalog=encode(notifications, compilation.stages))


def _previous(compilation: Compilation, folder: Path) -> dict[str, Notification]:
    found: dict[str, Notification] = {}
    try:
        for one in compilation.templates:
            if before := _before(one, folder, compilation.stages):
                found[before.name] = before
    except (OSError, subprocess.SubprocessError):  # what was found so far is good, and more would not come
        return found
    return found


def _before(now: Template, folder: Path, stages: tuple[Stage, ...]) -> Notification | None:
    file = f"{now.notification.name}.yaml"
    same, content_now = _bare(now.notification), files.content(folder, file)
    for version, content in _versions(folder, file):
        if content == content_now:
            continue
        one = compile_version(now.notification.name, version, content, stages)
        if one and one.event == now.notification.event and _bare(one) != same:
            return one
    return None


def _bare(one: Notification) -> Any:
    """What a notification says, without the places where it says it: a comment or a sample makes no new version."""
    return _without_places(encode([one], [])["notifications"])


def _without_places(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_places(value) for key, value in tree.items() if key != "where"}
    return [_without_places(value) for value in tree] if isinstance(tree, list) else tree


def _versions(folder: Path, file: str) -> Iterator[tuple[str, bytes]]:
    """The short names of the file's commits, newest first, each with its content. Of removed ones there is none."""
    for version in _git(folder, "log", f"--max-count={MAX_VERSIONS}", "--format=%h", "--", file).decode().split():
        if content := _git(folder, "show", f"{version}:./{file}"):
            yield version, content


def _git(folder: Path, *arguments: str) -> bytes:
    """What git says; nothing where it fails. Raises OSError, SubprocessError."""
    return git.answer(folder, *arguments, seconds=GIT_SECONDS) or b""

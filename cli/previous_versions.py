"""Finds each template's version before its last change, in git: the function falls back on it if the change fails."""

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

# The most versions of a file that are tried. Usually one of the last two compiles.
MAX_VERSIONS: Final = 5
# Seconds that one git command may take. In a large repository, the history of a file takes a second.
GIT_SECONDS: Final = 10.0


def with_previous(compilation: Compilation, folder: Path) -> Compilation:
    """Return a compilation without errors in which each notification has its `previous` version, if git has one.

    That is the newest version of the file that differs in content from the current one, and that compiles with today's
    stages and labels. Without git, a checkout or history there is none.
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
    except (OSError, subprocess.SubprocessError):  # keep what was found so far; git would fail again
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
    """Return a notification without positions in the file, so that a changed comment or sample is not a new version."""
    return _without_places(encode([one], [])["notifications"])


def _without_places(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_places(value) for key, value in tree.items() if key != "where"}
    return [_without_places(value) for value in tree] if isinstance(tree, list) else tree


def _versions(folder: Path, file: str) -> Iterator[tuple[str, bytes]]:
    """Yield the short hash and the content of each commit of the file, newest first, without deletions."""
    for version in _git(folder, "log", f"--max-count={MAX_VERSIONS}", "--format=%h", "--", file).decode().split():
        if content := _git(folder, "show", f"{version}:./{file}"):
            yield version, content


def _git(folder: Path, *arguments: str) -> bytes:
    """Return git's output; empty if it fails. Raises OSError, SubprocessError."""
    return git.answer(folder, *arguments, seconds=GIT_SECONDS) or b""

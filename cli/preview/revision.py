"""Checks out the templates of a folder at a git revision."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from cli import git
from cli.compiler.files import printable, shown
from cli.language import say

# Seconds that one git command may take.
GIT_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 1.0


class Head:
    """Which commit is checked out in a folder. It is asked for once a second, while somebody edits."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._commit = self._read()

    def has_moved(self) -> bool:
        """Return whether it is another one than before: after `git commit` or `git switch`, for example."""
        if time.monotonic() < self._next:
            return False
        before, self._commit = self._commit, self._read()
        return self._commit != before

    def _read(self) -> bytes | None:
        self._next = time.monotonic() + LOOK_SECONDS
        try:
            return _git(self._folder, "rev-parse", "--verify", "--quiet", "HEAD")
        except click.UsageError:  # no git
            return None


@contextmanager
def checked_out(folder: Path, revision: str) -> Iterator[Path]:
    """Yield a copy of the folder at a revision, such as HEAD~3, main or v1.2. The working tree is not changed.

    Raises click.UsageError if there is no git, no repository, no such revision, or no such folder in it.
    """
    if _git(folder, "rev-parse", "--git-dir") is None:
        raise click.UsageError(say("{folder} is not in a git repository.", folder=shown(folder)))
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise click.UsageError(say("There is no revision {name}.", name=printable(revision)))
    archive = _git(folder, "archive", "--format=tar", commit.decode().strip(), ".")
    if archive is None:
        raise click.UsageError(
            say("There is no {folder} at revision {name}.", folder=shown(folder), name=printable(revision))
        )
    with TemporaryDirectory(prefix="notifier-revision-") as copy:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            # Python before 3.11.4 has no extraction filters. Archives from git contain no paths that lead outside.
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            tar.extractall(copy)  # noqa: S202
        yield Path(copy)


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return git's output; None if it fails. Raises click.UsageError if git is missing, or takes too long."""
    try:
        return git.answer(folder, *arguments, seconds=GIT_SECONDS)
    except FileNotFoundError:
        raise click.UsageError(say("git is not installed, and --diff needs it.")) from None
    except (OSError, subprocess.SubprocessError):
        raise click.UsageError(say("git does not answer.")) from None

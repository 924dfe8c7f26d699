"""Deploys edited templates to the running function of the demo, or reports what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cli import compiler
from cli.compiler import files
from cli.previous_versions import with_previous
from cli.snapshot import Snapshot, snapshot
from lab import hot
from lab.aws import Aws


class Edits:
    """Watches a `folder` of templates for a function whose package is in `artefact`.

    `seen` is the snapshot that the function's templates were compiled from (None: the current files).
    """

    def __init__(self, aws: Aws, function: str, artefact: Path, templates: Path, seen: Snapshot | None = None) -> None:
        self._aws = aws
        self._function = function
        self._artefact = artefact
        self.folder = templates
        self._seen = snapshot(templates) if seen is None else seen
        self._checked: compiler.Memory = {}
        self._late: frozenset[str] = frozenset()
        self.edited: frozenset[str] = frozenset()
        self.deleted: frozenset[str] = frozenset()

    def look(self) -> compiler.Compilation | None:
        """Return the compilation of an edit since the last call; None if nothing changed.

        Without errors, the function has the new templates when this returns; with errors, it keeps the old ones.
        `edited` names the changed files and `deleted` the deleted ones: those that the function now uses, or does not
        use yet.
        """
        now = snapshot(self.folder)
        if now == self._seen:
            return None
        changed = self._names(path for path in {**self._seen, **now} if self._seen.get(path) != now.get(path))
        there = self._names(now)
        self.edited, self.deleted = (self._late | changed) & there, (self._late | changed) - there
        self._seen = now
        compilation = compiler.compile_templates(self.folder, self._checked)
        self._late = self.edited | self.deleted if compilation.errors else frozenset()
        if not compilation.errors:
            compiler.write(with_previous(compilation, self.folder), self._artefact / "catalog.json")
            hot.update(self._aws, self._function, self._artefact)
        return compilation

    def _names(self, paths: Iterable[Path]) -> frozenset[str]:
        return frozenset(files.shown(path.relative_to(self.folder)) for path in paths)

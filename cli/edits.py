"""Puts edited templates into the running function, or says what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cli import compiler
from cli.compiler import files
from cli.previous import with_previous
from cli.snapshot import Snapshot, snapshot
from lab import hot
from lab.aws import Aws


class Edits:
    """Watches a `folder` of templates for a function whose package is in `artefact`.

    `seen` is what the function's templates were made of (None: what is there now).
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
        """Return the compilation of an edit since the last look, or None if there was none.

        If it has no errors, the function has the new templates by then; else it keeps the old ones. `edited` then names
        the files whose new content the function has, or does not have yet; `deleted` names the deleted files that the
        function no longer uses, or still uses.
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

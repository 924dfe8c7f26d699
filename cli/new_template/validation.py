"""Checks a new template beside the others of its folder before it is written there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cli.compiler import Compilation, Finding, compile_templates, personal
from cli.compiler.folder import STAGES
from cli.compiler.template import Template
from cli.preview import approved
from cli.preview.comparison import Comparer
from handler.catalog import Stage
from handler.ports import Database

_FILES: Final = "*.yaml"


@dataclass(frozen=True, slots=True)
class Trial:
    """The result: `template` is set if there are no findings; `notes` say what could not be checked."""

    template: Template | None
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()


def tried(folder: Path, name: str, content: bytes, database: Database | None) -> Trial:
    """Return what lint finds in a template, including --pii, and --db if there is a database."""
    with _copied(folder) as copy:
        (copy / f"{name}.yaml").write_bytes(content)
        compilation = personal.with_findings(compile_templates(copy), copy)
        file = f"{name}.yaml"
        found = tuple(one for one in compilation.findings if one.file == file)
        template = next((one for one in compilation.templates if one.notification.name == name), None)
        if found or template is None or database is None:
            return Trial(None if found else template, found)
        return _against(copy, replace(compilation, templates=(template,)), template, database)


def _against(folder: Path, compilation: Compilation, template: Template, database: Database) -> Trial:
    from cli.schema_check import check

    checked = check(folder, compilation, database)
    return Trial(template, checked.findings, (*checked.notes, *checked.failures))


def write(folder: Path, template: Template, content: bytes, stages: Sequence[Stage]) -> list[Path]:
    """Write a template and its approved message, and return both paths. Writes both, or none. Raises OSError.

    Never replaces an existing file (FileExistsError).
    """
    name = template.notification.name
    comparison = Comparer(folder, stages).compare(template)
    message = approved.text(comparison.accepting(comparison.samples)).encode()
    made: list[Path] = []
    try:
        for path, text in ((folder / f"{name}.yaml", content), (comparison.file, message)):
            path.parent.mkdir(exist_ok=True)
            with path.open("xb") as file:
                made.append(path)
                file.write(text)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise
    return made


@contextmanager
def _copied(folder: Path) -> Iterator[Path]:
    """Yield a temporary copy of the files that lint compiles."""
    with tempfile.TemporaryDirectory(prefix="notifier-new-") as name:
        copy = Path(name)
        (copy / STAGES).mkdir()
        for path in (*folder.glob(_FILES), *(folder / STAGES).glob(_FILES)):
            if path.is_file() and os.access(path, os.R_OK):
                shutil.copyfile(path, copy / path.relative_to(folder))
        yield copy

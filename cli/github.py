"""Writes findings for GitHub Actions: annotations on the lines of a pull request, and a table in the job summary.

A runner executes lines that start with `::`, and `##[` anywhere in a line, whatever printed them. So texts of templates
are escaped.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Final

from cli.compiler import Finding
from cli.language import say

# GitHub's limits: annotations of each kind per step, and a summary below 1 MiB.
SHOWN: Final = 10
MOST_ROWS: Final = 1_000
SUMMARY: Final = "GITHUB_STEP_SUMMARY"
WORKSPACE: Final = "GITHUB_WORKSPACE"
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+!|~@:/.-])")


def lines(findings: Sequence[Finding], folder: PurePath) -> Iterator[str]:
    """Yield lines for the log: annotations for the first findings of each severity, plain lines for the rest.

    `folder` is the folder of the files, relative to the root of the repository.
    """
    for severity in ("error", "warning"):
        found = [one for one in findings if one.severity == severity]
        for finding in found[:SHOWN]:
            where = {
                "file": (folder / finding.file).as_posix(),
                "line": str(finding.line),
                "col": str(finding.column),
                "title": finding.code,
            }
            properties = ",".join(f"{name}={_property(value)}" for name, value in where.items())
            words = _data("\n".join((finding.message, say("fix: {remedy}", remedy=finding.fix))))
            yield f"::{severity} {properties}::{words}"
        for finding in found[SHOWN:]:
            place = f"{(folder / finding.file).as_posix()}:{finding.line}:{finding.column}"
            yield harmless(f"{place}: {finding.code} {finding.message}")


def summary(findings: Sequence[Finding], folder: PurePath, counted: str) -> str:
    """Return all findings as a Markdown table, below a line with their number."""
    heading = f"### notifier lint\n\n{_cell(counted)}\n\n"
    if not findings:
        return heading
    words = (say("Place"), say("Code"), say("What is wrong"), say("What to write"))
    rows = [f"| {' | '.join(words)} |", "| --- | --- | --- | --- |"]
    ranked = sorted(findings, key=lambda one: one.severity != "error")
    for one in ranked[:MOST_ROWS]:
        place = f"{(folder / one.file).as_posix()}:{one.line}"
        code = one.code if one.severity == "error" else say("{code} (warning)", code=one.code)
        rows.append(f"| {' | '.join(map(_cell, (place, code, one.message, one.fix)))} |")
    rest = len(ranked) - MOST_ROWS
    more = f"\n{say('and {count} more', count=rest)}\n" if rest > 0 else ""
    return heading + "\n".join(rows) + "\n" + more


def root(folder: Path, environment: Mapping[str, str]) -> Path:
    """Return the root of the repository: the runner's, else the folder with `.git`, else the working directory."""
    folder = folder.absolute()
    given = environment.get(WORKSPACE, "")
    if given and folder.is_relative_to(given):
        return Path(given)
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), Path.cwd())


def within(folder: Path, environment: Mapping[str, str]) -> PurePath:
    """Return the folder of templates relative to the root of the repository."""
    return PurePath(os.path.relpath(folder.absolute(), root(folder, environment)))


def harmless(text: str) -> str:
    """Return a text as one line in which a runner finds no command."""
    line = " ".join(text.split()).replace("##[", "# #[")
    return f"· {line}" if line.startswith("::") else line


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _cell(text: str) -> str:
    """Return a text for a cell of a Markdown table, with everything escaped."""
    shown = _MARKDOWN.sub(r"\\\1", html.escape(text, quote=False))
    return "<br>".join(shown.splitlines())

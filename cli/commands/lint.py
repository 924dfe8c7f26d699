"""`notifier lint`: what is wrong with the templates, before anybody waits for a message."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from cli.compiler import Compilation, Finding, Severity, compile_templates, files
from cli.compiler.folder import STAGES

_COLOURS: Final[dict[Severity, str]] = {"error": "bold red", "warning": "yellow"}


@click.command(short_help="Check the templates and stages.")
@click.argument("path", type=click.Path(exists=True, path_type=Path), default="templates")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON document.")
def lint(path: Path, as_json: bool) -> None:
    """Check the templates and stages in the folder PATH (default: templates), or only the file PATH.

    Reads every file, renders every sample as the function would, and prints each mistake with its place and how to fix
    it. Needs no database, no Slack and no AWS account.

    Exit status: 0 no errors (there may be warnings), 1 errors, 2 the command was misused.
    """
    folder, file = _split(path)
    compilation = compile_templates(folder)
    if file:
        compilation = _alone(compilation, file)
    if as_json:
        click.echo(json.dumps(_document(compilation), ensure_ascii=False, indent=2))
    else:
        show(compilation, folder)
    if compilation.errors:
        raise click.exceptions.Exit(1)


def _split(path: Path) -> tuple[Path, str]:
    """The folder of templates, and the name of the file below it that is meant; empty if all of them are."""
    if path.is_dir():
        return path, ""
    if path.suffix not in (".yaml", ".yml"):
        raise click.BadParameter(f"{files.shown(path)} is neither a folder nor a .yaml file", param_hint="PATH")
    path = path.absolute()
    folder = path.parent.parent if path.parent.name == STAGES else path.parent
    return Path(os.path.relpath(folder)), files.shown(path.relative_to(folder))


def _alone(compilation: Compilation, file: str) -> Compilation:
    """What was found in one file; it is looked at beside the others, as its stages and labels are among them."""
    findings = tuple(one for one in compilation.findings if one.file == file)
    if not findings and file not in (*compilation.files, files.LABELS):
        raise click.BadParameter(f"{file} is not read: its name begins with a dot", param_hint="PATH")
    return replace(compilation, findings=findings, files=(file,))


def show(compilation: Compilation, folder: Path = Path()) -> None:
    """Print the findings, their files below `folder`, and a line that sums them up."""
    show_findings(compilation.findings, folder)
    Console(highlight=False, soft_wrap=True).print(Text(_summary(compilation)))


def show_findings(findings: Iterable[Finding], folder: Path = Path()) -> None:
    """Print findings, their files below `folder`."""
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        # A fix of several lines begins at the left, where it can be copied into a file.
        console.print(_line(finding, folder), Text(f"  fix: {finding.fix}", "dim"), sep="\n")


def _line(finding: Finding, folder: Path) -> Text:
    place = f"{files.shown(folder / finding.file)}:{finding.line}:{finding.column}: "
    severity = "warning: " if finding.severity == "warning" else ""
    return Text.assemble(place, (finding.code, _COLOURS[finding.severity]), f" {severity}{finding.message}")


def _summary(compilation: Compilation) -> str:
    stages = sum(file.startswith(f"{STAGES}/") for file in compilation.files)
    counted = f"{_count(len(compilation.files) - stages, 'template')}, {_count(stages, 'stage')}"
    if len(compilation.files) == 1:
        [counted] = compilation.files
    severities = Counter(finding.severity for finding in compilation.findings)
    found = [_count(severities[severity], severity) for severity in _COLOURS if severities[severity]]
    return f"{counted}: {', '.join(found) or 'no findings'}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _document(compilation: Compilation) -> dict[str, object]:
    findings = [document(finding) for finding in compilation.findings]
    return {"files": compilation.files, "errors": compilation.errors, "findings": findings}


def document(finding: Finding) -> dict[str, object]:
    """Return a finding for programs."""
    return {**asdict(finding), "severity": finding.severity}

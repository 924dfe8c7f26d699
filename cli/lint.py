"""`notifier lint`: what is wrong with the templates, before anybody waits for a message."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from cli.compiler import Compilation, Finding, Severity, compile_templates

_COLOURS: Final[dict[Severity, str]] = {"error": "bold red", "warning": "yellow"}


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default="templates")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON document.")
def lint(folder: Path, as_json: bool) -> None:
    """Check the templates and stages in FOLDER (default: templates).

    Reads every file, renders every sample as the function would, and prints each mistake with its place and with what
    to write instead. Needs no database, no Slack and no AWS account.

    Exit status: 0 nothing but warnings at most, 1 errors, 2 the command was misused.
    """
    compilation = compile_templates(folder)
    if as_json:
        click.echo(json.dumps(_document(compilation), ensure_ascii=False, indent=2))
    else:
        show(compilation, folder)
    if compilation.errors:
        raise click.exceptions.Exit(1)


def show(compilation: Compilation, folder: Path = Path()) -> None:
    """Print the findings, their files below `folder`, and a line that sums them up."""
    console = Console(highlight=False, soft_wrap=True)
    for finding in compilation.findings:
        console.print(_line(finding, folder), Text(f"  fix: {finding.fix}", "dim"), sep="\n")
    console.print(Text(_summary(compilation)))


def _line(finding: Finding, folder: Path) -> Text:
    place = f"{(folder / finding.file).as_posix()}:{finding.line}:{finding.column}: "
    severity = "warning: " if finding.severity == "warning" else ""
    return Text.assemble(place, (finding.code, _COLOURS[finding.severity]), f" {severity}{finding.message}")


def _summary(compilation: Compilation) -> str:
    stages = sum(file.startswith("_stages/") for file in compilation.files)
    counted = f"{_count(len(compilation.files) - stages, 'template')}, {_count(stages, 'stage')}"
    severities = Counter(finding.severity for finding in compilation.findings)
    found = [_count(severities[severity], severity) for severity in _COLOURS if severities[severity]]
    return f"{counted}: {', '.join(found) or 'no findings'}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _document(compilation: Compilation) -> dict[str, object]:
    findings = [{**asdict(finding), "severity": finding.severity} for finding in compilation.findings]
    return {"files": compilation.files, "errors": compilation.errors, "findings": findings}

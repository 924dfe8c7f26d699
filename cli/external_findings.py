"""Findings that a database or Slack adds to those of the compiler."""

from __future__ import annotations

from dataclasses import dataclass

from cli.compiler import Finding


@dataclass(frozen=True, slots=True)
class Checked:
    """Findings; `notes` say what was not checked, and `failures` which system did not answer and why."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

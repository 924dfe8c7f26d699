"""What a database or Slack adds to the findings of the compiler."""

from __future__ import annotations

from dataclasses import dataclass

from cli.compiler import Finding


@dataclass(frozen=True, slots=True)
class Checked:
    """Findings; `notes` on what was not asked, and `failures`: who did not answer, and why."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()

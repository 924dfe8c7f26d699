"""The template compiler: YAML files that people edit become the one JSON document that the function reads.

    text -> nodes with their places -> checked -> the frozen types of handler/model.py -> JSON

Every mistake of every file becomes a Finding; what a sample shows comes from the function's own stages.
"""

from __future__ import annotations

import json
from pathlib import Path

from cli.compiler.findings import RULES, Finding, Rule, Severity
from cli.compiler.folder import Compilation, Memory, compile_templates

__all__ = ["RULES", "Compilation", "Finding", "Memory", "Rule", "Severity", "compile_templates", "write"]


def write(compilation: Compilation, path: Path) -> None:
    """Write the catalog of a compilation; the same templates give the same bytes."""
    text = json.dumps(compilation.catalog, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")

"""The template compiler: turns the YAML files that people edit into the one JSON document that the function reads.

    text -> nodes with positions -> checks -> the frozen types of handler/model.py -> JSON

Each mistake in each file becomes a Finding. Samples are rendered by the function's own stages.
"""

from __future__ import annotations

import json
from pathlib import Path

from cli.compiler.findings import RULES, Finding, Rule, Severity
from cli.compiler.folder import Compilation, Memory, compile_templates

__all__ = ["RULES", "Compilation", "Finding", "Memory", "Rule", "Severity", "compile_templates", "write"]


def write(compilation: Compilation, path: Path) -> None:
    """Write the catalog of a compilation as JSON. The same templates give the same bytes."""
    text = json.dumps(compilation.catalog, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text + "\n", encoding="utf-8")

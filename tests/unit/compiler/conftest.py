"""A fixture that compiles a folder of templates in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from cli.compiler import Compilation, compile_templates

STAGE = "channels: {orders: C0ORDERS01, payments: payments-webhook}\nfallback: C0FALLBACK\n"
FILE = "order.created.yaml"

Compile = Callable[..., Compilation]


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    """Return a function that compiles a template's text, with further files by name."""

    def compile_text(text: str | None = None, files: Mapping[str, str | bytes] | None = None) -> Compilation:
        contents: dict[str, str | bytes] = {"_stages/test.yaml": STAGE, **(files or {})}
        if text is not None:
            contents[FILE] = text
        for name, content in contents.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return compile_templates(tmp_path)

    return compile_text

from __future__ import annotations

from pathlib import Path

import pytest

from cli.page import document


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake bundle in place of the one that `make page` builds."""
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "app.js").write_text("const a = '</script><!--<script>';")
    (folder / "app.css").write_text("body {}")
    monkeypatch.setattr(document, "BUNDLE", folder)
    return folder

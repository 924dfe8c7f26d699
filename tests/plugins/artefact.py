"""The application as `sam build` makes it, built once for the whole run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import sam


@pytest.fixture(scope="session")
def built_template() -> Iterator[Path]:
    """The built template for `sam deploy`, with the function's artefact beside it."""
    with tempfile.TemporaryDirectory(prefix="notifier-build-") as folder:
        yield sam.build(Path(folder))


@pytest.fixture(scope="session")
def artefact(built_template: Path) -> Path:
    """The folder of the function's package. Tests must not write to it."""
    return built_template.with_name("NotifierFunction")

"""The bundle of the page that is in git is what the page's source makes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from cli.page.document import ASSETS, BUNDLE
from lab.sam import ROOT


def test_the_bundle_in_git_is_current(tmp_path: Path, missing: Callable[[str], NoReturn]) -> None:
    if not (ROOT / ".tools/page/.ready").exists():
        missing("what bundles the page is not installed (make page)")
    subprocess.run(["make", "page", f"PAGE={tmp_path}"], cwd=ROOT, check=True, capture_output=True, timeout=200)
    for name in ASSETS:
        assert (tmp_path / name).read_bytes() == (BUNDLE / name).read_bytes(), f"{name}: run make page, and commit it"

"""Which paths the function may request from an API: only those below the base path of the deployment."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

# Visible ASCII without # (the start of a fragment) and \ (which some servers read as a slash).
_PATH: Final = re.compile(r"/[!\"$-\[\]-~]*")


def stays_below(path: str) -> bool:
    """Whether no part of a percent-encoded path, such as `%2e%2e` or `..;`, could be read as `..` by a server."""
    steps = re.split(r"[/\\]", unquote(path.partition("?")[0]))
    return bool(_PATH.fullmatch(path)) and not any(step.partition(";")[0] in {".", ".."} for step in steps)

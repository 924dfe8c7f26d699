"""Which paths the function may request from an API: none that leads out of the deployment's base path."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

# Visible ASCII, but neither what begins a fragment nor what some servers read as a slash.
_PATH: Final = re.compile(r"/[!\"$-\[\]-~]*")


def stays_below(path: str) -> bool:
    """Whether a path, percent-encoded, has nothing that a server or proxy could read as a step up: `%2e%2e`, `..;`."""
    steps = re.split(r"[/\\]", unquote(path.partition("?")[0]))
    return bool(_PATH.fullmatch(path)) and not any(step.partition(";")[0] in {".", ".."} for step in steps)

"""The names that expressions may use, and those that lookups may have."""

from __future__ import annotations

import re
from typing import Final

from cli.compiler.findings import Report
from cli.compiler.nodes import Scalar
from handler.templating import FILTERS

# What a template knows before its first lookup: handler/stages/enrich.py, event_context.
EVENT_NAMES: Final = ("id", "type", "data", "event", "now")
# Words of the template language, which cannot be names there.
_KEYWORDS: Final = (
    "and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "true", "false", "none", "True",
    "False", "None", "range", "loop",
)  # fmt: skip
RESERVED: Final = frozenset((*EVENT_NAMES, "vars", *_KEYWORDS, *FILTERS))

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def own_name(node: Scalar, report: Report) -> str:
    """Return the name of a lookup or a bound value; one that expressions and SQL cannot use is reported."""
    if not _NAME.fullmatch(node.text):
        message = f"`{node.text}` cannot be used in expressions"
        report.add(node.place, "VALUE_INVALID", message, "use letters, digits and _, beginning with a letter")
    elif node.text in RESERVED:
        report.add(node.place, "NAME_RESERVED", f"`{node.text}` already means something in expressions")
    return node.text

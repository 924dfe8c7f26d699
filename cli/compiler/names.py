"""The names that expressions may use, and which names lookups and variables may have."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from cli.compiler.findings import Report
from cli.compiler.nodes import Scalar
from cli.language import say
from handler.templating import FILTERS

# Names that exist before the first lookup: event_context in handler/stages/enrich.py.
EVENT_NAMES: Final = ("id", "type", "data", "event", "now", "vars")
# Words of the template language, which cannot be names.
KEYWORDS: Final = (
    "and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "true", "false", "none", "True",
    "False", "None", "range", "loop",
)  # fmt: skip
RESERVED: Final = frozenset((*EVENT_NAMES, *KEYWORDS, *FILTERS))

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def own_name(node: Scalar, report: Report, name: str | None = None, reserved: Collection[str] = RESERVED) -> str:
    """Return the name of a lookup, a loop variable or a bound value. A name that cannot be used is reported.

    The name is the text of `node`, or its part `name`, as in `for: item in items`.
    """
    name = node.text if name is None else name
    if not _NAME.fullmatch(name):
        message = say("`{name}` cannot be used in expressions", name=name)
        report.add(node.place, "VALUE_INVALID", message, say("use letters, digits and _, beginning with a letter"))
    elif name in reserved:
        report.add(node.place, "NAME_RESERVED", say("`{name}` already means something in expressions", name=name))
    return name

"""The names that expressions may use, and those that lookups may have."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from cli.compiler.findings import Report
from cli.compiler.nodes import Scalar
from cli.language import say
from handler.templating import FILTERS

# What a template knows before its first lookup: handler/stages/enrich.py, event_context.
EVENT_NAMES: Final = ("id", "type", "data", "event", "now", "vars")
# Words of the template language, which cannot be names there.
KEYWORDS: Final = (
    "and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "true", "false", "none", "True",
    "False", "None", "range", "loop",
)  # fmt: skip
RESERVED: Final = frozenset((*EVENT_NAMES, *KEYWORDS, *FILTERS))

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def own_name(node: Scalar, report: Report, name: str | None = None, reserved: Collection[str] = RESERVED) -> str:
    """Return the name of a lookup, an element, a variable or a bound value; one that cannot be used is reported.

    The name is the text of `node`, or where that is more than a name, as in `for: item in items`, the part `name`.
    """
    name = node.text if name is None else name
    if not _NAME.fullmatch(name):
        message = say("`{name}` cannot be used in expressions", name=name)
        report.add(node.place, "VALUE_INVALID", message, say("use letters, digits and _, beginning with a letter"))
    elif name in reserved:
        report.add(node.place, "NAME_RESERVED", say("`{name}` already means something in expressions", name=name))
    return name

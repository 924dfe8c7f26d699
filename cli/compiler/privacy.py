"""`_privacy.yaml` - which columns and keys are personal, by name: cli/privacy/rules.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cli.compiler import shape
from cli.compiler.findings import Report
from cli.compiler.nodes import Node
from cli.language import say
from cli.privacy.rules import INVENTED, KEEP, KINDS, Named, Rules, plain

KEYS: Final = (*KINDS, INVENTED)
# Other names for a list -> the key to write.
MEANT: Final = {
    "mail": "email",
    "names": "name",
    "tel": "phone",
    "allow": KEEP,
    "mask": "text",
    "secret": "id",
    "birthday": "date",
    "fictional": INVENTED,
}


def read(node: Node, report: Report) -> Rules:
    """Return the rules. Invalid ones are reported, and left out."""
    found = shape.keys(node, report, optional=KEYS, meant=MEANT)
    invented = frozenset(text for _, text in _texts(found[INVENTED], report)) if INVENTED in found else frozenset()
    entries: dict[str, Named] = {}
    for kind in KINDS:
        for one, text in _texts(found[kind], report) if kind in found else ():
            known = entries.setdefault(".".join(map(plain, text.split("."))), Named(text, kind))
            if known.kind != kind:
                report.add(
                    one.place,
                    "KEY_DUPLICATE",
                    say("`{text}` stands under `{kind}` already", text=text, kind=known.kind),
                )
            elif kind == KEEP and not text.strip("*. "):
                message, fix = (
                    say("`{text}` would keep everything", text=text),
                    say("name the columns that may be shown"),
                )
                report.add(one.place, "VALUE_INVALID", message, fix)
    return Rules(tuple(entries.values()), invented)


def _texts(node: Node, report: Report) -> Iterator[tuple[Node, str]]:
    for one in shape.items(node, report):
        if (text := shape.literal(one, report)) is not None:
            yield one, text

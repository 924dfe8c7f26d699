"""URLs in blocks: scheme and host are literal, or come from the stage's `vars`; never from a row.

A link may also open an e-mail (`mailto:` with a literal address) or a place in Slack (`slack://`,
https://docs.slack.dev/interactivity/deep-linking). An image has a web address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from cli.compiler.findings import Place, Report
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Scalar
from cli.language import say
from handler.catalog import Stage
from handler.model import Leaf

_HOST: Final = r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?"
_WEB: Final = rf"(?:{_HOST}|\{{\{{\s*vars\.(?P<name>\w+)\s*\}}\}})(?=[/?#]|$)"
_APP: Final = r"mailto:[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+(?=\?|$)|slack://[a-z-]+(?=[/?]|$)"
_START: Final = re.compile(_WEB)
_BRACES: Final = re.compile(r"[{｛][{%｛％]")
_STAND_IN: Final = "https://example.org"  # takes the place of an address with an error
_LINK_START: Final = re.compile(f"{_WEB}|{_APP}")
# The start of an address, from the stage. The template adds the path, so it ends with neither a slash nor a query.
_BASE: Final = re.compile(rf"{_HOST}(?:/[A-Za-z0-9._~-]+)*")


def read(node: Scalar, leaves: Leaves, *, link: bool) -> Leaf | str | None:
    """Return a URL as text, or as a leaf if it has expressions. `link`: people follow it; else it is an image's."""
    match = (_LINK_START if link else _START).match(node.text)
    if not match and not _BRACES.search(node.text):
        _refuse(node, leaves)
        return None
    faulty = len(leaves.faulty)
    leaf = leaves.text("url", node)
    if len(leaves.faulty) > faulty:
        return _STAND_IN
    if not match:
        _refuse(node, leaves)
        return None
    if match["name"]:
        leaves.bases.setdefault(match["name"], node.place)
    return leaf


def _refuse(node: Scalar, leaves: Leaves) -> None:
    message = say("`{path}` begins with https:// and a host, without expressions in them", path=node.place.path)
    fix = say("write https://host/{{ value }}, or {{ vars.name }}/{{ value }}")
    leaves.report.add(node.place, "TEMPLATE_URL", message, fix)


def check(bases: Mapping[str, Place], stages: Iterable[Stage], report: Report) -> None:
    """Report each stage in which a variable that starts a URL is not a valid start of one."""
    known = tuple(stages)
    for name, place in bases.items():
        for stage in known:
            if name in stage.vars and not _BASE.fullmatch(str(stage.vars[name])):
                message = say("`vars.{name}` is no address in stage {stage}", name=name, stage=stage.name)
                fix = say(
                    "write `{name}: https://host`, without / at the end, in _stages/{stage}.yaml",
                    name=name,
                    stage=stage.name,
                )
                report.add(place, "TEMPLATE_URL", message, fix)

"""Addresses in blocks: the scheme and the host are written out, or come from the stage's `vars`; never from a row.

Where people follow a link, it may also open a mail (`mailto:`, the mailbox written out) or a place in Slack
(`slack://`, https://docs.slack.dev/interactivity/deep-linking). An image comes from the web.
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
_STAND_IN: Final = "https://example.org"  # for an address with a wrong expression
_LINK_START: Final = re.compile(f"{_WEB}|{_APP}")
# What a stage may have for it: the template adds the path, so it ends with neither a slash nor a query.
_BASE: Final = re.compile(rf"{_HOST}(?:/[A-Za-z0-9._~-]+)*")


def read(node: Scalar, leaves: Leaves, *, link: bool) -> Leaf | str | None:
    """Return an address as it stands, or a leaf where it holds expressions. A `link` is one that people follow."""
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
    """Report the stages in which a variable that begins an address is not the beginning of one."""
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

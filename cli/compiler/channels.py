"""`channel:` and `route:` - which channels a message goes to (by alias), and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cli.compiler import shape
from cli.compiler.findings import Place, Report
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Mapping as MappingNode
from cli.compiler.nodes import Node, Sequence
from cli.compiler.stages import alias
from cli.language import say
from handler.catalog import Stage
from handler.model import Route

KEYS: Final = ("channel", "route")


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of a template, and the position of each channel alias in the file."""

    routes: tuple[Route, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)


def read(found: Mapping[str, Node], whole: Node, leaves: Leaves, *, is_named: bool = False) -> Routes:
    """Return the routes of `channel:` or `route:`, whichever is in `found`; `whole` is the whole file.

    `is_named`: another key seems to be a misspelt `channel`, which is reported elsewhere.
    """
    named = [key for key in KEYS if key in found]
    if not named:
        if isinstance(whole, MappingNode) and not is_named:  # else there is a finding already
            fix = say("add `channel:` with an alias from _stages/")
            leaves.report.add(whole.place, "KEY_MISSING", say("`channel` is missing"), fix)
        return Routes()
    if len(named) > 1:
        message = say("`channel` and `route` both say where the message goes")
        leaves.report.add(found["route"].place, "VALUE_INVALID", message, say("remove one of the two"))
        return Routes()
    if "channel" in found:
        places = _aliases(found["channel"], leaves.report)
        return Routes((Route(tuple(places)),), places)
    return _routes(found["route"], leaves)


def _routes(node: Node, leaves: Leaves) -> Routes:
    items = shape.items(node, leaves.report)
    if isinstance(node, Sequence) and not items:
        leaves.report.add(
            node.place, "VALUE_INVALID", say("there is no route"), say("write {text}", text="- channel: orders")
        )
    routes: list[Route] = []
    places: dict[str, Place] = {}
    for item in items:
        if routes and routes[-1].when is None:
            message = say("no event comes here: the route above has no `when`, so it takes all")
            leaves.report.add(item.place, "VALUE_INVALID", message, say("put the route without `when` last"))
            break
        parts = shape.keys(item, leaves.report, required=("channel",), optional=("when",))
        when = leaves.leaf("expression", parts["when"]) if "when" in parts else None
        named = _aliases(parts["channel"], leaves.report) if "channel" in parts else {}
        if "when" in parts and when is None:
            continue  # there is a finding already; without its condition it would match every event
        routes.append(Route(tuple(named), when))
        places = {**named, **places}
    return Routes(tuple(routes), places)


def _aliases(node: Node, report: Report) -> dict[str, Place]:
    """Return each alias of a text or a list, with its position."""
    items = node.items if isinstance(node, Sequence) else (node,)
    if not items:
        report.add(node.place, "VALUE_INVALID", say("there is no channel"), say("write an alias from _stages/"))
    places: dict[str, Place] = {}
    for item in items:
        if not (name := alias(item, report)):
            continue
        if name in places:
            message = say("`{name}` stands here twice", name=name)
            report.add(item.place, "VALUE_INVALID", message, say("remove one of the two"))
        places[name] = item.place
    return places


def check(places: Mapping[str, Place], stages: Iterable[Stage], report: Report) -> None:
    """Report each stage that lacks an alias of a template. A stage that redirects all messages needs none."""
    for stage in stages:
        if stage.redirect:
            continue
        for name in places.keys() - stage.channels.keys():
            message = say("stage {stage} does not say which channel `{name}` is", stage=stage.name, name=name)
            fix = say("add `{name}: C...` under `channels:` in _stages/{stage}.yaml", name=name, stage=stage.name)
            report.add(places[name], "CHANNEL_UNKNOWN", message, fix)

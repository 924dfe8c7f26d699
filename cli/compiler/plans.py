"""When a poll runs: `every` is an interval or a cron expression; `time_zone` belongs to the latter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from cli.compiler import crontab, durations, locales, shape
from cli.compiler.durations import Range
from cli.compiler.findings import Report
from cli.compiler.nodes import Node, Scalar
from cli.language import say


class Plan(NamedTuple):
    """`every` is in seconds; with `cron`, the longest interval. An empty `time_zone` means that of the template."""

    every: float
    cron: str = ""
    time_zone: str = ""


def read(found: Mapping[str, Node], allowed: Range, report: Report) -> Plan:
    """Return the Plan of a poll, from its keys."""
    node, zone = found.get("every"), found.get("time_zone")
    time_zone = locales.time_zone(zone, report)
    if node is None:
        return Plan(allowed.usual)
    if not isinstance(node, Scalar) or not crontab.is_meant(node.text):
        every = durations.read(node, allowed, report, other=_cron())
        if zone and isinstance(node, Scalar) and re.fullmatch(durations.FORM, node.text.strip()):
            message = say("`time_zone` is for a cron expression, and `every` is an interval")
            report.add(zone.place, "VALUE_INVALID", message, say("remove it"))
        return Plan(every)
    text = shape.literal(node, report)
    if text is None:
        return Plan(allowed.usual)
    if wrong := crontab.wrong(text):
        least, most = durations.written(allowed.least), durations.written(allowed.most)
        message = say(
            "`{path}` takes a time from {least} to {most}, or {cron}; {why}",
            path=node.place.path,
            least=least,
            most=most,
            cron=_cron(),
            why=wrong.why,
        )
        report.add(node.place, "VALUE_INVALID", message, say("write {code}", code=crontab.instead(text)))
        return Plan(allowed.usual)
    cron = crontab.written(text)
    return Plan(crontab.longest(cron.upper()) or allowed.most, cron, time_zone)


def _cron() -> str:
    return say('a cron expression of five fields, such as "{usual}"', usual=crontab.USUAL)

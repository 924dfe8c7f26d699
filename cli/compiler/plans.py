"""When a poll runs: `every` as an interval or as a cron expression, which `time_zone` belongs to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from cli.compiler import crontab, durations, locales, shape
from cli.compiler.durations import Range
from cli.compiler.findings import Report
from cli.compiler.nodes import Node, Scalar

FORM: Final = f'a cron expression of five fields, such as "{crontab.USUAL}"'


class Plan(NamedTuple):
    """`every` seconds; with `cron`, at most so many seconds. An empty `time_zone` is that of the template."""

    every: float
    cron: str = ""
    time_zone: str = ""


def read(found: Mapping[str, Node], allowed: Range, report: Report) -> Plan:
    """Return the plan that the keys of a poll say."""
    node, zone = found.get("every"), found.get("time_zone")
    time_zone = locales.time_zone(zone, report)
    if node is None:
        return Plan(allowed.usual)
    if not isinstance(node, Scalar) or not crontab.is_meant(node.text):
        every = durations.read(node, allowed, report, other=FORM)
        if zone and isinstance(node, Scalar) and re.fullmatch(durations.FORM, node.text.strip()):
            message = "`time_zone` is for a cron expression, and `every` is an interval"
            report.add(zone.place, "VALUE_INVALID", message, "remove it")
        return Plan(every)
    text = shape.literal(node, report)
    if text is None:
        return Plan(allowed.usual)
    if wrong := crontab.wrong(text):
        message = f"`{node.place.path}` takes {_forms(allowed)}; {wrong.why}"
        report.add(node.place, "VALUE_INVALID", message, f"write {crontab.instead(text)}")
        return Plan(allowed.usual)
    cron = crontab.written(text)
    return Plan(crontab.longest(cron.upper()) or allowed.most, cron, time_zone)


def _forms(allowed: Range) -> str:
    return f"a time from {durations.written(allowed.least)} to {durations.written(allowed.most)}, or {FORM}"

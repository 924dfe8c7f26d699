"""Reads durations: `30s`, `5m`, `2h`, `7d`, or a number of seconds."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from cli.compiler import shape
from cli.compiler.findings import Report
from cli.compiler.nodes import Node
from cli.compiler.times import DAY, HOUR, MINUTE, SECONDS, is_cron, meant, written
from cli.language import say

__all__ = ["DAY", "FORM", "HOUR", "MINUTE", "Range", "read", "written"]

FORM: Final = f"([0-9]+)([{''.join(SECONDS)}]?)"


class Range(NamedTuple):
    """The allowed seconds, from `least` to `most`. `usual` is the default, `such` names examples."""

    least: float
    most: float
    usual: float
    such: str

    def nearest(self, text: str) -> float:
        """Return the allowed duration that is nearest to a text, in seconds; `usual` if the text is not a duration."""
        seconds = meant(text)
        return self.usual if seconds is None else min(max(seconds, self.least), self.most)


def read(node: Node, allowed: Range, report: Report, other: str = "") -> float:
    """Return a duration in seconds. Anything else is reported, with the nearest duration that is allowed.

    `other` says what else the key accepts; the caller has handled that.
    """
    text = shape.literal(node, report, example=written(allowed.usual))
    if text is None:
        return allowed.usual
    match = re.fullmatch(FORM, text)
    seconds = float(match[1]) * SECONDS[match[2] or "s"] if match else 0.0
    if not allowed.least <= seconds <= allowed.most:
        accepted = say(
            "a time from {least} to {most}, such as {such}",
            least=written(allowed.least),
            most=written(allowed.most),
            such=say(allowed.such),
        )
        accepted += other and say(", or {names}", names=other)
        message = say("`{path}` takes {accepted}", path=node.place.path, accepted=accepted) + _beside(text)
        report.add(node.place, "VALUE_INVALID", message, _fix(node, text, allowed))
    return seconds


def _beside(text: str) -> str:
    """Say what else is wrong with a value, such as a missing unit."""
    if is_cron(text):
        return say("; cron is not supported, nor is a time of day")
    return say("; {text} without a unit is {text} seconds", text=text) if re.fullmatch("[1-9][0-9]{0,8}", text) else ""


def _fix(node: Node, text: str, allowed: Range) -> str:
    key = node.place.path.rpartition(".")[2]
    if is_cron(text) and meant(text) is None:
        return say("write {text}, or another time", text=f"{key}: 1h")
    right = [written(allowed.nearest(text)), *_with_units(text, allowed)]
    choice = say(", or ").join([say(", ").join(right[:-1]), right[-1]] if right[1:] else right)
    return say("write {text}", text=f"{key}: {choice}")


def _with_units(text: str, allowed: Range) -> list[str]:
    """Return a bare number with each unit that makes it an allowed duration."""
    number = float(text) if re.fullmatch("[1-9][0-9]{0,8}", text) else 0.0
    return [f"{text}{unit}" for unit in "mhd" if allowed.least <= number * SECONDS[unit] <= allowed.most]

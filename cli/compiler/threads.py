"""`thread:` and `update:` - which messages form a thread in Slack, and whether the first message is edited instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cli.compiler import shape
from cli.compiler.findings import Place, Report
from cli.compiler.leaves import Leaves
from cli.compiler.nodes import Node
from cli.compiler.stages import is_channel
from cli.language import say
from handler.catalog import Stage
from handler.model import Leaf

KEYS: Final = ("thread", "update")


@dataclass(frozen=True, slots=True)
class Threading:
    """The thread of a template; `place` is the position of its key."""

    key: Leaf | None = None
    update: bool = False
    place: Place | None = None


def read(found: Mapping[str, Node], leaves: Leaves) -> Threading:
    """Return what the two keys in `found` say."""
    update = shape.flag(found["update"], leaves.report) if "update" in found else False
    if "thread" in found:
        return Threading(leaves.leaf("exact", found["thread"]), update, found["thread"].place)
    if "update" in found:
        message = say("`update` edits the first message of a thread, and there is no `thread`")
        fix = say("add {code}", code='thread: "order-{{ id }}"')
        leaves.report.add(found["update"].place, "KEY_MISSING", message, fix)
    return Threading()


def check(place: Place | None, aliases: Iterable[str], stages: Iterable[Stage], report: Report) -> None:
    """Report each stage that sends a template with a thread to a webhook, unless the stage allows that."""
    if place is None:
        return
    for stage in stages:
        for alias in sorted(aliases) if stage.threads == "required" else ():
            if is_channel(stage.destination(alias)[0]):
                continue
            message = say(
                "stage {stage} posts to `{alias}` by a webhook, which can neither reply nor edit",
                stage=stage.name,
                alias=alias,
            )
            fix = say(
                "write the channel's id (C...) in {file}; or add `threads: ignore` there, to post without threads",
                file=f"_stages/{stage.name}.yaml",
            )
            report.add(place, "THREAD_WEBHOOK", message, fix)

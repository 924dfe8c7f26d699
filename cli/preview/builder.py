"""Links that open a message in Slack's Block Kit Builder.

The message is after the # of the URL. Browsers do not send that part; Slack's page reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from cli.language import later, say
from cli.slack_rules.blocks import block_problems
from cli.slack_rules.schema import UNMATCHED
from handler.model import Message

BUILDER: Final = "https://app.slack.com/block-kit-builder/#"
# Safari supports about this many characters, other browsers more.
LONGEST: Final = 80_000
_TOO_LONG: Final = later(
    "The link would have {count} characters, and browsers take {most}. Copy the blocks of --json instead."
)
# These blocks show something that exists in one workspace only.
_FOREIGN: Final = ("call", "file")


@dataclass(frozen=True, slots=True)
class Link:
    """The URL, or why there is none."""

    address: str = ""
    problem: str = ""


def link(message: Message) -> Link:
    """Return the link for a message. A message without blocks becomes a section with its text."""
    blocks = [dict(block) for block in message.blocks] or [_section(message.text)]
    if found := [one for one in block_problems(blocks) if one.message != UNMATCHED]:
        return Link(problem=say("Block Kit Builder does not take it: {problem}", problem=found[0]))
    if foreign := _foreign(blocks):
        return Link(problem=say("Block Kit Builder does not know the blocks: {kinds}", kinds=", ".join(foreign)))
    address = BUILDER + quote(json.dumps({"blocks": blocks}, ensure_ascii=False, separators=(",", ":")), safe="")
    if len(address) > LONGEST:
        return Link(problem=say(_TOO_LONG, count=f"{len(address):,}", most=f"{LONGEST:,}"))
    return Link(address)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _foreign(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    nested = [child for block in blocks for child in block.get("child_blocks") or []]
    return sorted({str(block["type"]) for block in (*blocks, *nested)} & set(_FOREIGN))

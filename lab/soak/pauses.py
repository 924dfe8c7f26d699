"""Checks that nothing is posted while Slack has said to wait (Retry-After)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# How long, in seconds, an invocation that started before the 429 may not know about it.
UNDER_WAY_SECONDS: Final = 5.0
# The function never pauses longer, whatever Retry-After says (handler/adapters/slack/answers.py).
LONGEST_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Asked:
    """A post that Slack was asked for, at a Unix time of its clock. `pause` is the text of Retry-After, or empty."""

    channel: str
    at: float
    status: int | None
    pause: str


@dataclass(slots=True)
class _Pause:
    """The pause of one channel: its start, its end, and how many more posts during it are excused."""

    begin: float = 0.0
    until: float = 0.0
    left: int = 0


def within_pauses(asked: Sequence[Asked], others: int = 0) -> list[Asked]:
    """Return the posts, oldest first, that were sent to a channel while Slack had said to wait, in whole seconds.

    Each of `others`, the other environments that are under way when the pause starts, may post once: then it knows.
    """
    pauses: dict[str, _Pause] = {}
    found = []
    for post in asked:
        pause = pauses.setdefault(post.channel, _Pause())
        if post.at < pause.until:
            if pause.left > 0 and post.at - pause.begin <= UNDER_WAY_SECONDS:
                pause.left -= 1
            else:
                found.append(post)
        if post.status == 429 and post.pause.isdecimal() and int(post.pause) <= LONGEST_SECONDS:
            if post.at >= pause.until:
                pause.begin, pause.left = post.at, others
            pause.until = max(pause.until, post.at + int(post.pause))
    return found

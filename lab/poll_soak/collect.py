"""Collects the results of a soak from the ledger, Slack and the queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from lab.poll_soak.function import World


def collected(world: World, event_type: str, unknown: Mapping[str, int], queued: int) -> dict[str, Any]:
    """Return the fields of law.Deliveries. `unknown` counts the posts during which the function was killed."""
    ledger: dict[str, list[str]] = {}
    for identity, items in world.table.partitions(f"event#{event_type}/").items():
        ledger.setdefault(_key(identity, event_type), []).extend(item.text("phase") for item in items)
    digests = world.intake.digests
    return {
        "ledger": ledger,
        "posts": _by_key(world.slack.posts, event_type),
        "digests": _by_key({name: one["count"] for name, one in digests.items()}, event_type),
        "numbers": _by_key(dict.fromkeys(digests, 1), event_type),
        "unknown": _by_key(unknown, event_type) + _by_key(world.slack.unknown, event_type),
        "said": {_key(name, event_type): text for name, text in _said(world).items()},
        "queued": queued,
    }


def _said(world: World) -> dict[str, str]:
    """Return the message texts, and the text that each event parked before its post would have had."""
    events = world.intake.events
    unsaid = {name: " ".join([name, *(value or "-" for value in data.values())]) for name, data in events.items()}
    return {**unsaid, **world.slack.said}


def _by_key(counts: Mapping[str, int], event_type: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for identity, number in counts.items():
        found[_key(identity, event_type)] += number
    return found


def _key(identity: str, event_type: str) -> str:
    """Return the key of an event in law.Deliveries. Digests with the same first and last id share a key."""
    name = identity.removeprefix(f"{event_type}/")
    return name.split("/")[1] if name.startswith("digest/") else name

"""A poll's messages on the queue: the events of its rows, and the request to run."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from handler.model import MAX_ID, Digest
from handler.polling.state import PolledEvent


def request(poll: str) -> str:
    """Return a request to run a poll. The function recognizes it by its beginning (`Record.requests_poll`)."""
    return json.dumps({"notifier": {"run": poll}})


def requested(body: str) -> str:
    """Return the poll that a request names. Raises ValueError or KeyError if `body` is not a request."""
    return str(json.loads(body)["notifier"]["run"])


def identity(event_type: str, id_: int | str, epoch: int = 0, key: str | None = None) -> str:
    """The `event_id` of a row: `order.created/1042`; with the value of its watched column, `order.changed/1042/paid`.

    An application that publishes the event, too, uses the same one, so both together make one delivery. `epoch` is how
    many times the ids of the table have restarted. It distinguishes a new row from an earlier one with the same id:
    `order.created/1042/1`. What follows the type is replaced by its SHA-256 if the `event_id` would be too long, or
    have characters that cannot be printed.
    """
    rest = f"{id_}" + ("" if key is None else f"/{key}") + (f"/{epoch}" if epoch else "")
    if not rest.isprintable() or len(event_type) + 1 + len(rest) > MAX_ID:
        rest = sha256(rest.encode()).hexdigest()
    return f"{event_type}/{rest}"


def event(event_type: str, finding: PolledEvent, epoch: int) -> str:
    """Return the event of a row or a digest, in the form that applications publish."""
    polled: dict[str, Any] = {"polled": True}
    data: dict[str, Any] = {}
    if isinstance(finding, Digest):
        counted = {"number": finding.number, "count": finding.count, "late": finding.late}
        polled["digest"] = {**counted, "first": finding.first, "last": finding.last}
        rows = f"digest/{finding.first}-{finding.last}"
        id_, event_id = finding.first, identity(event_type, rows, epoch, str(finding.number))
    else:
        if finding.late:
            polled["late"] = True
        if finding.change:
            data["data"] = dict(zip(("old", "new"), finding.change, strict=True))
        id_, event_id = finding.id, identity(event_type, finding.id, epoch, finding.key)
    return json.dumps({"type": event_type, "id": id_, "event_id": event_id, **data, "notifier": polled})

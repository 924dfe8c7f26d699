"""Orders for faults: what the stand-in does wrong, how often, and for which requests.

A fault is a JSON object: {"match": {"method": "chat.postMessage", "channel": "orders"}, "times": 2, "fault": {"kind":
...}}. `method` is a Web API method, or `webhook`; `text` is a substring of the raw request body; what `match`
leaves out matches everything. Kinds, with their keys:

    status   answer `status` with `body`, as `content_type`
    error    ok:false with the word `error`; a webhook gets the word and its status
    limited  429 with `retry_after` as the text of Retry-After; null leaves the header out
    close    close the connection instead of answering
    reset    reset it (TCP RST)
    hang     never answer
    html     200 with a page that is not Slack's
    redirect answer `status` (302, 307) with `location`
    truncate send half of the real answer, then close
    drip     send the real answer one byte each `seconds`
    delay    wait for `seconds`, then send the real answer

With `"accept": true` the request is carried out first: the message is kept, and its sender sees the fault. The last
three always do that. Such a fault waits for a request that Slack accepts; a refused request gets its normal response.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from cli.slack_rules.schema import array, boolean, choice, integer, nullable, number, record, string, tagged

ACCEPT: Final = {"accept": boolean}
TEXT: Final = string(least=0)
KINDS: Final = {
    "status": record({"status": integer(200, 599)}, {"body": TEXT, "content_type": string(), **ACCEPT}),
    "error": record({"error": string()}, ACCEPT),
    "limited": record({"retry_after": nullable(TEXT)}, ACCEPT),
    "close": record(optional=ACCEPT),
    "reset": record(optional=ACCEPT),
    "hang": record(optional=ACCEPT),
    "html": record(optional=ACCEPT),
    "redirect": record({"status": choice(301, 302, 303, 307, 308), "location": string()}, ACCEPT),
    "truncate": record(),
    "drip": record({"seconds": number(least=0)}),
    "delay": record({"seconds": number(least=0)}),
}
AFTER_ACCEPTING: Final = frozenset({"truncate", "drip", "delay"})
MATCH: Final = record(optional={"method": string(), "channel": string(), "text": string()})
DOCUMENT: Final = array(
    record({"fault": tagged(KINDS, tag="kind")}, {"match": MATCH, "times": integer(least=1)}), least=0
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: its kind, whether the request is carried out first, and the arguments of the kind."""

    kind: str
    accept: bool = False
    status: int = 200
    body: str = ""
    content_type: str = "text/plain"
    error: str = ""
    retry_after: str | None = None
    location: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class Order:
    """A fault for the next `times` requests with this method, channel and part of a text (empty: any)."""

    fault: Fault
    method: str = ""
    channel: str = ""
    text: str = ""
    times: int = 1

    def covers(self, method: str, names: tuple[str, ...], body: bytes) -> bool:
        """Return whether it matches this method, a channel with these names, and a request with this body."""
        there = self.method in ("", method) and (not self.channel or self.channel in names)
        return self.times > 0 and there and self.text.encode() in body


class Script:
    """The pending orders. A request gets the first that matches."""

    def __init__(self) -> None:
        self._orders: list[Order] = []

    def extend(self, document: Any) -> None:
        """Add orders from a JSON document of the form above. Raises ValueError with everything that is wrong."""
        if problems := list(DOCUMENT(document, "")):
            raise ValueError("; ".join(map(str, problems)))
        self._orders += map(_order, document)

    def clear(self) -> None:
        """Remove all orders."""
        self._orders.clear()

    def due(self, method: str, names: tuple[str, ...], body: bytes) -> Order | None:
        """Return the first order for a request. It stays pending until it is carried out."""
        return next((order for order in self._orders if order.covers(method, names, body)), None)

    def pending(self) -> list[dict[str, Any]]:
        """Return the pending orders as plain data."""
        return [asdict(order) for order in self._orders if order.times]


def _order(document: dict[str, Any]) -> Order:
    asked = document["fault"]
    fault = Fault(**{**asked, "accept": asked["kind"] in AFTER_ACCEPTING or asked.get("accept", False)})
    return Order(fault, times=document.get("times", 1), **document.get("match", {}))

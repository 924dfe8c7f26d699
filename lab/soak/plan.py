"""The events that a soak publishes, derived from its seed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from lab.soak.events import FIRST_ORDER, POLL, Event, Expected, envelope, found, message_id

# The number of orders with a ticket. Each has several events, which form a thread.
TICKETS: Final = 25
# Events come in bursts, as from a job that touches several orders at once; on average a little slower than the rate
# limit of the soak's busiest channel.
SECONDS_PER_EVENT: Final = 1.1
# The number of events during an outage of hours: they are few, because each is retried again and again.
TWO_HOURS: Final = 7200.0
IN_OUTAGE: Final = 30
# The number of events in a burst, and its weight.
_BURSTS: Final[Mapping[int, int]] = {1: 55, 2: 15, 4: 15, 10: 15}
# How many seconds after its event a row may be written.
LATEST_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The events in the order of publishing. Slack is unreachable for two hours, from `outage` seconds on."""

    events: Sequence[Event]
    outage: float | None = None

    @property
    def busy_seconds(self) -> float:
        """How long events are published, without the outage."""
        return self.events[-1].at - (TWO_HOURS if self.outage is not None else 0.0)

    def second(self, busy: float) -> float:
        """Convert seconds without the outage into seconds from the start."""
        return busy if self.outage is None or busy < self.outage else busy + TWO_HOURS


def planned(seed: int, count: int, *, outage: bool | None = None) -> Plan:
    """Return a plan of `count` events; deterministic.

    Without `outage` the seed decides whether there is one; a short soak has none.
    """
    random = Random(f"events {seed}")
    with_outage = random.random() < 0.5 and count >= 10 * IN_OUTAGE if outage is None else outage
    busy = list(_moments(random, count - IN_OUTAGE * with_outage))
    begin = random.uniform(0.2, 0.9) * busy[-1] if with_outage else None
    plan = Plan((), begin)
    moments = [plan.second(at) for at in busy]
    if begin is not None:
        moments += [begin + random.uniform(0, TWO_HOURS) for _ in range(IN_OUTAGE)]
    return Plan([_event(random, seed, number, at) for number, at in enumerate(sorted(moments))], begin)


def _moments(random: Random, count: int) -> Iterator[float]:
    at = 0.0
    while count > 0:
        burst = random.choices(list(_BURSTS), list(_BURSTS.values()))[0]
        yield from [at] * min(burst, count)
        at, count = at + random.expovariate(1 / (burst * SECONDS_PER_EVENT)), count - burst


# kind: weight, and how its deliveries end
_KINDS: Final[Mapping[str, tuple[int, tuple[Expected, ...]]]] = {
    "soak.sale": (40, ()),  # by the order's region
    "soak.both": (
        15,
        (Expected("soak.both", "payments", "delivered"), Expected("soak.both", "audit", "delivered")),
    ),
    "soak.pair": (
        8,
        (Expected("soak.pair", "orders", "delivered"), Expected("soak.pair.again", "audit", "delivered")),
    ),
    "soak.ticket": (14, (Expected("soak.ticket", "tickets", "delivered"),)),
    "soak.quiet": (8, (Expected("soak.quiet", "", "suppressed"),)),
    "soak.late": (6, (Expected("soak.late", "orders", "delivered"),)),
    POLL: (8, ()),  # found by a poll
    "soak.old": (3, (Expected("soak.old", "old", "parked"),)),
    "never": (2, (Expected("soak.late", "orders", "parked"),)),
    "bad id": (2, (Expected("soak.sale", "", "parked"),)),
    "unknown": (1, (Expected("", "", "parked"),)),
    "no json": (1, (Expected("", "", "parked"),)),
}
_TYPES: Final = {"never": "soak.late", "bad id": "soak.sale", "unknown": "soak.unheard"}


def _event(random: Random, seed: int, number: int, at: float) -> Event:
    kind = random.choices(list(_KINDS), [weight for weight, _ in _KINDS.values()])[0]
    order = FIRST_ORDER + (random.randrange(TICKETS) if kind == "soak.ticket" else TICKETS + number)
    if kind == POLL:
        return found(number, at, order)
    region = random.choice(("eu", "us", "jp"))
    name = message_id(seed, number)
    named = kind != "no json" and random.random() < 0.5
    identity = f"e-{seed}-{number:06}" if named else name
    document: dict[str, Any] = {"type": _TYPES.get(kind, kind), "id": f"{order}x" if kind == "bad id" else order}
    if named:
        document["event_id"] = identity
    text = "{" if kind == "no json" else json.dumps(document)
    return Event(
        number=number,
        at=at,
        order=order,
        region=region,
        row_at=_row_at(random, kind, at),
        identity=identity,
        message_id=name,
        body=envelope(name, text),
        deliveries=_deliveries(kind, region),
        again=tuple(random.choice((0.0, 1.0, 20.0, 400.0)) for _ in range(random.random() < 0.06)),
        republished=tuple(random.choice((0.0, 5.0, 300.0)) for _ in range(named and random.random() < 0.06)),
    )


def _deliveries(kind: str, region: str) -> tuple[Expected, ...]:
    if kind == "soak.sale":
        return (Expected("soak.sale", "payments" if region == "jp" else "orders", "delivered"),)
    return _KINDS[kind][1]


def _row_at(random: Random, kind: str, at: float) -> float | None:
    if kind == "never":
        return None
    if kind == "soak.late":
        return at + random.uniform(0, LATEST_SECONDS)
    return at - 1.0 if kind != "soak.ticket" else -1.0

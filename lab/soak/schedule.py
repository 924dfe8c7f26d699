"""The faults of a soak, derived from its seed: those of single events, and those of a whole part for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Literal

from lab.soak.events import Event
from lab.soak.plan import TWO_HOURS, Plan

# The fault that an event's post meets: Slack's fault alone, or together with an action once the post has met it.
Then = Literal["", "kill", "freeze", "ledger"]


@dataclass(frozen=True, slots=True)
class EventFault:
    """A fault of the stand-in (lab/slack/faults.py) for the next post of an event, and an action that follows it.

    `then` is done to the environment that posts (`kill`, or `freeze` for `seconds`), or to the ledger (`ledger`: it is
    unreachable for `seconds`).
    """

    fault: str
    options: Mapping[str, Any] = field(default_factory=dict)
    then: Then = ""
    seconds: float = 0.0

    @property
    def ambiguous(self) -> bool:
        """Whether Slack has the message, but its sender cannot know."""
        return self.fault in ("truncate", "drip", "delay") or bool(self.options.get("accept"))


@dataclass(frozen=True, slots=True)
class SystemFault:
    """A fault that begins `at` a second from the start. `kind` names it (system_faults.py)."""

    at: float
    kind: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """The faults of single events, by number and in the order of their posts; and the other faults, by time."""

    mishaps: Mapping[int, Sequence[EventFault]]
    troubles: Sequence[SystemFault]


def _accepting(fault: str, **options: Any) -> EventFault:
    return EventFault(fault, {**options, "accept": True})


# weight, mishap. Faults that make the sender wait for its timeout (8 s) are rare, because that is real time.
_MISHAPS: Final[Sequence[tuple[int, EventFault]]] = (
    (10, EventFault("close")),
    (10, _accepting("close")),
    (10, EventFault("reset")),
    (10, _accepting("reset")),
    (8, EventFault("status", {"status": 500})),
    (8, _accepting("status", status=500)),
    (8, EventFault("status", {"status": 503, "body": "<html>", "content_type": "text/html"})),
    (8, _accepting("status", status=503)),
    (6, EventFault("error", {"error": "internal_error"})),
    (6, _accepting("error", error="fatal_error")),
    (8, EventFault("html")),
    (8, _accepting("html")),
    (10, EventFault("truncate")),
    (4, EventFault("delay", {"seconds": 0.2})),
    (8, EventFault("limited", {"retry_after": "1"})),
    (8, EventFault("limited", {"retry_after": "30"})),
    (5, EventFault("limited", {"retry_after": None})),
    (3, EventFault("limited", {"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"})),
    (3, EventFault("limited", {"retry_after": "999999999"})),
    (2, EventFault("limited", {"retry_after": "-1"})),
    (2, EventFault("limited", {"retry_after": "0.5"})),
    (14, EventFault("hang", then="kill")),
    (14, EventFault("hang", {"accept": True}, then="kill")),
    (6, EventFault("delay", {"seconds": 0.4}, then="freeze", seconds=500)),
    (6, EventFault("delay", {"seconds": 0.4}, then="ledger", seconds=4)),
)
_SLOW: Final = (
    EventFault("hang"),
    _accepting("hang"),
    EventFault("drip", {"seconds": 0.2}),
    EventFault("drip", {"seconds": 0.003}),
)

# kind: the number of events per fault, and the fault's duration in seconds
_TROUBLES: Final[Mapping[str, tuple[int, tuple[float, float]]]] = {
    "kill": (60, (0, 0)),
    "deadline": (120, (0, 0)),
    "short": (150, (0, 0)),
    "freeze": (150, (60, 900)),
    "slack refuses": (250, (3, 60)),
    "slack is broken": (400, (3, 30)),
    "ledger refuses": (200, (1, 12)),
    "ledger throttles": (200, (1, 10)),
    "ledger loses answers": (300, (0.5, 3)),
    "replication stops": (250, (3, 60)),
    "connections are killed": (150, (0, 0)),
    "token is revoked": (700, (5, 20)),
}
# In some seeds only: how long messages are missing in a channel's history, longer than anything waits for them.
_LAG_SECONDS: Final = 120.0
_LAG_LIKELIHOOD: Final = 0.3


def scheduled(seed: int, plan: Plan, *, share: float = 0.12) -> Schedule:
    """Return the faults: one for this `share` of the posted events, and those of parts in proportion; deterministic."""
    random = Random(f"faults {seed}")
    return Schedule(_mishaps(random, plan.events, share), _troubles(random, plan))


def _mishaps(random: Random, events: Sequence[Event], share: float) -> dict[int, list[EventFault]]:
    posted = [event for event in events if event.posts]
    chosen = random.sample(posted, round(share * len(posted)))
    mishaps, weights = [mishap for _, mishap in _MISHAPS], [weight for weight, _ in _MISHAPS]
    found = {event.number: random.choices(mishaps, weights, k=random.choice((1, 1, 1, 2))) for event in chosen}
    for event in random.sample(posted, min(len(posted), 1 + len(events) // 250)):
        found[event.number] = [random.choice(_SLOW)]
    return found


def _troubles(random: Random, plan: Plan) -> list[SystemFault]:
    def sometime() -> float:
        return plan.second(random.uniform(0, plan.busy_seconds))

    count, found = len(plan.events), []
    for kind, (per, (least, most)) in _TROUBLES.items():
        times = count // per + (random.random() < count % per / per)
        found += [SystemFault(sometime(), kind, random.uniform(least, most)) for _ in range(times)]
    if random.random() < _LAG_LIKELIHOOD:
        found.append(SystemFault(sometime(), "history lags", _LAG_SECONDS))
    if plan.outage is not None:
        found.append(SystemFault(plan.outage, "slack is away", TWO_HOURS))
    return sorted(found, key=lambda trouble: trouble.at)

"""The function is killed at every point at which it reaches outside, one after the other; then its batch comes again.

A kill stands before or after the effect of each call of a port. The longer runs with real processes are the soak's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from handler.catalog import Catalog, Stage
from handler.delivery.finish import Finisher
from handler.delivery.ledger import Ledger
from handler.delivery.records import FINAL, Phase
from handler.errors import SlackError
from handler.model import Message, Notification, Receipt, Record
from handler.outcome import Outcome, State
from handler.pipeline import Pipeline
from handler.templating import Templates
from tests.kit import (
    CHANNELS,
    NOW,
    FakeApi,
    FakeDatabase,
    FakePark,
    FakeQueue,
    FakeTable,
    composer,
    deliverer_to,
    expression,
    mrkdwn,
    notification,
    plenty,
    policy,
    raising,
    record,
)

VISIBILITY = 360.0
EVENTS = {"posted": 1, "threaded": 2, "updated": 3, "broken": 4, "quiet": 5}


class Killed(BaseException):
    """The process is gone: nothing catches this."""


@dataclass
class Kill:
    """Strikes at one point; `passed` counts all that were met."""

    at: int
    passed: int = 0

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed


@dataclass
class World:
    """All that outlives a process."""

    time: float = NOW.timestamp()
    posts: dict[str, Message] = field(default_factory=dict)
    edits: list[str] = field(default_factory=list)
    park: FakePark = field(default_factory=FakePark)
    refused: bool = False

    def __post_init__(self) -> None:
        self.table = FakeTable(self.now)

    def now(self) -> float:
        return self.time


class Slack:
    def __init__(self, world: World, kill: Kill) -> None:
        self._world, self._kill = world, kill

    def _require_credential(self) -> None:
        if self._world.refused:
            raise SlackError("SLACK_CREDENTIAL", "token_revoked")

    def post(self, message: Message) -> Receipt:
        self._kill.point()
        self._require_credential()
        ts = f"{len(self._world.posts) + 1}.0"
        self._world.posts[ts] = message
        self._kill.point()
        return Receipt(message.destination, ts, thread_ts=message.thread_ts)

    def edit(self, message: Message, ts: str) -> Receipt:
        self._kill.point()
        self._require_credential()
        self._world.edits.append(ts)
        self._kill.point()
        return Receipt(message.destination, ts)

    def find(self, message: Message, since: float) -> Receipt | None:
        self._kill.point()
        self._require_credential()
        for ts, one in self._world.posts.items():
            if one.mark == message.mark:
                return Receipt(one.destination, ts, thread_ts=one.thread_ts)
        return None


class Around:
    """A port whose calls are each between two points."""

    def __init__(self, port: Any, method: str, kill: Kill) -> None:
        self._call: Callable[..., Any] = getattr(port, method)
        self._kill = kill
        setattr(self, method, self._struck)

    def _struck(self, *arguments: Any) -> Any:
        self._kill.point()
        result = self._call(*arguments)
        self._kill.point()
        return result


def notifications() -> dict[str, tuple[Notification, ...]]:
    thread = mrkdwn("order")
    found = {
        "posted": notification("{{ id }} posted"),
        "threaded": notification("{{ id }} threaded", thread=thread),
        "updated": notification("{{ id }} updated", thread=thread, update=True),
        "broken": notification("{{ nothing }}"),
        "quiet": notification("{{ id }} quiet", when=expression("id == 0")),
    }
    return {name: (Notification(**{**_fields(one), "name": name, "event": name}),) for name, one in found.items()}


def _fields(one: Notification) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__slots__}


def process(world: World, mode: str, kill: Kill) -> Pipeline:
    """A new execution environment."""
    stage, templates, slack = Stage("test", CHANNELS, "C0FALLBACK"), Templates(), Slack(world, kill)
    nobody = FakeApi(lambda path: None)
    empty = FakeDatabase(lambda sql, parameters: [])
    table = Around(world.table, "swap", kill)
    table.items = world.table.items  # type: ignore[attr-defined]
    deliverer = deliverer_to(slack, table, world.now, policy(mode))  # type: ignore[arg-type]
    park, queue = Around(world.park, "park", kill), Around(FakeQueue(), "postpone", kill)
    return Pipeline(
        Catalog(notifications(), stage),
        composer(stage, templates, empty, nobody, lambda: NOW),
        nobody,
        deliverer,
        Finisher(park, queue, deliverer.ledger, 50, world.now),  # type: ignore[arg-type]
        ignore_unknown=False,
        polls=raising(AssertionError("no poll was requested")),
    )


def batch(attributes: Mapping[str, str] | None = None) -> list[Record]:
    made = [record({"type": name, "id": number, "event_id": name}, name) for name, number in EVENTS.items()]
    return [replace(one, attributes=attributes or {}) for one in made]


def live(world: World, mode: str, at: int) -> int:
    """Run the batch, killed at one point, until nothing of it is left in the queue; return how many points it has."""
    kill = Kill(at)
    left = _survive(process(world, mode, kill), batch())
    _run_to_the_end(world, mode, left)
    return kill.passed


def _run_to_the_end(world: World, mode: str, left: Sequence[Record]) -> None:
    for _ in range(30):
        if not left:
            return
        world.time += VISIBILITY
        left = _survive(process(world, mode, Kill(0)), left)
    raise AssertionError(f"still in the queue: {[one.id for one in left]}")


def _survive(pipeline: Pipeline, batch: Sequence[Record]) -> list[Record]:
    """What comes again: what is reported, or all of it where the process was killed."""
    try:
        outcomes: list[Outcome] = pipeline.run(batch, plenty)
    except Killed:
        return list(batch)
    again = {one.record.id for one in outcomes if one.state is State.RETRY}
    return [one for one in batch if one.id in again]


def points(mode: str) -> int:
    return live(World(), mode, 0)


MODES = {"read-back": 1, "repost": 2, "park": 1, "webhook": 2}
POINTS = [(mode, at) for mode in MODES for at in range(1, points(mode) + 1)]


@pytest.mark.parametrize(("mode", "at"), POINTS)
def test_nothing_is_lost_and_nothing_is_doubled_beyond_its_mode(mode: str, at: int) -> None:
    world = World()
    live(world, mode, at)
    ledger = Ledger(world.table)
    phases = {
        name: {key.channel: known.record.phase for key, known in ledger.of_event(name).items()} for name in EVENTS
    }
    assert all(phase in FINAL for found in phases.values() for phase in found.values())
    assert phases["quiet"] == {"": Phase.SUPPRESSED}
    assert phases["broken"].pop("") is Phase.PARKED
    posts = Counter(message.text.partition(" ")[2] for message in world.posts.values())
    for name in ("posted", "threaded"):
        ended = phases[name]["orders"]
        assert ended is Phase.DELIVERED or (mode == "park" and ended is Phase.PARKED)
        assert posts[name] <= MODES[mode]
        assert posts[name] >= (1 if ended is Phase.DELIVERED else 0)
    notices = [message for message in world.posts.values() if "TEMPLATE_UNDEFINED" in message.text]
    assert len(notices) <= MODES[mode]
    assert mode == "park" or notices
    parked = Counter(outcome.record.id for outcome in world.park.parked)
    assert set(parked) - {"broken"} <= ({"posted", "threaded", "updated", "broken"} if mode == "park" else set())
    # A kill between parking and writing it down parks twice: a record there is safe, and its replay is not doubled.
    assert max(parked.values()) <= 2


@pytest.mark.parametrize("at", [at for mode, at in POINTS if mode == "read-back"])
def test_what_was_parked_while_the_token_was_refused_is_looked_for_before_a_replay_posts_it(at: int) -> None:
    world = World()
    left = _survive(process(world, "read-back", Kill(at)), batch())
    world.refused = True
    _run_to_the_end(world, "read-back", left)
    world.refused = False
    world.time += VISIBILITY
    _run_to_the_end(world, "read-back", batch({"replayed_at": NOW.isoformat()}))
    posts = Counter(message.text.partition(" ")[2] for message in world.posts.values())
    assert (posts["posted"], posts["threaded"]) == (1, 1)
    assert posts["updated"] <= 1  # mostly an edit of the thread's first message


def test_there_are_points_enough() -> None:
    assert all(points(mode) >= 12 for mode in MODES)

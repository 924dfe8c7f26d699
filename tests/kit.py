"""Fakes of the ports, and short constructors of the stages' inputs."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from handler.catalog import Catalog, Stage
from handler.delivery.finish import Finisher
from handler.delivery.ledger import Ledger
from handler.delivery.send import Deliverer
from handler.delivery.situation import Policy
from handler.delivery.tallies import Tallies
from handler.delivery.threads import Threads
from handler.delivery.throttle import ChannelThrottle
from handler.errors import NotifierError
from handler.model import IdRule, Leaf, Message, Notification, Receipt, Record, Route, Row, Value
from handler.outcome import Delivered, End, Outcome, Parked, Repeated, Retry, Rule, State, Suppressed
from handler.pipeline import Pipeline
from handler.polling.dispatch import Polls
from handler.ports import Slack, StateTable
from handler.stages.compose import Composer
from handler.stages.enrich import Sources
from handler.state_item import Item
from handler.templating import Templates

CHANNELS = {"orders": "C0ORDERS01", "vip": "C0VIPS0001"}
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def mrkdwn(source: str) -> Leaf:
    return Leaf("mrkdwn", source, "order.created.yaml:5 text")


def expression(source: str) -> Leaf:
    return Leaf("expression", source, "order.created.yaml:4 when")


def notification(text: str = "New order {{ id }}", channel: str = "orders", **changes: Any) -> Notification:
    fields = {"name": "order.created", "event": "order.created", "id": IdRule("integer"), "routes": [Route([channel])]}
    return Notification(**{**fields, "text": mrkdwn(text), **changes})


def record(event: object = None, name: str = "r1", attempt: int = 1) -> Record:
    body = event if isinstance(event, str) else json.dumps(event or {"type": "order.created", "id": 1})
    return Record(name, body, attempt=attempt)


@dataclass
class FakeDatabase:
    answer: Callable[[str, Mapping[str, Value]], list[Row]]
    asked: list[tuple[str, str, Mapping[str, Value], int]] = field(default_factory=list)

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        self.asked.append((database, sql, parameters, limit))
        return self.answer(sql, parameters)

    def replicating(self, database: str) -> None:
        """Return None: it is unknown whether the replica follows."""


@dataclass
class FakeApi:
    answer: Callable[[str], Value]
    asked: list[tuple[str, str]] = field(default_factory=list)

    ahead: list[str] = field(default_factory=list)

    def get(self, api: str, path: str) -> Value:
        self.asked.append((api, path))
        return self.answer(path)

    def get_all(self, api: str, path: str) -> list[Value]:
        return [{"instance": name, "document": self.get(api, path), "error": None} for name in ("a", "b")]

    @contextmanager
    def invocation(self) -> Iterator[Callable[[str], None]]:
        yield self.ahead.append


@dataclass
class FakeSlack:
    fail: Callable[[Message], Exception | None] = lambda message: None
    posted: list[Message] = field(default_factory=list)

    def post(self, message: Message) -> Receipt:
        if error := self.fail(message):
            raise error
        self.posted.append(message)
        return Receipt(message.destination, f"1732263600.{len(self.posted):06}")

    def edit(self, message: Message, ts: str) -> Receipt:
        raise AssertionError("nothing was expected to be edited")

    def find(self, message: Message, since: float) -> Receipt | None:
        raise AssertionError("nothing was expected to be looked for")


@dataclass
class FakePark:
    error: Exception | None = None
    parked: list[Outcome] = field(default_factory=list)

    def park(self, outcome: Outcome) -> None:
        if self.error:
            raise self.error
        self.parked.append(outcome)


@dataclass
class FakeTable:
    """The state table in memory; each call raises `broken`, if set."""

    now: Callable[[], float] = time.time
    broken: Exception | None = None
    rows: dict[tuple[str, str], Item] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def swap(self, item: Item) -> Item | None:
        if self.broken:
            raise self.broken
        with self.lock:
            standing = self.rows.get((item.partition, item.sort))
            gone = standing is None or (item.revision == 1 and 0 < standing.expires_at <= self.now())
            if not gone and standing.revision != item.revision - 1:
                return standing
            self.rows[item.partition, item.sort] = item
            return None

    def items(self, partition: str) -> list[Item]:
        if self.broken:
            raise self.broken
        found = [item for (key, _), item in sorted(self.rows.items()) if key == partition]
        return [item for item in found if item.expires_at == 0 or item.expires_at > self.now()]

    def get(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        if self.broken:
            raise self.broken
        return [self.rows[key] for key in keys if key in self.rows]


def raising(error: Exception) -> Callable[..., Any]:
    def answer(*_: object) -> Any:
        raise error

    return answer


@dataclass
class FakeQueue:
    """Records the delay of each record that must come again, and the messages that were sent."""

    waits: dict[str, float] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    broken: Exception | None = None

    def send(self, bodies: Sequence[str]) -> None:
        if self.broken:
            raise self.broken
        self.sent += bodies

    def postpone(self, waits: Sequence[tuple[Record, float]]) -> None:
        self.waits.update({record.id: seconds for record, seconds in waits})


def composer(stage: Stage, templates: Templates, database: Any, api: Any, now: Callable[[], datetime]) -> Composer:
    return Composer(stage, templates, partial(Sources, database, api), database.replicating, now)


def pipeline(
    *notifications: Notification,
    sink: FakeSlack | None = None,
    park: FakePark | None = None,
    database: FakeDatabase | None = None,
    api: FakeApi | None = None,
    table: FakeTable | None = None,
    queue: FakeQueue | None = None,
    ignore_unknown: bool = False,
    clock: Callable[[], float] = NOW.timestamp,
    **stage: Any,
) -> Pipeline:
    known = Stage("test", CHANNELS, "C0FALLBACK", **stage)
    templates = Templates(locale=known.locale)
    by_type: dict[str, tuple[Notification, ...]] = {}
    for one in notifications:
        by_type[one.event] = (*by_type.get(one.event, ()), one)
    api = api or FakeApi(raising(NotifierError("INTERNAL", "no API was expected to be asked")))
    missing = raising(NotifierError("INTERNAL", "no source was expected to be asked"))
    database = database or FakeDatabase(missing)
    table, queue = table or FakeTable(clock), queue or FakeQueue()
    deliverer = deliverer_to(sink or FakeSlack(), table, clock)
    catalog = Catalog(by_type, known)
    return Pipeline(
        catalog=catalog,
        composer=composer(known, templates, database, api, lambda: datetime.fromtimestamp(clock(), UTC)),
        api=api,
        deliverer=deliverer,
        finisher=Finisher(park or FakePark(), queue, deliverer.ledger, 3, clock),
        ignore_unknown=ignore_unknown,
        polls=lambda: Polls(catalog.polls, database, table, queue, clock),
    )


def end(state: State, code: str = "", due: float = 0.0, detail: str = "detail") -> End:
    """Return an End in this state, with a code if that state has one."""
    ends: dict[State, Callable[[], End]] = {
        State.DELIVERED: lambda: Delivered(warnings=(detail,) if detail else ()),
        State.SUPPRESSED: lambda: Suppressed(Rule(code), detail),
        State.PARKED: lambda: Parked(code, detail),
        State.REPEATED: lambda: Repeated(code, detail),
        State.RETRY: lambda: Retry(code, detail, due),
    }
    return ends[state]()


# As with a webhook: nothing can be edited or found.
POLICY = Policy(can_edit=False, on_ambiguous="repost")


def policy(mode: str) -> Policy:
    """Return the policy of a deployment with this `ambiguous=`, or with webhooks."""
    return POLICY if mode == "webhook" else Policy(can_edit=True, on_ambiguous=mode)  # type: ignore[arg-type]


def deliverer_to(slack: Slack, table: StateTable, clock: Callable[[], float], policy: Policy = POLICY) -> Deliverer:
    throttle, threads = ChannelThrottle(table, clock), Threads(table, clock)
    return Deliverer(slack, policy, Ledger(table), throttle, threads, Tallies(table), clock)


def plenty() -> float:
    """Return the remaining time of an invocation that has just begun."""
    return 60.0

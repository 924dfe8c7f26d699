"""Fakes of the ports, and short ways to make what the stages take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from handler.catalog import Catalog, Stage
from handler.errors import NotifierError
from handler.model import IdRule, Leaf, Message, Notification, Outcome, Receipt, Record, Route, Row, Value
from handler.pipeline import Pipeline
from handler.stages.enrich import Sources
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
class FakeSink:
    fail: Callable[[Message], Exception | None] = lambda message: None
    posted: list[Message] = field(default_factory=list)

    def post(self, message: Message) -> Receipt:
        if error := self.fail(message):
            raise error
        self.posted.append(message)
        return Receipt(message.destination, f"1732263600.{len(self.posted):06}")


@dataclass
class FakePark:
    error: Exception | None = None
    parked: list[Outcome] = field(default_factory=list)

    def park(self, outcome: Outcome) -> None:
        if self.error:
            raise self.error
        self.parked.append(outcome)


def raising(error: Exception) -> Callable[..., Any]:
    def answer(*_: object) -> Any:
        raise error

    return answer


def pipeline(
    *notifications: Notification,
    sink: FakeSink | None = None,
    park: FakePark | None = None,
    database: FakeDatabase | None = None,
    api: FakeApi | None = None,
    ignore_unknown: bool = False,
    **stage: Any,
) -> Pipeline:
    templates = Templates()
    by_type: dict[str, tuple[Notification, ...]] = {}
    for one in notifications:
        by_type[one.event] = (*by_type.get(one.event, ()), one)
    api = api or FakeApi(raising(NotifierError("INTERNAL", "no API was expected to be asked")))
    missing = raising(NotifierError("INTERNAL", "no source was expected to be asked"))
    return Pipeline(
        catalog=Catalog(by_type, Stage("test", CHANNELS, "C0FALLBACK", **stage)),
        templates=templates,
        fetch=Sources(database or FakeDatabase(missing), api, api, templates),
        discovery=api,
        sink=sink or FakeSink(),
        park=park or FakePark(),
        max_receives=3,
        ignore_unknown=ignore_unknown,
        now=lambda: NOW,
    )


def plenty() -> float:
    """The time left of an invocation that has just begun."""
    return 60.0

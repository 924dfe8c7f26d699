"""All that an author wrote counts against one limit of time, and nothing else is ever interrupted by it."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from handler.catalog import Stage
from handler.errors import CODES, NotifierError, TemplateError
from handler.model import (
    ApiLookup,
    Event,
    Group,
    IdRule,
    Leaf,
    LeafContext,
    Lookup,
    Notification,
    Record,
    Route,
    SqlLookup,
)
from handler.outcome import State
from handler.stages import compose
from handler.stages.compose import Composition
from handler.templating import Context, Templates, translating_errors
from handler.templating.budget import Budget
from handler.time_limit import PREVIOUS_SECONDS, SECONDS
from tests.kit import composer, pipeline, plenty
from tests.unit.stages.test_parse import NOW

LIMIT = 0.05
SLOW = " or ".join(["(data.long | truncate_width(30000)) == 'x'"] * 40)  # each about a hundredth of a second


def leaf(source: str, context: LeafContext = "expression", place: str = "slow") -> Leaf:
    return Leaf(context, source, f"order.created.yaml:7 {place}")


SHOWN = leaf("{{ " + SLOW + " }}", "mrkdwn")
ORDER = SqlLookup("order", "SELECT 1", {})
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": SHOWN}}
PLAIN = Notification(
    name="order.created",
    event="order.created",
    id=IdRule("pattern", "x+"),
    routes=(Route(("orders",)),),
    text=leaf("Order", "mrkdwn"),
    lookups=(ORDER,),
)
PLACES: dict[str, dict[str, Any]] = {
    "when": {"when": leaf(SLOW)},
    "route": {"routes": (Route(("orders",), leaf(SLOW)),)},
    "bind": {"lookups": (replace(ORDER, bind={"x": leaf(SLOW)}),)},
    "get": {"lookups": (ApiLookup("order", leaf("/x/{{ " + SLOW + " }}", "url")),)},
    "version": {"version": leaf(f"order.n if ({SLOW}) else order.n")},
    "thread": {"thread": leaf("{{ " + SLOW + " }}", "plain")},
    "text": {"text": SHOWN},
    "block": {"blocks": (SECTION,)},
    "if": {"blocks": (Group([SECTION], when=leaf(SLOW)),)},
    "for": {"blocks": (Group([SECTION], name="x", over=leaf(f"[1] if ({SLOW}) else []")),)},
    "raw block": {"blocks": ({"type": "rich_text", "elements": [SHOWN]},)},
}


class Watched:
    """A database and an API that look whether the alarm is set while they are asked."""

    alarms: list[float]

    def __init__(self) -> None:
        self.alarms = []

    def select(self, *_: Any) -> list[dict[str, Any]]:
        self.alarms.append(signal.getitimer(signal.ITIMER_PROF)[0])
        return [{"n": 3}]

    def get(self, *_: Any) -> dict[str, Any]:
        return self.select()[0]

    get_all = None

    def replicating(self, database: str) -> None:
        """Nothing is known."""


def composed(notification: Notification, seconds: float, sources: Watched | None = None) -> Composition:
    templates, stage = Templates(), Stage("test", {"orders": "C0ORDERS"}, "C0FALLBACK")
    asked: Any = sources or Watched()
    make = composer(stage, templates, asked, asked, lambda: datetime.now(UTC))
    event = Event("order.created", "xxx", "1", version=3, data={"long": "x" * 30_000})
    return make(Record("1", "{}"), event, notification, (), seconds)


@pytest.mark.parametrize("place", PLACES)
def test_time_is_limited_wherever_an_author_writes(place: str) -> None:
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(TemplateError) as caught:
        composed(replace(PLAIN, **PLACES[place]), LIMIT)
    assert caught.value.code == "TEMPLATE_LIMIT"
    assert caught.value.detail.startswith(f"order.created.yaml:7 slow: still computing after {LIMIT} s; ")
    assert not caught.value.retry
    assert signal.getsignal(signal.SIGPROF) is before
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


def test_what_is_fast_enough_alone_counts_together() -> None:
    """Each of these would pass by itself."""
    some = leaf(" or ".join(["(data.long | truncate_width(30000)) == 'x'"] * 3))
    slow = replace(
        PLAIN, when=leaf(f"not ({some.source})"), lookups=(replace(ORDER, bind={str(n): some for n in range(40)}),)
    )
    with pytest.raises(TemplateError, match="TEMPLATE_LIMIT"):
        composed(slow, 0.2)


@pytest.mark.parametrize(
    "lookup", [replace(ORDER, bind={"x": leaf("id")}), ApiLookup("order", leaf("/{{ id }}", "url"))]
)
def test_a_read_is_never_interrupted(lookup: Lookup) -> None:
    sources = Watched()
    assert composed(replace(PLAIN, lookups=(lookup,), when=leaf("order.n == 3")), 5, sources).messages
    assert sources.alarms == [0]


def test_the_alarm_is_set_while_a_message_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    alarms: list[float] = []

    def watched(*_: Any) -> bool:
        alarms.append(signal.getitimer(signal.ITIMER_PROF)[0])
        return False

    monkeypatch.setattr(compose, "is_wanted", watched)
    assert composed(PLAIN, 5).rule == "WHEN"
    assert alarms
    assert alarms[0] > 0


def test_the_pattern_of_an_id_is_matched_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    alarms: list[float] = []
    checked = compose.checked_id

    def watched(rule: IdRule, event: Event) -> int | str:
        alarms.append(signal.getitimer(signal.ITIMER_PROF)[0])
        return checked(rule, event)

    monkeypatch.setattr(compose, "checked_id", watched)
    assert composed(PLAIN, 5).messages
    assert alarms[0] > 0


@pytest.mark.parametrize("pattern", ["(" * 5_000 + "x" + ")" * 5_000, "x{99999999999}", "("])
def test_a_pattern_that_cannot_be_read_is_a_final_error(pattern: str) -> None:
    with pytest.raises(TemplateError) as caught:
        composed(replace(PLAIN, id=IdRule("pattern", pattern)), 5)
    assert caught.value.detail.startswith("order.created.yaml: id: ")
    assert not caught.value.retry


def test_the_version_before_has_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    notification = Budget.notification

    def watched(budget: Budget, seconds: float = 0) -> Any:
        given.append(seconds)
        return notification(budget, seconds)

    monkeypatch.setattr(Budget, "notification", watched)
    sound = replace(PLAIN, lookups=(), id=IdRule("integer"))
    broken = replace(sound, text=leaf("{{ 1 / 0 }}", "mrkdwn"), previous=sound)
    record = Record("1", '{"type": "order.created", "id": 7}', sent_at=NOW)
    [outcome] = pipeline(broken).run([record], plenty)
    assert outcome.state is State.DELIVERED
    assert given == [SECONDS, PREVIOUS_SECONDS]
    assert sum(given) < 2


# What Python, Jinja and the standard library can raise for an author's text.
RAISED = [
    SyntaxError("x"), IndentationError("x"), RecursionError("CANARY"), MemoryError("CANARY"), OverflowError("CANARY"),
    ValueError("CANARY"), ZeroDivisionError("CANARY"), ArithmeticError("CANARY"), AssertionError("CANARY"),
    AttributeError("CANARY"), UnicodeDecodeError("utf-8", b"CANARY", 0, 1, "CANARY"), KeyError("CANARY"),
    IndexError("CANARY"), RuntimeError("CANARY"), OSError("CANARY"), TypeError("x"), StopIteration("CANARY"),
]  # fmt: skip


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_python_raises_for_an_authors_text_is_named_and_final(error: Exception) -> None:
    def raising(context: Context) -> Any:
        raise error

    templates = Templates()
    broken = leaf("id")
    templates.check(broken)
    object.__setattr__(templates._compiled[broken], "run", raising)
    with pytest.raises(NotifierError) as caught:
        templates.evaluate(broken, {"id": 1})
    assert caught.value.code.startswith("TEMPLATE_")
    assert not CODES[caught.value.code].retry
    assert caught.value.detail.startswith("order.created.yaml:7 slow: ")
    assert "CANARY" not in str(caught.value)


def test_other_errors_of_the_notifier_stay_as_they_are() -> None:
    with pytest.raises(KeyError), translating_errors("order.created.yaml", (MemoryError,)):
        raise KeyError("x")
    with pytest.raises(NotifierError, match="CONFIG_INVALID"), translating_errors("order.created.yaml"):
        raise NotifierError("CONFIG_INVALID", "x")

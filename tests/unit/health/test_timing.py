"""How the paths to the APIs are timed: what is counted in, and what an API says of its own time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from urllib3 import HTTPHeaderDict

from handler.adapters.http.connection import Cause, ExchangeError
from handler.adapters.http.exchange import Answer
from handler.adapters.http.load_balancing import Reply
from handler.errors import SourceError
from handler.health import timing
from handler.health.model import Subject
from handler.instances import Endpoint, ResolveError, ResolveFailure
from tests.unit.discovery.kit import DOWN, FakeResolver, listing

TASK = Endpoint("t1", "10.0.0.1", 8080)
LOOK_UP, CONNECT, CALL, LEAVE = 5.0, 20.0, 3.0, 1.0  # milliseconds


def reply(server_timing: str | None = None, status: int = 200) -> Reply:
    headers = {} if server_timing is None else {"Server-Timing": server_timing}
    return Reply(TASK, Answer(status, HTTPHeaderDict(headers), b"{}"))


BROKEN = Reply(TASK, ExchangeError(Cause.CUT, "cut"))


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("app;dur=47.2", 47.2),
        ("app;dur=0", 0.0),
        ("app; dur=47.2", 47.2),
        ("app ;desc=all ;dur=3", 3.0),
        ('app;dur=3;desc="of it all"', 3.0),
        ("db;dur=53, app;dur=47.2", 47.2),
        ("app;dur=47.2, db;dur=53", 47.2),
        ("cache,app;dur=1", 1.0),
        ("", None),
        ("app", None),
        ("app;desc=1", None),
        ("app;dur=", None),
        ("app;dur=-1", None),
        ("app;dur=1e3", None),
        ("app;dur=1.2.3", None),
        ("app;dur=1ms", None),
        ("app;dur=inf", None),
        (f"app;dur={'9' * 400}", None),
        ("myapp;dur=1", None),
        ("app2;dur=1", None),
        ("app;xdur=1", None),
        ("app, db;dur=53", None),
        ("db;dur=53", None),
    ],
)
def test_what_an_api_says_of_its_own_time_is_read(header: str, told: float | None) -> None:
    assert timing.inside([reply(header)]) == told


@pytest.mark.parametrize(
    ("replies", "told"),
    [
        ([reply("app;dur=1.5"), reply("app;dur=2", status=404)], 3.5),
        ([reply("app;dur=1.5"), reply()], None),
        ([reply("app;dur=1.5"), BROKEN], None),
        ([reply(), reply()], None),
        ([], None),
    ],
)
def test_the_time_inside_is_of_all_calls_or_of_none(replies: list[Reply], told: float | None) -> None:
    assert timing.inside(replies) == told


class Clock:
    """Time that passes only where something takes some."""

    def __init__(self) -> None:
        self.milliseconds = 0.0

    def perf_counter(self) -> float:
        return self.milliseconds / 1000


@dataclass
class Registry(FakeResolver):
    clock: Clock | None = None

    def resolve(self, seconds: float) -> Any:
        assert self.clock
        self.clock.milliseconds += LOOK_UP
        return super().resolve(seconds)


class Api:
    """An API, and the clients that were made of it. `said` is what each of its replies says."""

    def __init__(self, clock: Clock, said: str | None, fails: Exception | None = None) -> None:
        self.clock = clock
        self.said = said
        self.fails = fails
        self.clients = 0
        self.calls = 0

    def client(self, addresses: Mapping[str, Any], *_: Any, observe: Callable[[Reply], None]) -> Client:
        self.clients += 1
        return Client(self, addresses, observe)


class Client:
    """The first call of a client finds an instance and connects; later ones do not."""

    def __init__(self, api: Api, addresses: Mapping[str, Any], observe: Callable[[Reply], None]) -> None:
        self._api = api
        self._addresses = addresses
        self._observe = observe
        self._connected = False

    def get(self, api: str, path: str) -> Any:
        assert (api in self._addresses, path) == (True, "/orders/1")
        self._api.calls += 1
        self._api.clock.milliseconds += CALL + (0 if self._connected else CONNECT)
        self._connected = True
        self._observe(reply(self._api.said))
        if self._api.fails:
            raise self._api.fails

    @contextmanager
    def invocation(self) -> Iterator[None]:
        yield
        self._api.clock.milliseconds += LEAVE


def timed(
    monkeypatch: pytest.MonkeyPatch,
    api: Api,
    found: Any = None,
    remaining: Callable[[], float] = lambda: 100.0,
) -> timing.Timed:
    monkeypatch.setattr(timing, "HttpApis", api.client)
    monkeypatch.setattr(timing, "time", api.clock)
    registry = Registry(found or listing("a"), clock=api.clock)
    origin = SimpleNamespace(text="cloudmap://shop.internal/orders?role=leader", resolver=registry)
    settings = SimpleNamespace(apis={"default": SimpleNamespace(name="default", origin=origin)})
    nothing: Any = None
    given: Any = settings
    [one] = timing.paths(Subject(given, nothing, None, ""), "/orders/1", remaining)
    return one


def test_two_calls_are_one_invocation_of_a_fresh_client(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(Clock(), "app;dur=0.5")
    assert timed(monkeypatch, api) == timing.Timed(
        "default",
        "cloudmap://shop.internal/orders",
        look_up=LOOK_UP,
        cold=CONNECT + CALL + LEAVE,
        warm=CALL + LEAVE,
        function=CONNECT + 2 * CALL + LEAVE,
        callee=1.0,
    )
    assert api.clients == timing.COLD + 1 + timing.COLD
    assert api.calls == timing.COLD + 1 + timing.WARM + 2 * timing.COLD


def test_an_api_that_says_nothing_of_its_time_is_timed_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    one = timed(monkeypatch, Api(Clock(), None))
    assert (one.function, one.callee, one.error) == (CONNECT + 2 * CALL + LEAVE, None, "")


@pytest.mark.parametrize("code", ["API_NOT_FOUND", "API_BAD_ANSWER", "API_DENIED"])
def test_an_answer_counts_whatever_it_says_of_the_path(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    one = timed(monkeypatch, Api(Clock(), "app;dur=0.5", SourceError(code, "default")))
    assert (one.function, one.callee) == (CONNECT + 2 * CALL + LEAVE, 1.0)


def test_an_api_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    one = timed(monkeypatch, Api(Clock(), "app;dur=0.5", SourceError("API_TIMEOUT", "default")))
    assert (one.function, one.callee, one.warm) == (None, None, None)
    assert "API_TIMEOUT" in one.error


@pytest.mark.parametrize("trouble", [DOWN, ResolveError(ResolveFailure.EMPTY, "the registry")])
def test_a_registry_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch, trouble: ResolveError) -> None:
    assert timed(monkeypatch, Api(Clock(), None), trouble).error == trouble.failure.value


def test_with_no_time_left_each_thing_is_timed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(Clock(), "app;dur=0.5")
    one = timed(monkeypatch, api, remaining=lambda: 0.0)
    assert (one.function, one.callee) == (CONNECT + 2 * CALL + LEAVE, 1.0)
    assert api.calls == 1 + 1 + 1 + 2

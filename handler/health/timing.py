"""Measure how long calls to each API take from inside the function, with empty and with full caches.

An API may say how long a call was inside it, with `Server-Timing: app;dur=47.2` (milliseconds):
https://www.w3.org/TR/server-timing/
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Final, TypeVar

from handler.adapters import tls
from handler.adapters.http.api import HttpApis, ignore_reply
from handler.adapters.http.exchange import Answer
from handler.adapters.http.load_balancing import Reply
from handler.addresses import ApiAddress
from handler.errors import NotifierError
from handler.frozen import frozen
from handler.health.model import Subject
from handler.instances import ResolveError

COLD: Final = 5
WARM: Final = 20
# The same number as in the published measurement (cli/doctor/published.py).
CALLS: Final = 2
SPARE_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 2.0
# With these codes the API did answer.
_ANSWERED: Final = frozenset({"API_NOT_FOUND", "API_BAD_ANSWER", "API_DENIED"})
_INSIDE: Final = re.compile(r"(?:^|,)\s*app\s*;(?:[^,]*;)?\s*dur=(\d{1,9}(?:\.\d{1,9})?)(?=\s*(?:[;,]|$))", re.ASCII)

T = TypeVar("T")


@frozen
class Timed:
    """Medians in milliseconds; or `error`, if the API did not answer.

    `function` is the time of two calls in one invocation with empty caches, and `callee` the part of it inside the API;
    None if the API does not report it.
    """

    api: str
    path: str
    look_up: float | None = None
    cold: float | None = None
    warm: float | None = None
    function: float | None = None
    callee: float | None = None
    error: str = ""


def paths(subject: Subject, path: str, remaining: Callable[[], float]) -> Iterator[Timed]:
    """Time for each API the look-up, a first call with empty caches, further calls, and two calls together."""
    for name, address in subject.settings.apis.items():
        uri = address.origin.text.partition("?")[0]
        try:
            yield _timed(subject, address, uri, path, remaining)
        except NotifierError as error:
            yield Timed(name, uri, error=str(error))
        except ResolveError as error:
            yield Timed(name, uri, error=error.failure.value)


def inside(replies: Sequence[Reply]) -> float | None:
    """Return how many milliseconds the calls were inside the API together; None unless it reports each of them."""
    inside_times = [_inside_one(reply) for reply in replies]
    known = [milliseconds for milliseconds in inside_times if milliseconds is not None]
    return sum(known) if known and len(known) == len(inside_times) else None


def _inside_one(reply: Reply) -> float | None:
    header = reply.outcome.headers.get("Server-Timing", "") if isinstance(reply.outcome, Answer) else ""
    found = _INSIDE.search(header)
    return float(found[1]) if found else None


def _timed(subject: Subject, address: ApiAddress, uri: str, path: str, remaining: Callable[[], float]) -> Timed:
    def fresh(observe: Callable[[Reply], None] = ignore_reply) -> HttpApis:
        return HttpApis({address.name: address}, subject.secrets, tls.context, observe=observe)

    def two() -> tuple[float, float | None]:
        replies: list[Reply] = []
        apis = fresh(replies.append)
        return _milliseconds(lambda: _get(apis, address.name, path, CALLS)), inside(replies)

    look_up = _median(lambda: address.origin.resolver.resolve(LOOK_SECONDS), COLD, remaining)
    cold = _median(lambda: _get(fresh(), address.name, path), COLD, remaining)
    kept = fresh()
    _get(kept, address.name, path)
    warm = _median(lambda: _get(kept, address.name, path), WARM, remaining)
    pairs = _repeated(two, COLD, remaining)
    inside_times = [callee for _, callee in pairs if callee is not None]
    return Timed(
        address.name,
        uri,
        look_up,
        cold,
        warm,
        function=round(median(function for function, _ in pairs), 2),
        callee=round(median(inside_times), 2) if len(inside_times) == len(pairs) else None,
    )


def _get(apis: HttpApis, name: str, path: str, calls: int = 1) -> None:
    """Make `calls` calls in one invocation."""
    with apis.invocation():
        for _ in range(calls):
            try:
                apis.get(name, path)
            except NotifierError as error:
                if error.code not in _ANSWERED:
                    raise


def _median(call: Callable[[], object], times: int, remaining: Callable[[], float]) -> float:
    return round(median(_repeated(lambda: _milliseconds(call), times, remaining)), 2)


def _repeated(sample: Callable[[], T], times: int, remaining: Callable[[], float]) -> list[T]:
    """Return `times` samples, or fewer if the time runs out; at least one."""
    found = [sample()]
    while len(found) < times and remaining() >= SPARE_SECONDS:
        found.append(sample())
    return found


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)

"""How long each path to an API takes from where the function runs: with nothing known, and with all of it known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

from handler.adapters import tls
from handler.adapters.api import HttpApis
from handler.checks.model import Subject
from handler.discovery.model import ApiAddress, ResolveError
from handler.errors import NotifierError

COLD: Final = 5
WARM: Final = 20
SPARE_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 2.0
# An answer is an answer, whatever it says of the path.
_ANSWERED: Final = frozenset({"API_NOT_FOUND", "API_BAD_ANSWER", "API_DENIED"})


@dataclass(frozen=True, slots=True)
class Timed:
    """Medians in milliseconds; `error` in their place where the API did not answer."""

    api: str
    path: str
    look_up: float | None = None
    cold: float | None = None
    warm: float | None = None
    error: str = ""


def paths(subject: Subject, path: str, remaining: Callable[[], float]) -> Iterator[Timed]:
    """Time each API by its own path: the look-up alone, a first call with everything to be found, and further calls."""
    for name, address in subject.settings.apis.items():
        uri = address.origin.text.partition("?")[0]
        try:
            yield _timed(subject, address, uri, path, remaining)
        except NotifierError as error:
            yield Timed(name, uri, error=str(error))
        except ResolveError as error:
            yield Timed(name, uri, error=error.trouble.value)


def _timed(subject: Subject, address: ApiAddress, uri: str, path: str, remaining: Callable[[], float]) -> Timed:
    def fresh() -> HttpApis:
        return HttpApis({address.name: address}, subject.secrets, tls.context)

    look_up = _median(lambda: address.origin.resolver.resolve(LOOK_SECONDS), COLD, remaining)
    cold = _median(lambda: _get(fresh(), address.name, path), COLD, remaining)
    kept = fresh()
    _get(kept, address.name, path)
    return Timed(address.name, uri, look_up, cold, _median(lambda: _get(kept, address.name, path), WARM, remaining))


def _get(apis: HttpApis, name: str, path: str) -> None:
    try:
        with apis.invocation():
            apis.get(name, path)
    except NotifierError as error:
        if error.code not in _ANSWERED:
            raise


def _median(call: Callable[[], object], times: int, remaining: Callable[[], float]) -> float:
    """The median of so many calls, or of as many as there is time for; at least of one."""
    took = []
    for number in range(times):
        if number and remaining() < SPARE_SECONDS:
            break
        began = time.perf_counter()
        call()
        took.append(1000 * (time.perf_counter() - began))
    return round(median(took), 2)

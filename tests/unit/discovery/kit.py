"""A resolver with a script, and clocks that tests advance."""

from __future__ import annotations

from dataclasses import dataclass, field

from handler.clock import Clock
from handler.instances import Endpoint, Listing, ResolveError, ResolveFailure


def endpoints(*names: str) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(name, f"10.0.0.{ord(name[0])}", 8080) for name in names)


def listing(*names: str, ttl: float | None = None, revision: int | None = None) -> Listing:
    return Listing(endpoints(*names), ttl, revision)


def names(found: Listing) -> list[str]:
    return [endpoint.id for endpoint in found.endpoints]


DOWN = ResolveError(ResolveFailure.TIMEOUT, "the registry")
GONE = ResolveError(ResolveFailure.EMPTY, "the registry")


@dataclass
class FakeResolver:
    """Returns `answer`, and counts the calls."""

    answer: Listing | Exception
    asked: int = 0

    def resolve(self, seconds: float) -> Listing:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass
class Hands:
    """The times of two clocks, which tests advance."""

    monotonic: float = 1000.0
    wall: float = 1_767_607_200.0
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(lambda: self.monotonic, lambda: self.wall)

    def move(self, seconds: float, *, frozen: bool = False) -> None:
        """Advance the clocks; if `frozen`, only the wall clock, as in a frozen environment."""
        self.wall += seconds
        self.monotonic += 0 if frozen else seconds

"""The instances of an API: what a resolver answers, and why it has none to give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final, Protocol

from handler.frozen import frozen


@frozen
class Endpoint:
    """One instance of an API: a literal address and a port. A lower `rank` is tried before a higher one."""

    id: str
    host: str
    port: int
    rank: int = 0
    attributes: Mapping[str, str] = field(default_factory=dict, compare=False)


class Trouble(StrEnum):
    """Why there is no listing."""

    EMPTY = "no instance is registered"
    UNUSABLE = "no instance can be asked"
    NO_NAME = "there is no such name"
    NO_DATA = "the name has no such record"
    NOT_FOUND = "there is no such namespace or service"
    DENIED = "the function may not ask"
    THROTTLED = "too many look-ups"
    FAILED = "the look-up failed"
    TIMEOUT = "no answer in time"
    OUT_OF_ORDER = "an older state was answered"

    @property
    def authoritative(self) -> bool:
        """Whether the source says that nothing is there now, as against not having answered."""
        return self in _NOTHING_THERE


_NOTHING_THERE: Final = frozenset({Trouble.EMPTY, Trouble.UNUSABLE, Trouble.NO_NAME, Trouble.NO_DATA})


class ResolveError(Exception):
    """A source gave no listing. The detail names the source, and quotes nothing that it said.

    `remedy` is what to do about it, where that is known better than the trouble alone tells.
    """

    def __init__(self, trouble: Trouble, detail: str, remedy: str = "") -> None:
        super().__init__(trouble, detail)
        self.trouble = trouble
        self.detail = f"{detail}: {remedy}" if remedy else detail
        self.remedy = remedy


@frozen
class Listing:
    """What a source of endpoints answered.

    `ttl` is how many seconds the answer is valid, as the source says; `revision` rises whenever the source's list
    changes. `left_out` counts the instances that cannot be asked, because they have no address or no port; `nobody`
    says why there are no endpoints.
    """

    endpoints: tuple[Endpoint, ...]
    ttl: float | None = None
    revision: int | None = None
    left_out: int = 0
    nobody: ResolveError | None = None

    def found(self) -> tuple[Endpoint, ...]:
        """Return the endpoints, at least one. Raises ResolveError."""
        if not self.endpoints:
            raise self.nobody or ResolveError(Trouble.EMPTY, "an empty list")
        return self.endpoints


class Resolver(Protocol):
    """Asks one source where the instances are. It neither remembers nor repeats; the cache does."""

    def resolve(self, seconds: float) -> Listing:
        """Return the instances, which may be none, within so many seconds. Raises ResolveError."""

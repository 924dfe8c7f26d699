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


class ResolveFailure(StrEnum):
    """Why a look-up gave no listing."""

    EMPTY = "no instance is registered"
    UNUSABLE = "no instance is usable"
    NO_NAME = "there is no such name"
    NO_DATA = "the name has no such record"
    NOT_FOUND = "there is no such namespace or service"
    DENIED = "the function is not allowed to ask"
    THROTTLED = "too many look-ups"
    FAILED = "the look-up failed"
    TIMEOUT = "no answer in time"
    OUT_OF_ORDER = "the answer is older than the known state"

    @property
    def authoritative(self) -> bool:
        """Whether the source answered that nothing is there now, as opposed to not answering."""
        return self in _NOTHING_THERE


_NOTHING_THERE: Final = frozenset(
    {ResolveFailure.EMPTY, ResolveFailure.UNUSABLE, ResolveFailure.NO_NAME, ResolveFailure.NO_DATA}
)


class ResolveError(Exception):
    """A source gave no listing. The detail names the source and quotes nothing from its answer.

    `remedy` says what to do, if more is known than the failure alone tells.
    """

    def __init__(self, failure: ResolveFailure, detail: str, remedy: str = "") -> None:
        super().__init__(failure, detail)
        self.failure = failure
        self.detail = f"{detail}: {remedy}" if remedy else detail
        self.remedy = remedy


@frozen
class Listing:
    """The answer of a source of endpoints.

    `ttl` is how many seconds the answer is valid, as the source says; `revision` rises whenever the source's list
    changes. `left_out` counts the instances without an address or a port; `empty_reason` says why there are no
    endpoints.
    """

    endpoints: tuple[Endpoint, ...]
    ttl: float | None = None
    revision: int | None = None
    left_out: int = 0
    empty_reason: ResolveError | None = None

    def found(self) -> tuple[Endpoint, ...]:
        """Return the endpoints, at least one. Raises ResolveError."""
        if not self.endpoints:
            raise self.empty_reason or ResolveError(ResolveFailure.EMPTY, "an empty list")
        return self.endpoints


class Resolver(Protocol):
    """Asks one source where the instances are. It neither caches nor retries; the cache does."""

    def resolve(self, seconds: float) -> Listing:
        """Return the instances, possibly none, within `seconds`. Raises ResolveError."""

"""The ways in which the resolver can be told to misbehave. A query that gets no answer gets None."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import dns.flags
import dns.message
import dns.rcode

from lab.dns.zone import Zone

NO_EDNS_PAYLOAD: Final = 512


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, with what it came by: udp or tcp."""

    query: dns.message.QueryMessage
    transport: str
    zone: Zone

    def empty(self) -> dns.message.Message:
        """Return an answer without any record."""
        return dns.message.make_response(self.query, recursion_available=True)

    def wire(self, answer: dns.message.Message) -> bytes:
        """Return an answer's bytes, truncated where the client takes no more by its transport."""
        if self.transport == "tcp":
            return answer.to_wire()
        payload = max(self.query.payload, NO_EDNS_PAYLOAD) if self.query.edns >= 0 else NO_EDNS_PAYLOAD
        return answer.to_wire(max_size=payload, prefer_truncation=True)


Kind = Callable[..., Awaitable[bytes | None]]


async def right(asked: Asked) -> bytes | None:
    """What the zone says."""
    return asked.wire(asked.zone.answer(asked.query))


async def servfail(asked: Asked) -> bytes | None:
    """The resolver could not find out."""
    return _code(asked, dns.rcode.SERVFAIL)


async def refused(asked: Asked) -> bytes | None:
    """The resolver does not want to."""
    return _code(asked, dns.rcode.REFUSED)


async def nxdomain(asked: Asked) -> bytes | None:
    """There is no such name, whatever the zone says."""
    return asked.wire(asked.zone.nothing(asked.empty(), there=False))


async def nodata(asked: Asked) -> bytes | None:
    """The name has nothing of this type, whatever the zone says."""
    return asked.wire(asked.zone.nothing(asked.empty(), there=True))


async def drop(_asked: Asked) -> bytes | None:
    """Silence."""
    return None


async def slow(asked: Asked, *, seconds: float) -> bytes | None:
    """The right answer, late."""
    await asyncio.sleep(seconds)
    return await right(asked)


async def truncate(asked: Asked) -> bytes | None:
    """Over UDP nothing but the wish that the client come by TCP."""
    if asked.transport == "tcp":
        return await right(asked)
    answer = asked.empty()
    answer.flags |= dns.flags.TC
    return asked.wire(answer)


async def wrong_id(asked: Asked) -> bytes | None:
    """An answer to another query, as a forger that guesses would send."""
    answer = asked.zone.answer(asked.query)
    answer.id ^= 1
    return asked.wire(answer)


async def garbage(asked: Asked) -> bytes | None:
    """The query's id, and then no message."""
    return asked.query.id.to_bytes(2, "big") + b"\x81\x80" + b"\xff" * 20


KINDS: Final[Mapping[str, Kind]] = {
    kind.__name__: kind for kind in (servfail, refused, nxdomain, nodata, drop, slow, truncate, wrong_id, garbage)
}


def _code(asked: Asked, code: dns.rcode.Rcode) -> bytes:
    answer = asked.empty()
    answer.set_rcode(code)
    return asked.wire(answer)

"""The faults that can be injected into the resolver. A fault that sends no answer returns None."""

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
    """A query and its transport: udp or tcp."""

    query: dns.message.QueryMessage
    transport: str
    zone: Zone

    def empty(self) -> dns.message.Message:
        """Return a response without records."""
        return dns.message.make_response(self.query, recursion_available=True)

    def wire(self, answer: dns.message.Message) -> bytes:
        """Return a response's bytes, truncated to what the client accepts over its transport."""
        if self.transport == "tcp":
            return answer.to_wire()
        payload = max(self.query.payload, NO_EDNS_PAYLOAD) if self.query.edns >= 0 else NO_EDNS_PAYLOAD
        return answer.to_wire(max_size=payload, prefer_truncation=True)


Kind = Callable[..., Awaitable[bytes | None]]


async def right(asked: Asked) -> bytes | None:
    """Return the zone's answer."""
    return asked.wire(asked.zone.answer(asked.query))


async def servfail(asked: Asked) -> bytes | None:
    """Answer SERVFAIL."""
    return _code(asked, dns.rcode.SERVFAIL)


async def refused(asked: Asked) -> bytes | None:
    """Answer REFUSED."""
    return _code(asked, dns.rcode.REFUSED)


async def nxdomain(asked: Asked) -> bytes | None:
    """Answer that the name does not exist, whatever the zone has."""
    return asked.wire(asked.zone.nothing(asked.empty(), there=False))


async def nodata(asked: Asked) -> bytes | None:
    """Answer that the name has no records of this type, whatever the zone has."""
    return asked.wire(asked.zone.nothing(asked.empty(), there=True))


async def drop(_asked: Asked) -> bytes | None:
    """Send no answer."""
    return None


async def slow(asked: Asked, *, seconds: float) -> bytes | None:
    """Send the zone's answer after a delay."""
    await asyncio.sleep(seconds)
    return await right(asked)


async def truncate(asked: Asked) -> bytes | None:
    """Over UDP, send an empty answer with the TC flag, so that the client retries over TCP."""
    if asked.transport == "tcp":
        return await right(asked)
    answer = asked.empty()
    answer.flags |= dns.flags.TC
    return asked.wire(answer)


async def wrong_id(asked: Asked) -> bytes | None:
    """Send an answer with another query's id, as an attacker does who guesses ids."""
    answer = asked.zone.answer(asked.query)
    answer.id ^= 1
    return asked.wire(answer)


async def garbage(asked: Asked) -> bytes | None:
    """Send the query's id, followed by bytes that are no message."""
    return asked.query.id.to_bytes(2, "big") + b"\x81\x80" + b"\xff" * 20


KINDS: Final[Mapping[str, Kind]] = {
    kind.__name__: kind for kind in (servfail, refused, nxdomain, nodata, drop, slow, truncate, wrong_id, garbage)
}


def _code(asked: Asked, code: dns.rcode.Rcode) -> bytes:
    answer = asked.empty()
    answer.set_rcode(code)
    return asked.wire(answer)

"""The resolver's UDP and TCP server, and its control socket."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.rdatatype

from lab import control
from lab.control import Action
from lab.dns.faults import KINDS, Asked, Kind, right
from lab.dns.zone import Zone
from lab.faults import Faults

Question = tuple[str, str, str, int | None]


class Server:
    """Answers queries, and counts them."""

    def __init__(self) -> None:
        self._zone = Zone()
        self._faults: Faults[Kind] = Faults(KINDS, "name", "type", "transport")
        self._queries: Counter[Question] = Counter()

    async def open(self, host: str, port: int, path: Path) -> None:
        """Serve queries at an address, then the control socket at `path`. Raises OSError."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: _Udp(self), local_addr=(host, port))
        await asyncio.start_server(self._tcp, host, port)
        await control.serve(path, self._actions())

    async def answer(self, message: bytes, transport: str) -> bytes | None:
        """Return the answer to a message; None if there is none, or if the message is no query."""
        try:
            query = dns.message.from_wire(message)
        except dns.exception.DNSException:
            return None
        if not isinstance(query, dns.message.QueryMessage) or len(query.question) != 1:
            return None
        name = query.question[0].name.to_text().lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        self._queries[name, kind, transport, query.payload if query.edns >= 0 else None] += 1
        fault = self._faults.take(name=name, type=kind, transport=transport)
        asked = Asked(query, transport, self._zone)
        return await fault.kind(asked, **fault.arguments) if fault else await right(asked)

    async def _tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the queries of one connection in order, each prefixed with its length."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                answer = await self.answer(await reader.readexactly(length), "tcp")
                if answer is not None:
                    writer.write(len(answer).to_bytes(2, "big") + answer)
                    await writer.drain()
        writer.close()

    def _actions(self) -> dict[tuple[str, str], Action]:
        return {
            ("POST", "records"): self._put,
            ("POST", "negative-ttl"): self._remember_nothing,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "reset"): self._reset,
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): self._reset_calls,
        }

    async def _put(self, wish: Any) -> None:
        self._zone.put(wish["name"], wish["type"], wish["ttl"], wish["data"])

    async def _remember_nothing(self, wish: Any) -> None:
        self._zone.negative_ttl = wish["seconds"]

    async def _add_fault(self, wish: Any) -> None:
        self._faults.add(wish)

    async def _clear_faults(self, _wish: Any) -> None:
        self._faults.clear()

    async def _reset(self, _wish: Any) -> None:
        self._zone = Zone()
        self._faults.clear()
        self._queries.clear()

    async def _calls(self, _wish: Any) -> list[dict[str, Any]]:
        names = ("name", "type", "transport", "payload")
        return [{**dict(zip(names, each, strict=True)), "count": count} for each, count in self._queries.items()]

    async def _reset_calls(self, _wish: Any) -> None:
        self._queries.clear()


class _Udp(asyncio.DatagramProtocol):
    """Answers each datagram in its own task, so that a slow answer delays no other."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # asyncio means this
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(data, addr))
        self._tasks.add(task)  # keeps a reference: the event loop has only a weak one
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        answer = await self._server.answer(data, "udp")
        if answer is not None:
            self._transport.sendto(answer, addr)

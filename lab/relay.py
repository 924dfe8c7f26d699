"""Forwards connections: `python -m lab.relay LISTEN TARGET`, each a path or a host:port.

A unix socket's path works across network namespaces, and a port does not. Two relays in a row therefore bring a port of
a namespace to this machine's loopback. With a certificate and its key (`... TARGET CERT KEY`) the relay terminates TLS
for a server that does not support it.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from contextlib import suppress
from typing import Final

CHUNK: Final = 65_536


def main() -> None:
    """Serve until ended."""
    listen, target, *certificate = sys.argv[1:]
    asyncio.run(_serve(listen, target, _tls(*certificate) if certificate else None))


def _tls(cert: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


async def _serve(listen: str, target: str, tls: ssl.SSLContext | None) -> None:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await _open(target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    if "/" in listen:
        server = await asyncio.start_unix_server(relay, listen, ssl=tls)
    else:
        host, _, port = listen.rpartition(":")
        server = await asyncio.start_server(relay, host, int(port), ssl=tls)
    async with server:
        await server.serve_forever()


async def _open(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if "/" in target:
        return await asyncio.open_unix_connection(target)
    host, _, port = target.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    main()

"""Runs the stand-in: in an event loop, or beside a test in a thread."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

from aiohttp import web

from lab.slack.config import Config
from lab.slack.server import application
from lab.slack.standin import StandIn
from lab.tls import Certificate

UNFINISHED_SECONDS: Final = 0.1  # grace for requests in progress at shutdown


@asynccontextmanager
async def serving(
    config: Config,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    certificate: Certificate | None = None,
    journal: Path | None = None,
    plain_port: int | None = None,
) -> AsyncIterator[str]:
    """Serve until the block ends, and yield the base URL. Port 0 is any free port. Raises OSError.

    `host` is an IPv4 address or a name of one. `plain_port` serves the same without TLS, so that a browser on this
    machine shows the page without a warning about an unknown certificate.
    """
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.cert, certificate.key)
    runner = web.AppRunner(
        application(StandIn(config, journal)),
        access_log=None,  # an access log would contain the secrets of webhooks
        handler_cancellation=True,
        shutdown_timeout=UNFINISHED_SECONDS,
    )
    await runner.setup()
    try:
        listener = socket.create_server((host, port))  # only one address, so that port 0 is a single port
        await web.SockSite(runner, listener, ssl_context=context).start()
        if plain_port is not None:
            await web.SockSite(runner, socket.create_server((host, plain_port))).start()
        yield f"{'https' if context else 'http'}://{host}:{listener.getsockname()[1]}"
    finally:
        await _end(runner)


async def _end(runner: web.AppRunner) -> None:
    """Close the server and every connection; otherwise sockets would stay open when the event loop closes."""
    open_yet = [each.transport for each in runner.server.connections if each.transport] if runner.server else []
    await runner.cleanup()
    for transport in open_yet:
        with suppress(AttributeError):  # raised by asyncio's TLS transport if the connection has just been lost
            transport.abort()
    await asyncio.sleep(0)


@contextmanager
def running_slack(
    config: Config | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    certificate: Certificate | None = None,
    journal: Path | None = None,
) -> Iterator[str]:
    """Run the stand-in in a thread until the block ends, and give its base URL, as `https://localhost:40123`.

    `host` is also the name in that URL, so it has to be one of the certificate's. With `journal` the messages are kept
    in that file, and are there again when it is given to the next one.
    """
    started: Future[tuple[str, Callable[[], object]]] = Future()

    async def serve() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        async with serving(config or Config(), host=host, port=port, certificate=certificate, journal=journal) as url:
            started.set_result((url, lambda: loop.call_soon_threadsafe(ended.set)))
            await ended.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except OSError as error:
            started.set_exception(error)

    thread = threading.Thread(target=run, name="slack", daemon=True)
    thread.start()
    url, end = started.result()
    try:
        yield url
    finally:
        end()
        thread.join()

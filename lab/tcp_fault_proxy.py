"""A TCP proxy between two loopback ports that can refuse connections, throttle, or lose responses."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Final, Literal

HOST: Final = "127.0.0.1"
CHUNK: Final = 65_536

# pass: forward everything. refuse: stop listening, and reset open connections. lose: forward the request, but close the
# connection instead of forwarding the response. throttle: forward nothing, and respond as DynamoDB does when it
# throttles.
Mode = Literal["pass", "refuse", "lose", "throttle"]

_BODY: Final = (
    b'{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "too much"}'
)
THROTTLED: Final = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)
)


class TcpFaultProxy:
    """A proxy to a loopback port. Created by `switched`; `set` may be called from any thread."""

    def __init__(self, port: int, target: int, loop: asyncio.AbstractEventLoop) -> None:
        self.port = port
        self.mode: Mode = "pass"
        self._target = target
        self._loop = loop
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    def set(self, mode: Mode) -> None:
        """Change the mode, for open connections too. It is in effect when this returns."""
        asyncio.run_coroutine_threadsafe(self.change(mode), self._loop).result()

    async def change(self, mode: Mode) -> None:
        """Change the mode; call this within the event loop."""
        self.mode = mode
        if mode == "refuse":
            await self._close()
        elif self._server is None:
            self._server = await asyncio.start_server(self._relay, HOST, self.port)

    async def _close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(HOST, self._target)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, back}
        try:
            await asyncio.gather(self._ask(reader, writer, back), self._answer(there, writer))
        finally:
            for end in (writer, back):
                self._open.discard(end)
                end.close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK):
                if self.mode == "throttle":
                    writer.write(THROTTLED)
                    await writer.drain()
                    break
                back.write(chunk)
                await back.drain()
        back.close()

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await there.read(CHUNK):
                if self.mode == "lose":
                    break
                writer.write(chunk)
                await writer.drain()
        writer.close()


@contextmanager
def switched(port: int, target: int) -> Iterator[TcpFaultProxy]:
    """Forward connections from a loopback port to the `target` port, in a thread, until the block ends."""
    made: Future[tuple[TcpFaultProxy, asyncio.Event]] = Future()

    async def serve() -> None:
        switch, ended = TcpFaultProxy(port, target, asyncio.get_running_loop()), asyncio.Event()
        try:
            await switch.change("pass")
        except OSError as error:
            made.set_exception(error)
            return
        made.set_result((switch, ended))
        await ended.wait()
        await switch.change("refuse")
        await asyncio.sleep(0)  # lets aborted connections close

    loop = asyncio.new_event_loop()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, name="switch", daemon=True)
    thread.start()
    switch, ended = made.result()
    try:
        yield switch
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()

"""The gateway's HTTPS server, and its control socket."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from aiohttp import web

from lab import control
from lab.control import Action
from lab.gateway.gateway import Gateway


class Server:
    """Serves the gateway on a TCP port and the control on a unix socket."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def open(self, host: str, port: int, tls: ssl.SSLContext, path: Path) -> None:
        """Serve the gateway at an address, then the control socket at `path`. Raises OSError."""
        app = web.Application()
        app.router.add_route("*", "/{anything:.*}", self._gateway.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
        await control.serve(path, self._actions())

    def _actions(self) -> dict[tuple[str, str], Action]:
        return {
            ("POST", "settings"): self._configure,
            ("POST", "reset"): self._reset,
            ("GET", "calls"): self._calls,
        }

    async def _configure(self, wish: Any) -> None:
        self._gateway.configure(wish)

    async def _reset(self, _wish: Any) -> None:
        self._gateway.reset()

    async def _calls(self, _wish: Any) -> list[Any]:
        return list(self._gateway.calls)

"""The server of the API, which can also refuse connections, and the actions of its control socket."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from lab import control
from lab.cloudmap.api import Api
from lab.cloudmap.faults import dated
from lab.cloudmap.model import ApiError, Service
from lab.control import Action

UNFINISHED_SECONDS: Final = 0.1  # grace for requests in progress at shutdown


class Server:
    """Serves the API on a TCP port and the control on a unix socket."""

    def __init__(self, api: Api, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._api = api
        self._registry = api.registry
        self._address = (host, port)
        self._tls = tls
        self._runner: web.AppRunner | None = None

    async def open(self, path: Path) -> None:
        """Serve the API at its address, then the control socket at `path`. Raises OSError."""
        await self._listen()
        await control.serve(path, self._actions())

    async def _listen(self) -> None:
        if self._runner:
            return
        app = web.Application()
        app.router.add_post("/", self._api.answer)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=UNFINISHED_SECONDS
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._address, ssl_context=self._tls).start()

    async def _leave(self) -> None:
        """Stop listening, and cut open connections."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        await runner.cleanup()

    def _actions(self) -> dict[tuple[str, str], Action]:
        return {
            ("POST", "services"): self._create,
            ("POST", "register"): self._register,
            ("POST", "deregister"): self._deregister,
            ("POST", "health"): self._health,
            ("POST", "advance"): self._advance,
            ("POST", "settings"): self._configure,
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "reset"): self._reset,
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): self._reset_calls,
        }

    async def _create(self, wish: Any) -> None:
        self._created(wish["namespace"], wish["service"], health_check=wish["health_check"])

    async def _register(self, wish: Any) -> None:
        try:
            service = self._found(wish)
        except ApiError:
            service = self._created(wish["namespace"], wish["service"], health_check=True)
        self._registry.register(service, wish["instance_id"], wish["attributes"])

    async def _deregister(self, wish: Any) -> None:
        self._registry.deregister(self._found(wish), wish["instance_id"])

    async def _health(self, wish: Any) -> None:
        if wish["status"] not in ("HEALTHY", "UNHEALTHY"):
            raise ValueError("status is HEALTHY or UNHEALTHY")
        self._registry.report(self._found(wish), wish["instance_id"], wish["status"])

    async def _advance(self, wish: Any) -> None:
        self._api.clock.advance(wish["seconds"])

    async def _configure(self, wish: Any) -> None:
        self._registry.configure(wish)

    async def _add_fault(self, wish: Any) -> None:
        if wish["kind"] == "refuse":
            await self._leave()
        else:
            self._api.faults.add(dated(wish, self._api.clock.now()))

    async def _clear_faults(self, _wish: Any) -> None:
        self._api.faults.clear()
        await self._listen()

    async def _reset(self, _wish: Any) -> None:
        self._api.reset()
        await self._listen()

    async def _calls(self, _wish: Any) -> dict[str, int]:
        return dict(self._api.calls)

    async def _reset_calls(self, _wish: Any) -> None:
        self._api.calls.clear()

    def _found(self, wish: Any) -> Service:
        return self._registry.find(wish["namespace"], wish["service"])

    def _created(self, namespace: str, service: str, *, health_check: bool) -> Service:
        try:
            found = self._registry.namespace(namespace)
        except ApiError:
            self._registry.create_namespace(namespace, "HTTP")
            found = self._registry.namespace(namespace)
        return self._registry.create_service(service, found.id, health_check=health_check, records=frozenset())

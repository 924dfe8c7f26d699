"""The control API of a stand-in: HTTP on a unix socket, separate from the port that its clients use.

The socket works across network namespaces, and while the port is made to fail.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

from aiohttp import web

SECONDS: Final = 10.0

# Handles a control request and returns the response; None: no content.
Action = Callable[[Any], Awaitable[Any]]


class Control:
    """The client of a control socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ask(self, method: str, what: str, wish: Any = None) -> Any:
        """Send a request as JSON, and return the response; None if it has no content.

        Raises ValueError with the stand-in's error message, OSError if it does not run.
        """
        with closing(_Connection(self._path)) as connection:
            connection.request(method, f"/{what}", json.dumps(wish))
            answer = connection.getresponse()
            text = answer.read()
        if answer.status >= 400:
            raise ValueError(text.decode())
        return json.loads(text) if text else None

    def answers(self) -> bool:
        """Return whether the stand-in is ready: it opens its control socket last."""
        try:
            self.ask("GET", "calls")
        except (OSError, HTTPException):
            return False
        return True


async def serve(path: Path, actions: dict[tuple[str, str], Action]) -> web.AppRunner:
    """Serve actions, by method and name, on a unix socket. The caller cleans up the runner.

    A ValueError, TypeError or KeyError of an action means that the request was invalid.
    """
    app = web.Application()
    app.add_routes([web.route(method, f"/{what}", _handler(action)) for (method, what), action in actions.items()])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.UnixSite(runner, path).start()
    return runner


def _handler(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            text = await request.text()
            answer = await action(json.loads(text) if text else None)
        except KeyError as error:
            return web.Response(status=400, text=f"{error} is missing")
        except (ValueError, TypeError) as error:
            return web.Response(status=400, text=str(error))
        return web.Response(status=204) if answer is None else web.json_response(answer)

    return handle


class _Connection(HTTPConnection):
    """An HTTP connection over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self._path))

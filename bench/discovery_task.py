"""A task of the sample API that also records the processing time of each request, by its Host header (the path).

    GET /_control/milliseconds      {"host": [0.1, ...], ...} since the last call

It measures what a tracer in the task would: from the parsed request to the complete response.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from typing import Final

from aiohttp import web

from lab.api.app import CONTROL, Task
from lab.api.faults import Handler

PATH: Final = f"{CONTROL}milliseconds"


def application(name: str) -> web.Application:
    """Return the API's application, with a timer around all other middleware."""
    kept: defaultdict[str, list[float]] = defaultdict(list)

    @web.middleware
    async def stopwatch(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        try:
            return await handler(request)
        finally:
            kept[request.host].append((time.perf_counter() - began) * 1000)

    async def milliseconds(_request: web.Request) -> web.Response:
        answer = web.json_response(kept)
        kept.clear()
        return answer

    app = Task(name, "shop", None).application()
    app.middlewares.insert(0, stopwatch)
    app.router.add_get(PATH, milliseconds)
    return app


if __name__ == "__main__":
    host, port, name = sys.argv[1:]
    web.run_app(application(name), host=host, port=int(port), shutdown_timeout=0.1, print=None)

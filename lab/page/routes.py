"""The page's HTTP routes: its files, its part of the control API, and the protection of both from other sites.

The routes; the stand-in puts those of the control API under its own prefix:

GET  /                     the page
GET  /page/app.js, .css    what `make page` bundled
GET  /_control/stream      what the page shows, as server-sent events (see Board.changes)
POST /_control/facts       a JSON array of facts (see facts); PUT facts/<kind> replaces all facts of a kind
PUT  /_control/gallery     the notifications that it shows, with their stages (cli.preview.gallery)
POST /_control/ask         a question of the page, a JSON object (see cli.page_requests); it waits for the answer
GET  /_control/questions   those that are not answered yet: [{"number", "question"}]
PUT  /_control/answers/<number>  {"answer"}, or {"error"} with the reason
"""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from cli.page import document
from cli.page.server import is_here
from lab.page.board import Board
from lab.page.facts import FIELDS, read_facts, read_gallery, read_object

BOARD: Final = web.AppKey("board", Board)


@web.middleware
async def own_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse cross-site requests of browsers, and requests by a foreign host name that resolves here (DNS rebinding).

    Over TLS no foreign name works: the certificate does not match it. The tools are no browsers, and send no Origin.
    """
    is_own = request.headers.get("Origin") in (None, f"{request.scheme}://{request.host}")
    if is_own and (request.secure or is_here(request.host)):
        return await handler(request)
    return _refused()


async def page(_request: web.Request) -> web.StreamResponse:
    """Return the page, or how to build it."""
    if not document.bundled():
        return web.Response(status=503, text=document.MISSING, headers=document.HEADERS)
    html = document.document(stream="/_control/stream", ask="/_control/ask")
    return web.Response(text=html, content_type="text/html", headers=document.HEADERS)


async def asset(request: web.Request) -> web.StreamResponse:
    """Return a bundled file."""
    path = document.BUNDLE / request.match_info["name"]
    if not path.exists():
        return web.Response(status=404, text=document.MISSING)
    return web.FileResponse(path, headers=document.HEADERS)


async def stream(request: web.Request) -> web.StreamResponse:
    """Send the state of the page, and each change, until the reader disconnects."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    async with aclosing(request.app[BOARD].changes()) as changes:
        async for change in changes:
            await response.write(f"data: {json.dumps(change)}\n\n".encode())
    return response


async def add_facts(request: web.Request) -> web.Response:
    """Add facts."""
    request.app[BOARD].add(read_facts(await _document(request)))
    return web.json_response({"ok": True})


async def replace_facts(request: web.Request) -> web.Response:
    """Replace all facts of a kind."""
    kind, facts = request.match_info["kind"], read_facts(await _document(request))
    if kind not in FIELDS or any(fact["kind"] != kind for fact in facts):
        raise ValueError(f"the kind in the address must be one of {', '.join(FIELDS)}, and that of each fact")
    request.app[BOARD].replace(kind, facts)
    return web.json_response({"ok": True})


async def exhibit(request: web.Request) -> web.Response:
    """Replace the notifications."""
    request.app[BOARD].exhibit(read_gallery(await _document(request)))
    return web.json_response({"ok": True})


async def ask(request: web.Request) -> web.Response:
    """Pass on a question from the page, and return the answer. Forms of other sites cannot send this content type."""
    if request.content_type != "application/json":
        return _refused()
    try:
        answer = await request.app[BOARD].ask(read_object(json.loads(await request.read())))
    except TimeoutError:
        return web.json_response({"error": document.UNANSWERED}, status=503)
    return web.json_response(answer.get("answer", answer), status=400 if "error" in answer else 200)


async def questions(request: web.Request) -> web.Response:
    """Return the unanswered questions."""
    return web.json_response(request.app[BOARD].questions())


async def answer(request: web.Request) -> web.Response:
    """Answer a question."""
    request.app[BOARD].answer(int(request.match_info["number"]), read_object(await _document(request)))
    return web.json_response({"ok": True})


PAGE_ROUTES: Final = (web.get("/", page), web.get("/page/{name:app\\.(?:js|css)}", asset))
CONTROL_ROUTES: Final = (
    web.get("/stream", stream),
    web.post("/facts", add_facts),
    web.put("/facts/{kind}", replace_facts),
    web.put("/gallery", exhibit),
    web.post("/ask", ask),
    web.get("/questions", questions),
    web.put("/answers/{number:\\d+}", answer),
)


def _refused() -> web.Response:
    return web.json_response({"error": "this page is for this machine alone"}, status=403)


async def _document(request: web.Request) -> Any:
    """Return the JSON body of the request, which has no size limit."""
    return json.loads(await request.content.read())

"""SQS's API over loopback HTTP: AWS's JSON protocol 1.0.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-protocol.html
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Final

from lab.queue.api import Api, ApiError

ACCOUNT: Final = "000000000000"


@contextmanager
def serving(api: Api) -> Iterator[str]:
    """Serve until the block ends, and yield the endpoint's URL. A queue's URL is `<endpoint>/<ACCOUNT>/<name>`."""

    class Handler(_Handler):
        served = api

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="sqs", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Ignore errors: a client that was killed just disconnects."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Buffer the response, and send it in one packet: otherwise each would wait for the client's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    served: ClassVar[Api]

    def do_POST(self) -> None:
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            self._say(200, self.served.answer(operation, json.loads(body or b"{}")))
        except ApiError as error:
            document = {"__type": f"com.amazonaws.sqs#{error.code}", "message": str(error)}
            self._say(400, document, {"x-amzn-query-error": f"{error.older};Sender"})

    def log_message(self, *_: object) -> None:
        """Log nothing: the queue keeps its own history."""

    def _say(self, status: int, document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

"""The page's server: what it gives to this machine, and refuses to everybody else."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from cli.page import server
from cli.page.server import BusyError, PageServer, Shown

JSON = {"Content-Type": "application/json"}


class Asked:
    def __init__(self) -> None:
        self.shown = Shown()
        self.error: Exception | None = None

    def answer(self, question: Any) -> Any:
        if self.error:
            raise self.error
        return {"asked": question}


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def port(bundle: Path, asked: Asked) -> Iterator[int]:
    serving = PageServer(0, asked.shown, asked.answer)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield serving.server_port
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


def call(
    port: int, path: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> HTTPResponse:
    """Return an answer, whose `read` gives its body again."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        answer.close()
    answer.read = lambda: text  # type: ignore[method-assign, assignment, misc]
    return answer


def ask(port: int, body: bytes = b'{"id": 1}', path: str = "/ask", **changed: str | None) -> HTTPResponse:
    headers = {**JSON, "Origin": f"http://127.0.0.1:{port}", **{k.replace("_", "-"): v for k, v in changed.items()}}
    return call(port, path, "POST", body, {name: value for name, value in headers.items() if value is not None})


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/?lang=ja", "text/html"),
        ("/page/app.js", "text/javascript"),
        ("/page/app.css", "text/css"),
    ],
)
def test_it_serves_the_page_and_its_files(port: int, path: str, kind: str) -> None:
    answer = call(port, path)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; ")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/page/",
        "/page/index.html",
        "/app.js",
        "/page/../document.py",
        "/page/%2e%2e/document.py",
        "//etc/passwd",
        "/ask",
    ],
)
def test_it_serves_no_other_file(port: int, path: str) -> None:
    assert call(port, path).status == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "[", "localhost.evil.example:80"]
)
@pytest.mark.parametrize("path", ["/", "/stream", "/page/app.js"])
def test_a_name_that_leads_here_by_a_trick_gets_nothing(port: int, path: str, host: str) -> None:
    assert call(port, path, headers={"Host": host}).status == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_may_be_called_by_its_names_and_another_port(port: int, host: str) -> None:
    assert call(port, "/", headers={"Host": f"{host}:9999"}).status == 200


def test_another_origin_reads_nothing(port: int) -> None:
    assert call(port, "/", headers={"Origin": "https://evil.example"}).status == 403


@pytest.mark.parametrize("text", ["1042", "漢字", "\ud800", "\u2028</script>\0", "x" * 60_000])
def test_it_answers_the_page(port: int, text: str) -> None:
    answer = ask(port, json.dumps({"id": text}).encode())
    assert (answer.status, json.loads(answer.read())) == (200, {"asked": {"id": text}})


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Content_Type": "text/plain"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Content_Length": "x"}, 413),
        ({"Content_Length": "-1"}, 413),
        ({"Content_Length": str(server.BODY_BYTES + 1)}, 413),
        ({"path": "/other"}, 404),
    ],
)
def test_it_answers_nobody_else(port: int, changed: dict[str, Any], status: int) -> None:
    assert ask(port, **changed).status == status


# What was not read of a request is no request: the sender's body could hold one with any headers.
@pytest.mark.parametrize(
    "head",
    [
        b"POST /ask HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\nContent-Length: 99\r\n",
        b"POST /ask HTTP/1.1\r\nHost: evil.example\r\nContent-Type: text/plain\r\n",
        b"POST /other HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nContent-Type: application/json\r\n",
        b"PUT /ask HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n",
    ],
)
def test_the_rest_of_a_refused_request_is_not_answered(port: int, head: bytes) -> None:
    with socket.create_connection((server.LOOPBACK, port), timeout=10) as connection:
        connection.sendall(head + b"\r\nGET /page/app.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = b""
        with suppress(ConnectionResetError):
            while more := connection.recv(65_536):
                answer += more
    assert answer.count(b"HTTP/1.1 ") == 1
    assert not answer.startswith(b"HTTP/1.1 2")


def test_it_listens_on_this_machine_alone() -> None:
    with PageServer(0, Shown()) as serving:
        assert serving.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 50_000])
def test_what_is_no_json_is_refused(port: int, body: bytes) -> None:
    assert ask(port, body).status == 400


@pytest.mark.parametrize(("error", "status"), [(ValueError("no such thing"), 400), (BusyError(), 503)])
def test_what_cannot_be_answered_is_refused(port: int, asked: Asked, error: Exception, status: int) -> None:
    asked.error = error
    assert ask(port).status == status


def test_without_connections_nothing_is_asked(bundle: Path) -> None:
    serving = PageServer(0, Shown())
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        assert ask(serving.server_port).status == 404
        assert b'"ask":null' in call(serving.server_port, "/").read()
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


def test_a_stream_begins_with_everything_and_goes_on_with_changes(port: int, asked: Asked) -> None:
    asked.shown.show({"a": {"n": 1}, "b": {"n": 1}})
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/stream")
    stream = connection.getresponse()

    def read() -> Any:
        line = stream.readline()
        assert stream.readline() == b"\n"
        return json.loads(line.removeprefix(b"data: "))

    assert read() == {"set": {"a": {"n": 1}, "b": {"n": 1}}, "gone": []}
    asked.shown.show({"b": {"n": 2}, "c": {"n": 1}})
    assert read() == {"set": {"b": {"n": 2}, "c": {"n": 1}}, "gone": ["a"]}
    stream.close()
    connection.close()


def test_a_silent_stream_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEARTBEAT_SECONDS", 0.01)
    changes = Shown().changes()
    assert [next(changes) for _ in range(3)] == [{"set": {}, "gone": []}] * 3

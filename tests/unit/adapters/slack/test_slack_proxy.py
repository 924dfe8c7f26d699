"""Slack by way of a proxy: it is asked to connect, sees whither and nothing else, and its failures are no doubts."""

from __future__ import annotations

import json
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handler.adapters.http.exchange import Limits
from handler.adapters.slack.senders import SlackBot, SlackWebhooks
from handler.errors import SlackError
from handler.model import Message
from lab.processes import free_port
from lab.tls import Certificate
from tests.proxies import Proxy
from tests.unit.adapters.canary import CANARY, TOKEN, FakeSecrets
from tests.unit.adapters.scripted import Scripted, answer, reset, scripted

pytestmark = pytest.mark.usefixtures("no_secret_in_the_log")

MESSAGE = Message("order.created", "orders", "C0ORDERS", "hello")
ACCEPTED = json.dumps({"ok": True, "channel": "C0ORDERS", "ts": "1.2"}).encode()
Make = Callable[[Scripted, ssl.SSLContext, str], Any]
LIMITS = Limits(connect=3.0, total=6.0, size=1 << 20)


class ConnectingProxy(Proxy):
    """A real one, for CONNECT alone. `refusal` is what it answers with instead; what it was asked stands in `asked`.

    `connected` is what it says once it is connected, `carried` what went through it, both ways.
    """

    def __init__(self, refusal: bytes = b"") -> None:
        self.refusal = refusal
        self.connected = b"HTTP/1.1 200 Connection established\r\n\r\n"
        self.asked: list[str] = []
        self.carried = bytearray()
        super().__init__()

    def answer(self, client: socket.socket) -> None:
        head = client.recv(65_536).decode()
        self.asked.append(head)
        if self.refusal:
            client.sendall(self.refusal)
            return
        host, _, port = head.split()[1].rpartition(":")
        with socket.create_connection((host, int(port)), 5) as server:
            client.sendall(self.connected)
            while True:
                for ready in select.select([client, server], [], [], 5)[0]:
                    data = ready.recv(65_536)
                    self.carried += data
                    if not data:
                        return
                    (server if ready is client else client).sendall(data)


@pytest.fixture
def proxy() -> Iterator[ConnectingProxy]:
    made = ConnectingProxy()
    yield made
    made.close()


def bot(server: Scripted, trust: ssl.SSLContext, proxy: str) -> SlackBot:
    return SlackBot(FakeSecrets({"slack-token": TOKEN}), f"{server.url}/api/", trust, LIMITS, proxy=proxy)


def hook(server: Scripted, trust: ssl.SSLContext, proxy: str) -> SlackWebhooks:
    secrets = FakeSecrets({"webhooks/C0ORDERS": f"{server.url}/services/T0/B0/{CANARY}"})
    return SlackWebhooks(secrets, f"{server.url}/api/", trust, LIMITS, proxy=proxy)


SINKS = pytest.mark.parametrize(("sink", "said"), [(bot, ACCEPTED), (hook, b"ok")])


@SINKS
def test_a_post_goes_through_the_proxy_which_sees_the_name_and_no_more(
    trust: ssl.SSLContext, certificate: Certificate, proxy: ConnectingProxy, sink: Make, said: bytes
) -> None:
    with scripted(answer(200, said), certificate=certificate) as server:
        posting = sink(server, trust, proxy.url)
        posting.post(MESSAGE)
        posting.post(MESSAGE)
        assert len(server.requests) == 2
        host = server.url.partition("://")[2]
    [asked] = proxy.asked  # the second post uses the connection again
    assert asked.startswith(f"CONNECT {host} HTTP/1.")
    for hidden in (TOKEN, CANARY, MESSAGE.text, "Authorization"):
        assert hidden not in asked
        assert hidden.encode() not in proxy.carried


@SINKS
@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"])
def test_a_proxy_that_refuses_leaves_nothing_in_doubt(
    trust: ssl.SSLContext, certificate: Certificate, proxy: ConnectingProxy, sink: Make, said: bytes, status: str
) -> None:
    proxy.refusal = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
    with scripted(answer(200, said), certificate=certificate) as server, pytest.raises(SlackError) as caught:
        sink(server, trust, proxy.url).post(MESSAGE)
    assert caught.value.code == "SLACK_UNAVAILABLE"
    assert server.requests == []


@SINKS
def test_a_proxy_that_is_down_is_gone_around_by_nobody(
    trust: ssl.SSLContext, certificate: Certificate, sink: Make, said: bytes
) -> None:
    with scripted(answer(200, said), certificate=certificate) as server, pytest.raises(SlackError) as caught:
        sink(server, trust, f"http://127.0.0.1:{free_port()}").post(MESSAGE)
    assert caught.value.code == "SLACK_UNAVAILABLE"
    assert server.requests == []


@SINKS
def test_behind_the_proxy_the_certificate_has_to_be_slacks(
    certificate: Certificate, proxy: ConnectingProxy, sink: Make, said: bytes
) -> None:
    with scripted(answer(200, said), certificate=certificate) as server, pytest.raises(SlackError) as caught:
        sink(server, ssl.create_default_context(), proxy.url).post(MESSAGE)
    assert caught.value.code == "SLACK_UNAVAILABLE"
    assert server.requests == []


@SINKS
def test_what_breaks_after_the_request_has_left_is_in_doubt_as_without_a_proxy(
    trust: ssl.SSLContext, certificate: Certificate, proxy: ConnectingProxy, sink: Make, said: bytes
) -> None:
    with scripted(reset, certificate=certificate) as server, pytest.raises(SlackError) as caught:
        sink(server, trust, proxy.url).post(MESSAGE)
    assert caught.value.code == "SLACK_AMBIGUOUS"
    assert len(server.requests) == 1


CONNECTED = b"HTTP/1.1 200 Connection established\r\n"


@SINKS
@pytest.mark.parametrize(
    "connected",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" + CONNECTED + b"\r\n",
        b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" * 2 + CONNECTED + b"\r\n",
        # Lengths mean nothing in this answer: https://www.rfc-editor.org/rfc/rfc9110#name-connect (2026-11-29)
        CONNECTED + b"Content-Length: 99\r\n\r\n",
        CONNECTED + b"Transfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.0 200 Connection established\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 299 Yes\r\n\r\n",
    ],
)
def test_a_post_goes_through_whatever_a_proxy_says_around_its_yes(
    trust: ssl.SSLContext, certificate: Certificate, proxy: ConnectingProxy, sink: Make, said: bytes, connected: bytes
) -> None:
    proxy.connected = connected
    with scripted(answer(200, said), certificate=certificate) as server:
        posting = sink(server, trust, proxy.url)
        posting.post(MESSAGE)
        posting.post(MESSAGE)
        assert (len(server.requests), server.connections) == (2, 1)


@SINKS
@pytest.mark.parametrize(
    "connected",
    [
        CONNECTED + b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        CONNECTED + b"\r\n\0",
        CONNECTED + b"hello\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"hello\r\n\r\n",
        b"HTTP/1.1 103 X\r\n\r\n" * 1000,
    ],
)
def test_a_proxy_that_says_more_or_else_leaves_nothing_in_doubt(
    trust: ssl.SSLContext, certificate: Certificate, proxy: ConnectingProxy, sink: Make, said: bytes, connected: bytes
) -> None:
    proxy.connected = connected
    with scripted(answer(200, said), certificate=certificate) as server, pytest.raises(SlackError) as caught:
        sink(server, trust, proxy.url).post(MESSAGE)
    assert caught.value.code == "SLACK_UNAVAILABLE"
    assert server.requests == []

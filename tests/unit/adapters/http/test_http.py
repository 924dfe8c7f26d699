"""What both clients stand on: an exchange happens once, ends in time, and leaves no half-read connection behind."""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from handler.adapters.http.connection import Cause, ExchangeError
from handler.adapters.http.exchange import Answer, Deadline, Exchange, Limits
from handler.http_framing.response import DeadlineReader
from lab.tls import Certificate
from tests.unit.adapters.scripted import Scripted, Step, answer, hang, http, hung_up_on, reset, scripted, send

pytestmark = pytest.mark.usefixtures("no_secret_in_the_log")

LIMITS = Limits(connect=5.0, total=5.0, size=1 << 20)


def sent(exchange: Exchange, server: Scripted, body: bytes = b"", seconds: float = LIMITS.total) -> Answer:
    return exchange.send("POST", server.url, {}, body, deadline=Deadline.after(seconds))


def failure(exchange: Exchange, server: Scripted, body: bytes = b"", seconds: float = LIMITS.total) -> ExchangeError:
    with pytest.raises(ExchangeError) as raised:
        sent(exchange, server, body, seconds)
    return raised.value


def test_an_answer_comes_whole_whatever_its_status() -> None:
    with scripted(answer(418, b"short and stout", X_Pot="tea")) as server:
        got = sent(Exchange(None, LIMITS, connections=1), server)
    assert (got.status, got.body, got.headers["x-pot"]) == (418, b"short and stout", "tea")


def test_each_wait_for_bytes_is_given_only_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with socket.socket() as sock, DeadlineReader(sock, io.BytesIO(b"abc"), 103.0) as reading:
        given = []
        for clock[0] in (100.0, 101.0, 102.5):
            reading.readinto(bytearray(1))
            given.append(sock.gettimeout())
        assert given == pytest.approx([3.0, 2.0, 0.5])
        clock[0] = 103.0
        with pytest.raises(TimeoutError):
            reading.readinto(bytearray(1))


@contextmanager
def inattentive(certificate: Certificate) -> Iterator[Scripted]:
    """A server that shakes hands and then never reads."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.cert, certificate.key)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(listener.getsockname()[1], "https")

        def shake_hands() -> None:
            raw, _ = listener.accept()
            server.connections += 1
            with context.wrap_socket(raw, server_side=True):
                over.wait(60)

        thread = threading.Thread(target=shake_hands)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            thread.join()


def test_a_request_that_cannot_leave_whole_is_not_sent_again(trust: ssl.SSLContext, certificate: Certificate) -> None:
    limits = Limits(connect=1.0, total=2.0, size=1 << 20)
    with inattentive(certificate) as server:
        error = failure(Exchange(trust, limits, connections=1), server, b"x" * 32_000_000, limits.total)
        assert error.cause.sent
        assert server.connections == 1


@pytest.mark.parametrize("slow", ["getaddrinfo", "create_connection"])
@pytest.mark.parametrize("encrypted", [True, False])
def test_a_connection_that_took_too_long_is_not_used(
    trust: ssl.SSLContext, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, slow: str, encrypted: bool
) -> None:
    late = [0.0]
    real_clock, real_step = time.monotonic, getattr(socket, slow)

    def step(*args: Any, **options: Any) -> Any:
        late[0] += LIMITS.connect
        return real_step(*args, **options)

    monkeypatch.setattr(time, "monotonic", lambda: real_clock() + late[0])
    monkeypatch.setattr(socket, slow, step)
    with scripted(answer(200, b""), certificate=certificate if encrypted else None) as server:
        error = failure(Exchange(trust, LIMITS, connections=1), server)
        assert (error.cause, error.cause.sent) == (Cause.CONNECT_TIMEOUT, False)
        assert server.requests == []


def test_the_rest_of_an_answer_is_never_taken_for_the_next() -> None:
    chunk = b"x" * (LIMITS.size + 65_536)  # just what is read before the size is noticed
    endless = http(200, b"", Content_Length=str(10 * LIMITS.size))
    with scripted(send(endless + chunk, keep=True), answer(200, b"second")) as server:
        exchange = Exchange(None, LIMITS, connections=1)
        assert failure(exchange, server).cause is Cause.SIZE
        assert sent(exchange, server).body == b"second"
        assert server.connections == 2


@pytest.mark.parametrize(("step", "kept"), [(reset, True), (send(b""), True), (hang, False)])
def test_only_a_kept_connection_that_was_dead_may_be_tried_again(step: Step, kept: bool) -> None:
    with scripted(answer(200, b""), step) as server:
        exchange = Exchange(None, LIMITS, connections=1)
        sent(exchange, server)
        assert failure(exchange, server, seconds=0.5).reused is kept


def test_a_new_connection_in_the_place_of_a_closed_one_is_not_a_kept_one() -> None:
    with scripted(answer(200, b"", keep=False), reset) as server:
        exchange = Exchange(None, LIMITS, connections=1)
        sent(exchange, server)
        assert hung_up_on(exchange)
        assert not failure(exchange, server).reused


def test_a_body_that_breaks_off_does_not_make_its_connection_a_dead_one() -> None:
    with scripted(answer(200, b""), send(http(200, b"abc")[:-1])) as server:
        exchange = Exchange(None, LIMITS, connections=1)
        sent(exchange, server)
        error = failure(exchange, server)
        assert (error.cause, error.reused) == (Cause.CUT, False)

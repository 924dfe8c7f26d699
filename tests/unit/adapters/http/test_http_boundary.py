"""An answer belongs to its request: whatever a server sends, answer N is that of request N, or a named error."""

from __future__ import annotations

import itertools
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.adapters.http.connection import Cause, ExchangeError
from handler.adapters.http.exchange import Answer, Deadline, Exchange, Limits
from handler.http_framing.response import (
    MAX_HEAD_BYTES,
    MAX_INTERIM_ANSWERS,
    AnswerError,
    AnswerTooLargeError,
    DeadlineResponse,
    is_silent,
)
from lab.tls import Certificate
from tests.unit.adapters.scripted import Scripted, answer, http, hung_up_on, scripted, send

LIMITS = Limits(connect=5.0, total=5.0, size=1 << 20)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"


def read(data: bytes, method: str = "GET", size: int = 1000, *, ended: bool = False) -> DeadlineResponse:
    """Read one answer from these bytes, of a server that then waits, or closes its side."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        if ended:
            theirs.shutdown(socket.SHUT_WR)
        response = DeadlineResponse(ours, method=method, until=time.monotonic() + 0.5, size=size)
        response.begin()
        return response


# What may be read, and whether the connection is kept behind it. Framing: RFC 9112, section 6 (2026-11-29),
# https://www.rfc-editor.org/rfc/rfc9112#name-message-body-length
READABLE = {
    "a length": (OK, b"ok", True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", b"ok", True),
    "line feeds alone": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok", True),
    "a folded header": (b"HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok", b"ok", True),
    "103": (EARLY + OK, b"ok", True),
    "100, 102, 103, 199": (
        b"".join(b"HTTP/1.1 %d X\r\n\r\n" % status for status in (100, 102, 103, 103, 199)) + OK,
        b"ok",
        True,
    ),
    "an interim with a length": (b"HTTP/1.1 103 X\r\nContent-Length: 99\r\n\r\n" + OK, b"ok", True),
    "as many interims as may be": (b"HTTP/1.1 100 X\r\n\r\n" * MAX_INTERIM_ANSWERS + OK, b"ok", True),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n01\r\nk\r\n0\r\n\r\n", b"ok", True),
    "chunks with extensions and a trailer": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2;a=b ;c\r\nok\r\n0;z\r\nX-Sum: 1\r\n 2\r\n\r\n",
        b"ok",
        True,
    ),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "304 with a length": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", b"", True),
    "close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", b"ok", False),
    "close, as one of several": (
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok",
        b"ok",
        False,
    ),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", False),
    "HTTP/1.0, kept": (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", b"ok", True),
    "two answers": (OK + OK, b"ok", False),
    "an answer and a half": (OK + b"H", b"ok", False),
    "a line too many": (OK + b"\r\n", b"ok", False),
    "a body that is too long": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nok", b"o", False),
    "204 with a body": (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", b"", False),
    "an interim behind it": (OK + EARLY, b"ok", False),
}


@pytest.mark.parametrize(("data", "body", "kept"), READABLE.values(), ids=READABLE.keys())
def test_an_answer_is_read_to_its_end_and_its_connection_kept_only_there(data: bytes, body: bytes, kept: bool) -> None:
    response = read(data)
    assert (response.status // 100 in {2, 3}, response.read(), response.will_close) == (True, body, not kept)
    assert response.getheader("Transfer-Encoding") is None


@pytest.mark.parametrize("end", [b"", b"ok"])
def test_a_body_may_end_with_the_connection(end: bytes) -> None:
    response = read(b"HTTP/1.1 200 OK\r\n\r\n" + end, ended=True)
    assert (response.read(), response.will_close) == (end, True)


def test_the_answer_to_head_has_no_body() -> None:
    response = read(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", method="HEAD")
    assert (response.read(), response.will_close) == (b"", False)


def test_a_connection_that_is_closed_behind_an_answer_is_not_kept() -> None:
    assert read(OK, ended=True).will_close


UNREADABLE = {
    "no status": b"hello\r\n\r\n",
    "an older HTTP": b"HTTP/0.9 200 OK\r\n\r\n",
    "a newer HTTP": b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a blank line first": b"\r\n" + OK,
    "a status of one digit": b"HTTP/1.1 2 OK\r\nContent-Length: 0\r\n\r\n",
    "a status below 100": b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "a status with a sign": b"HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n",
    "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + OK,
    "one interim too many": b"HTTP/1.1 100 X\r\n\r\n" * (MAX_INTERIM_ANSWERS + 1) + OK,
    "interims without end": (b"HTTP/1.1 103 X\r\nX: " + b"x" * 9000 + b"\r\n\r\n") * 8 + OK,
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * MAX_HEAD_BYTES,
    "a line without end": b"HTTP/1.1 200 OK\r\nX: " + b"y" * MAX_HEAD_BYTES,
    "a status without end": b"HTTP/1.1 200 " + b"y" * MAX_HEAD_BYTES,
    "a line that is no header": b"HTTP/1.1 200 OK\r\nhello\r\nContent-Length: 0\r\n\r\n",
    "a blank before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "a fold before any header": b"HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 0\r\n\r\n",
    "a bare return": b"HTTP/1.1 200 OK\r\nX: y\rContent-Length: 0\r\n\r\n",
    "a NUL": b"HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "one length twice": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "a list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    "a folded length": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 3\r\n\r\nok",
    "a length with a sign": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
    "an empty length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok",
    "a length in hexadecimal": b"HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
    "a length of many digits": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nok",
    "a length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
    "chunks in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    **{
        f"a chunk of {size!r}": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%b\r\nok\r\n0\r\n\r\n" % size
        for size in (b"", b"-2", b"+2", b"0x2", b"2 2", b" 2", b"g", b"1_0", b"2" * 16, b"2" * 5000)
    },
    "a chunk that is longer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n",
    "a chunk without its end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\noXX0\r\n\r\n",
    "a chunk that is shorter": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\r\n0\r\n\r\n",
    "a trailer that is none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nhello\r\n\r\n",
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_could_be_read_in_two_ways_is_an_error(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:

        def pour() -> None:
            with suppress(OSError):  # it is hung up on before the end
                theirs.sendall(data)

        sending = threading.Thread(target=pour)
        sending.start()
        with pytest.raises(AnswerError):
            DeadlineResponse(ours, method="GET", until=time.monotonic() + 5, size=1000).begin()
        ours.shutdown(socket.SHUT_RDWR)
        sending.join(5)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n"


@pytest.mark.parametrize("whole", [OK, EARLY + OK, CHUNKED])
def test_an_answer_that_breaks_off_anywhere_is_an_error(whole: bytes) -> None:
    with pytest.raises(RemoteDisconnected):
        read(b"", ended=True)
    for end in range(1, len(whole)):
        with pytest.raises(IncompleteRead):
            read(whole[:end], ended=True)


@pytest.mark.parametrize("whole", [OK, EARLY + OK, CHUNKED, EARLY])
def test_an_answer_that_does_not_go_on_is_waited_for_until_its_moment(whole: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(whole[:-1] if whole is not EARLY else EARLY)
        with pytest.raises(TimeoutError):
            DeadlineResponse(ours, method="GET", until=time.monotonic() + 0.05, size=1000).begin()


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 1001", b"Transfer-Encoding: chunked\r\n\r\n3e9", b"X: y"],
    ids=["length", "chunked", "until the end"],
)
def test_a_body_is_bounded(head: bytes) -> None:
    with pytest.raises(AnswerTooLargeError):
        read(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + b"x" * 1001, ended=True)


# Through the connections


def sent(exchange: Exchange, server: Scripted, number: int) -> Answer | ExchangeError:
    try:
        return exchange.send("GET", f"{server.url}/{number}", {}, deadline=Deadline.after(LIMITS.total))
    except ExchangeError as error:
        return error


def test_an_early_hint_does_not_shift_the_answers_behind_it() -> None:
    """The hint comes alone, and the answer a tenth of a second later."""

    def hinting(connection: socket.socket, over: threading.Event) -> bool:
        connection.sendall(EARLY)
        over.wait(0.1)
        connection.sendall(http(200, b"one"))
        return True

    with scripted(hinting, answer(200, b"two"), answer(200, b"three"), answer(200, b"four")) as server:
        exchange = Exchange(None, LIMITS, connections=1)
        found = [sent(exchange, server, number) for number in range(4)]
        assert [one.body for one in found if isinstance(one, Answer)] == [b"one", b"two", b"three", b"four"]
        assert server.connections == 1


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("extra", [OK, EARLY, b"\r\n", b"x" * 20_000], ids=["answer", "interim", "line", "many"])
def test_nothing_behind_an_answer_is_taken_for_the_next(
    trust: ssl.SSLContext, certificate: Certificate, encrypted: bool, extra: bytes
) -> None:
    """In one piece with the answer: over TLS, a part of it waits in the TLS record, where no socket shows it."""
    steps = send(http(200, b"first") + extra, keep=True), answer(200, b"second")
    with scripted(*steps, certificate=certificate if encrypted else None) as server:
        exchange = Exchange(trust, LIMITS, connections=1)
        first, second = sent(exchange, server, 1), sent(exchange, server, 2)
        assert isinstance(first, Answer)
        assert isinstance(second, Answer)
        assert (first.body, second.body, server.connections) == (b"first", b"second", 2)


@pytest.mark.parametrize("encrypted", [True, False])
def test_what_comes_while_a_connection_idles_is_taken_for_nothing(
    trust: ssl.SSLContext, certificate: Certificate, encrypted: bool
) -> None:
    late = threading.Event()

    def speaking_later(connection: socket.socket, over: threading.Event) -> bool:
        connection.sendall(http(200, b"first"))
        late.wait(5)
        connection.sendall(OK)
        return True

    steps = speaking_later, answer(200, b"second")
    with scripted(*steps, certificate=certificate if encrypted else None) as server:
        exchange = Exchange(trust, LIMITS, connections=1)
        sent(exchange, server, 1)
        late.set()
        assert hung_up_on(exchange)
        second = sent(exchange, server, 2)
        assert isinstance(second, Answer)
        assert (second.body, server.connections) == (b"second", 2)


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_connection_without_a_word_behind_the_answer_is_kept(
    trust: ssl.SSLContext, certificate: Certificate, encrypted: bool
) -> None:
    with scripted(answer(200, b"ok"), certificate=certificate if encrypted else None) as server:
        exchange = Exchange(trust, LIMITS, connections=1)
        for number in range(5):
            assert isinstance(sent(exchange, server, number), Answer)
        assert server.connections == 1


@contextmanager
def forward(greeting: bytes, certificate: Certificate | None) -> Iterator[Scripted]:
    """A server that speaks, or hangs up where it has nothing to say, before it is asked, and answers nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        context.load_cert_chain(certificate.cert, certificate.key)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(listener.getsockname()[1], "https" if certificate else "http")

        def greet() -> None:
            raw, _ = listener.accept()
            with context.wrap_socket(raw, server_side=True) if certificate else raw as connection:
                if greeting:
                    connection.sendall(greeting)
                    over.wait(5)

        thread = threading.Thread(target=greet)
        thread.start()
        try:
            yield server
        finally:
            over.set()
            thread.join()


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("greeting", [OK, b"220 mail.example.org ESMTP\r\n", b""])
def test_what_comes_before_the_request_is_not_its_answer(
    trust: ssl.SSLContext, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, encrypted: bool, greeting: bytes
) -> None:
    """Nor has anything left: such a post may be made again."""

    def settled(sock: socket.socket) -> bool:
        return next((False for _ in range(300) if not (is_silent(sock) and not time.sleep(0.01))), True)

    monkeypatch.setattr("handler.http_framing.boundary.is_silent", settled)
    with forward(greeting, certificate if encrypted else None) as server:
        error = sent(Exchange(trust, LIMITS, connections=1), server, 1)
        assert isinstance(error, ExchangeError)
        assert (error.cause, error.cause.sent) == (Cause.CONNECT, False)


def test_a_broken_answer_is_a_named_error_and_its_connection_gone() -> None:
    steps = send(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab", keep=True), answer(200, b"second")
    with scripted(*steps) as server:
        exchange = Exchange(None, LIMITS, connections=1)
        first, second = sent(exchange, server, 1), sent(exchange, server, 2)
        assert isinstance(first, ExchangeError)
        assert isinstance(second, Answer)
        assert (first.cause, first.cause.sent, first.reused) == (Cause.MALFORMED, True, False)
        assert (second.body, server.connections) == (b"second", 2)


def test_the_answer_to_half_a_request_is_its_connections_last() -> None:
    """A server may refuse a request that it has not read; what it reads next is the rest of that."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted(listener.getsockname()[1], "http")

        def refuse() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                server.connections += 1
                with connection:
                    connection.recv(1000)
                    connection.sendall(http(413, b"too large") if server.connections == 1 else http(200, b"small"))
                    if server.connections == 1:
                        connection.shutdown(socket.SHUT_RD)
                    over.wait(1)

        thread = threading.Thread(target=refuse)
        thread.start()
        exchange = Exchange(None, LIMITS, connections=1)
        try:
            large = exchange.send("POST", server.url, {}, b"x" * 64_000_000, deadline=Deadline.after(3))
        except ExchangeError as error:
            assert error.cause.sent
        else:
            assert large.status == 413
        assert isinstance(sent(exchange, server, 2), Answer)
        assert server.connections == 2
        over.set()
        thread.join()


@dataclass(frozen=True)
class Turn:
    """How a server answers one request."""

    interims: tuple[int, ...]
    framing: str
    pieces: tuple[int, ...]
    trailer: bool
    extra: bytes
    close: bool
    cut: float | None
    pause: bool

    @property
    def good(self) -> bool:
        return self.cut is None

    def data(self, body: bytes) -> bytes:
        head = b"".join(b"HTTP/1.1 %d Early\r\nX-Early: yes\r\n\r\n" % status for status in self.interims)
        head += b"HTTP/1.1 200 OK\r\n" + (b"Connection: close\r\n" if self.close else b"")
        if self.framing == "length":
            whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        elif self.framing == "chunks":
            whole = head + b"Transfer-Encoding: chunked\r\n\r\n" + self._chunks(body)
        else:
            return head + b"\r\n" + body
        return whole + self.extra

    def _chunks(self, body: bytes) -> bytes:
        cuts = sorted({min(piece, len(body)) for piece in self.pieces} | {0, len(body)})
        parts = [body[start:end] for start, end in itertools.pairwise(cuts)]
        chunks = b"".join(b"%x;n=1\r\n%b\r\n" % (len(part), part) for part in parts)
        return chunks + b"0\r\n" + (b"X-Sum: 1\r\n" if self.trailer else b"") + b"\r\n"

    def play(self, connection: socket.socket, over: threading.Event, body: bytes) -> bool:
        data = self.data(body)
        if self.cut is not None:
            connection.sendall(data[: int(self.cut * (len(data) - len(self.extra)))])
            return False
        at = min(self.pieces, default=0) if self.pause else 0
        for part in (data[:at], data[at:]):
            connection.sendall(part)
            over.wait(0.002 if self.pause else 0)
        return not self.close and self.framing != "end"


EXTRAS = [b"", b"", b"", OK, EARLY, b"\r\n", b"garbage", OK[:-1], b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"]
TURNS = st.builds(
    Turn,
    interims=st.lists(st.sampled_from([100, 102, 103, 110, 199]), max_size=3).map(tuple),
    framing=st.sampled_from(["length", "length", "chunks", "chunks", "end"]),
    pieces=st.lists(st.integers(1, 120), max_size=4).map(tuple),
    trailer=st.booleans(),
    extra=st.sampled_from(EXTRAS),
    close=st.sampled_from([False, False, False, True]),
    cut=st.none() | st.none() | st.floats(0, 0.999),
    pause=st.booleans(),
)


@given(st.lists(TURNS, min_size=2, max_size=6))
@settings(max_examples=60)
def test_answer_n_is_that_of_request_n_or_a_named_error(turns: list[Turn]) -> None:
    servers: list[Scripted] = []

    def body(number: int) -> bytes:
        return b"the answer to request %d, and to no other" % number

    def step(connection: socket.socket, over: threading.Event) -> bool:
        number = int(servers[0].requests[-1].target.strip("/"))
        return turns[number].play(connection, over, body(number))

    with scripted(step) as server:
        servers.append(server)
        exchange = Exchange(None, LIMITS, connections=1)
        for number, turn in enumerate(turns):
            found = sent(exchange, server, number)
            if isinstance(found, Answer):
                whole = turn.good or turn.framing == "end"  # where that ends with the connection, nobody can tell
                assert body(number).startswith(found.body) if turn.framing == "end" else found.body == body(number)
                assert whole
            else:
                assert not turn.good, found
                assert found.cause in {Cause.CUT, Cause.MALFORMED}


@given(st.binary(max_size=300), st.booleans())
@settings(max_examples=300)
def test_garbage_is_never_more_than_an_http_error(data: bytes, status_first: bool) -> None:
    prefix = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" if status_first else b""
    with suppress(HTTPException):
        read(prefix + data, ended=True)

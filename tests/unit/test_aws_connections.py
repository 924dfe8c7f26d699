"""Calls to AWS: over a kept connection, an answer belongs to its request there too."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from handler import aws
from tests.unit.adapters.scripted import Scripted, Step, answer, http, scripted, send

EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"


def secret(text: str) -> bytes:
    return json.dumps({"Name": "n", "SecretString": text}).encode()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    aws._session.cache_clear()
    yield
    aws._session.cache_clear()


def asked(monkeypatch: pytest.MonkeyPatch, server: Scripted, times: int, attempts: int = 1) -> list[str]:
    """What so many calls of one client got: the secret, or the class of the error."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    client = aws.client("secretsmanager", attempts=attempts)
    found = []
    for number in range(times):
        try:
            found.append(client.get_secret_value(SecretId=str(number))["SecretString"])
        except aws.failures() as error:
            found.append(type(error).__name__)
    return found


def test_an_early_hint_does_not_give_one_call_the_answer_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    def hinting(connection: socket.socket, over: threading.Event) -> bool:
        send(EARLY)(connection, over)
        over.wait(0.1)
        return send(http(200, secret("one")), keep=True)(connection, over)

    with scripted(hinting, answer(200, secret("two")), answer(200, secret("three"))) as server:
        assert asked(monkeypatch, server, 3) == ["one", "two", "three"]
        assert server.connections == 1


@pytest.mark.parametrize("extra", [http(200, secret("another's")), EARLY, b"\r\n"])
def test_what_comes_behind_an_answer_is_taken_for_nothing(monkeypatch: pytest.MonkeyPatch, extra: bytes) -> None:
    steps = send(http(200, secret("one")) + extra, keep=True), answer(200, secret("two"))
    with scripted(*steps) as server:
        assert asked(monkeypatch, server, 2) == ["one", "two"]
        assert server.connections == 2


@pytest.mark.parametrize(
    "broken",
    [
        send(http(200, secret("one"))[:-1]),
        send(http(200, secret("one"), Content_Length="1, 2"), keep=True),
        send(http(200, secret("one"), Transfer_Encoding="chunked"), keep=True),
        send(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", keep=True),
    ],
    ids=["cut", "two lengths", "a length and chunks", "101"],
)
def test_an_answer_without_a_certain_end_is_an_error_that_may_be_tried_again(
    monkeypatch: pytest.MonkeyPatch, broken: Step
) -> None:
    with scripted(broken, answer(200, secret("two"))) as server:
        assert asked(monkeypatch, server, 2) == ["ConnectionClosedError", "two"]
    with scripted(broken, answer(200, secret("two"))) as server:
        assert asked(monkeypatch, server, 1, attempts=2) == ["two"]


def test_what_was_prepared_by_half_can_be_prepared_again() -> None:
    """The alarm of the init phase may end it between the two kinds of pools."""
    from botocore.awsrequest import AWSHTTPSConnectionPool

    aws._read_answers_whole.__wrapped__()
    before = AWSHTTPSConnectionPool.ConnectionCls
    aws._read_answers_whole.__wrapped__()
    assert AWSHTTPSConnectionPool.ConnectionCls is before

"""Both sinks against a server that answers anything: what arrived, what may have arrived, and what cannot have."""

from __future__ import annotations

import gzip
import inspect
import json
import socket
import ssl
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import pytest
import yaml
from slack_sdk import WebClient
from slack_sdk.web import base_client
from slack_sdk.webhook import WebhookClient
from slack_sdk.webhook import client as webhook_client

from handler.adapters.http.connection import IDLE_SECONDS
from handler.adapters.http.exchange import Limits
from handler.adapters.slack.senders import SlackBot, SlackWebhooks
from handler.errors import ConfigError, SlackError
from handler.model import Message, Receipt
from handler.ports import Slack
from lab.tls import Authority, Certificate
from tests.unit.adapters.canary import CANARY, TOKEN, FakeSecrets, safe
from tests.unit.adapters.scripted import (
    Scripted,
    Step,
    answer,
    closed,
    deaf,
    drip,
    hang,
    http,
    hung_up_on,
    reset,
    scripted,
    send,
)

pytestmark = pytest.mark.usefixtures("no_secret_in_the_log")

MESSAGE = Message(
    "order.created",
    "orders",
    "C0ORDERS",
    "New order *A-1* <b>",
    ({"type": "section", "text": {"type": "mrkdwn", "text": "New order *A-1*", "verbatim": True}},),
)
ACCEPTED = json.dumps({"ok": True, "channel": "C0ORDERS", "ts": "1770000000.000100"}).encode()
HOOK_PATH = f"/services/T0/B0/{CANARY}"
# https://docs.slack.dev/reference/methods/chat.postMessage, .../chat.update (2026-11-29): `parse` is none by default in
# the one and client in the other, and a name after @ or # is linked with link_names.
AS_WRITTEN = {"parse": "none", "link_names": False}
SHORT = Limits(connect=1.0, total=1.5, size=1 << 20)
LONG = Limits(connect=10.0, total=20.0, size=1 << 20)


def refusal(word: str) -> Step:
    return answer(200, json.dumps({"ok": False, "error": word}).encode())


def bot(server: Scripted, trust: ssl.SSLContext, limits: Limits = LONG, secrets: FakeSecrets | None = None) -> SlackBot:
    return SlackBot(secrets or FakeSecrets({"slack-token": TOKEN}), f"{server.url}/api/", trust, limits)


def hook(server: Scripted, trust: ssl.SSLContext, limits: Limits = LONG) -> SlackWebhooks:
    secrets = FakeSecrets({"webhooks/C0ORDERS": f"{server.url}{HOOK_PATH}"})
    return SlackWebhooks(secrets, f"{server.url}/api/", trust, limits)


SINKS = pytest.mark.parametrize("sink", [bot, hook])


# What is sent, and what comes back


def test_a_bot_posts_text_and_blocks_and_returns_slacks_receipt(
    trust: ssl.SSLContext, certificate: Certificate
) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server:
        receipt = bot(server, trust).post(MESSAGE)
    assert receipt == Receipt("C0ORDERS", "1770000000.000100")
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/api/chat.postMessage")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Content-Type"] == "application/json;charset=utf-8"
    assert request.headers["Accept-Encoding"] == "identity"
    assert json.loads(request.body) == {
        "channel": "C0ORDERS",
        "text": MESSAGE.text,
        "blocks": list(MESSAGE.blocks),
        "mrkdwn": True,
        **AS_WRITTEN,
        "unfurl_links": False,
        "unfurl_media": False,
    }


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "webhook"])
def test_every_way_of_speaking_leaves_a_text_as_it_is_written(
    trust: ssl.SSLContext, certificate: Certificate, method: str
) -> None:
    with scripted(answer(200, b"ok" if method == "webhook" else ACCEPTED), certificate=certificate) as server:
        match method:
            case "chat.postMessage":
                bot(server, trust).post(MESSAGE)
            case "chat.update":
                bot(server, trust).edit(MESSAGE, "1770000000.000100")
            case _:
                hook(server, trust).post(MESSAGE)
    sent = json.loads(server.requests[0].body)
    assert {name: sent.get(name) for name in AS_WRITTEN} == AS_WRITTEN


def test_a_webhook_gets_text_and_blocks(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(answer(200, b"ok"), certificate=certificate) as server:
        receipt = hook(server, trust).post(MESSAGE)
    assert receipt == Receipt("C0ORDERS", "")
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", HOOK_PATH)
    assert "Authorization" not in request.headers
    assert json.loads(request.body) == {
        "text": MESSAGE.text,
        "blocks": list(MESSAGE.blocks),
        **AS_WRITTEN,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def test_a_message_without_blocks_is_sent_without_them(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server:
        bot(server, trust).post(Message("n", "c", "C1", "text"))
    assert "blocks" not in json.loads(server.requests[0].body)


@pytest.mark.parametrize(("slash", "path"), [("", "/api/chat.postMessage"), ("/", "/api/chat.postMessage")])
def test_the_api_address_may_end_without_a_slash(
    trust: ssl.SSLContext, certificate: Certificate, slash: str, path: str
) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server:
        SlackBot(FakeSecrets({"slack-token": TOKEN}), f"{server.url}/api{slash}", trust, LONG).post(MESSAGE)
    assert server.requests[0].target == path


# Answers: each is one request, whatever it says


@SINKS
@pytest.mark.parametrize(
    ("step", "code"),
    [
        (answer(429, b"ratelimited", Retry_After="7"), "SLACK_RATE_LIMITED"),
        (answer(500, b"rollup_error"), "SLACK_AMBIGUOUS"),
        (answer(502, b"<html>"), "SLACK_AMBIGUOUS"),
        (answer(503, b""), "SLACK_AMBIGUOUS"),
        (answer(200, b"<html>Sign in</html>", Content_Type="text/html"), "SLACK_AMBIGUOUS"),
        (answer(200, b""), "SLACK_AMBIGUOUS"),
        (answer(200, gzip.compress(ACCEPTED), Content_Encoding="gzip"), "SLACK_AMBIGUOUS"),
        (answer(200, b"x" * (SHORT.size + 1)), "SLACK_AMBIGUOUS"),
        (send(http(200, ACCEPTED)[:-4]), "SLACK_AMBIGUOUS"),
        (send(b"HTTP/1.1 200 OK\r\nContent-Le"), "SLACK_AMBIGUOUS"),
        (send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), "SLACK_AMBIGUOUS"),
        (send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok"), "SLACK_AMBIGUOUS"),
        (send(b"SSH-2.0-OpenSSH_9.2\r\n"), "SLACK_AMBIGUOUS"),
        (send(http(200, ACCEPTED, Content_Length="2, 3"), keep=True), "SLACK_AMBIGUOUS"),
        (send(http(200, ACCEPTED, Transfer_Encoding="chunked"), keep=True), "SLACK_AMBIGUOUS"),
        (send(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", keep=True), "SLACK_AMBIGUOUS"),
        (send(b"HTTP/1.1 103 Early Hints\r\n\r\n"), "SLACK_AMBIGUOUS"),
        (send(b"HTTP/1.1 103 Early Hints\r\n\r\n", keep=True), "SLACK_AMBIGUOUS"),
        (send(b""), "SLACK_AMBIGUOUS"),
        (reset, "SLACK_AMBIGUOUS"),
        (hang, "SLACK_AMBIGUOUS"),
        (drip(b"HTTP/1.1 200 OK\r\n" + b"X-Padding: x\r\n" * 100), "SLACK_AMBIGUOUS"),
        (drip(http(200, b"ok" + b" " * 1000)), "SLACK_AMBIGUOUS"),
    ],
    ids=[
        "429", "500", "502", "503", "html", "empty", "gzip", "too large", "cut body", "cut headers", "cut chunks",
        "no chunk", "not http", "two lengths", "length and chunks", "101", "103, closed", "103 alone", "closed",
        "reset", "hang", "dripped headers", "dripped body",
    ],
)  # fmt: skip
def test_whatever_the_answer_is_the_message_is_sent_once(
    sink: Any, step: Step, code: str, trust: ssl.SSLContext, certificate: Certificate
) -> None:
    with scripted(step, certificate=certificate) as server:
        with pytest.raises(SlackError) as raised:
            sink(server, trust, SHORT).post(MESSAGE)
        assert raised.value.code == code
        assert len(server.requests) == 1
    safe(raised.value)


def test_each_message_gets_its_own_ts_behind_an_early_hint_and_before_an_answer_too_many(
    trust: ssl.SSLContext, certificate: Certificate
) -> None:
    """An answer that belongs to another message would put a wrong `ts` into the ledger, or hide a refusal."""
    accepted = [json.dumps({"ok": True, "channel": "C0ORDERS", "ts": f"1770000000.{n}"}).encode() for n in range(3)]
    hinted = send(b"HTTP/1.1 103 Early Hints\r\n\r\n" + http(200, accepted[0]), keep=True)
    doubled = send(http(200, accepted[1]) + http(200, ACCEPTED), keep=True)
    steps = hinted, doubled, refusal("is_archived"), answer(200, accepted[2])
    with scripted(*steps, certificate=certificate) as server:
        posting = bot(server, trust)
        assert [posting.post(MESSAGE).ts for _ in range(2)] == ["1770000000.0", "1770000000.1"]
        with pytest.raises(SlackError, match="is_archived"):
            posting.post(MESSAGE)
        assert posting.post(MESSAGE).ts == "1770000000.2"
        assert server.connections == 2


def test_a_rate_limit_carries_its_wait(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with (
        scripted(answer(429, b"", Retry_After="7"), certificate=certificate) as server,
        pytest.raises(SlackError) as raised,
    ):
        bot(server, trust).post(MESSAGE)
    assert raised.value.retry_after == 7.0


@pytest.mark.parametrize("word", ["channel_not_found", "is_archived", "invalid_auth", "internal_error", "new_word"])
def test_slacks_word_is_the_reason(trust: ssl.SSLContext, certificate: Certificate, word: str) -> None:
    with scripted(refusal(word), certificate=certificate) as server, pytest.raises(SlackError) as raised:
        bot(server, trust).post(MESSAGE)
    assert raised.value.reason == word
    assert len(server.requests) == 1


@SINKS
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(sink: Any, status: int, trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as elsewhere:
        step = answer(status, b"", Location=f"{elsewhere.url}/api/chat.postMessage")
        with scripted(step, certificate=certificate) as server, pytest.raises(SlackError, match="SLACK_REDIRECT"):
            sink(server, trust).post(MESSAGE)
        assert len(server.requests) == 1
        assert elsewhere.connections == 0


# What cannot have arrived


@SINKS
def test_a_refused_connection_is_not_ambiguous(sink: Any, trust: ssl.SSLContext) -> None:
    with closed() as server, pytest.raises(SlackError, match="SLACK_UNAVAILABLE.*Connection refused") as raised:
        sink(server, trust).post(MESSAGE)
    safe(raised.value)


@SINKS
def test_a_tls_handshake_without_an_end_is_not_ambiguous(sink: Any, trust: ssl.SSLContext) -> None:
    words = r"SLACK_UNAVAILABLE: no connection to localhost in 0\.[1-7]\d* s"
    with deaf() as server, pytest.raises(SlackError, match=words):
        sink(server, trust, SHORT).post(MESSAGE)


@SINKS
def test_a_peer_that_speaks_no_tls_is_not_ambiguous(sink: Any, trust: ssl.SSLContext) -> None:
    with scripted(answer(200, ACCEPTED)) as server:
        server.scheme = "https"
        with pytest.raises(SlackError, match="SLACK_UNAVAILABLE.*no TLS with localhost"):
            sink(server, trust, SHORT).post(MESSAGE)
        assert server.requests == []


@SINKS
def test_a_peer_that_hangs_up_in_the_handshake_is_not_ambiguous(sink: Any, trust: ssl.SSLContext) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        pool = stack.enter_context(ThreadPoolExecutor(1))
        hung_up = pool.submit(_hang_up, listener)
        server = Scripted(listener.getsockname()[1], "https")
        with pytest.raises(SlackError, match="SLACK_UNAVAILABLE.*no TLS with localhost"):
            sink(server, trust, SHORT).post(MESSAGE)
        hung_up.result()


@SINKS
def test_the_secret_is_not_sent_to_a_server_that_is_not_trusted(
    sink: Any, distrust: ssl.SSLContext, certificate: Certificate
) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server:
        with pytest.raises(SlackError, match="SLACK_UNAVAILABLE.*localhost: unable to get local issuer"):
            sink(server, distrust).post(MESSAGE)
        assert server.requests == []


@SINKS
def test_the_secret_is_not_sent_to_a_server_of_another_name(
    sink: Any, trust: ssl.SSLContext, authority: Authority
) -> None:
    with scripted(answer(200, ACCEPTED), certificate=authority.issue("other", "other.example")) as server:
        with pytest.raises(SlackError, match="SLACK_UNAVAILABLE.*Hostname mismatch"):
            sink(server, trust).post(MESSAGE)
        assert server.requests == []


def test_a_name_without_an_address_is_not_ambiguous(trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    def unresolved(*_: Any, **__: Any) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    sink = SlackBot(FakeSecrets({"slack-token": TOKEN}), "https://slack.com/api/", trust)
    with pytest.raises(SlackError, match=r"SLACK_UNAVAILABLE: slack\.com cannot be resolved"):
        sink.post(MESSAGE)


def test_a_post_without_time_left_is_not_begun(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server:
        with pytest.raises(SlackError, match="SLACK_UNAVAILABLE.*no time was left"):
            bot(server, trust, Limits(connect=1.0, total=0.0, size=1024)).post(MESSAGE)
        assert server.connections == 0


def addresses(*found: str) -> list[tuple[Any, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in found]


def test_a_dead_address_is_passed_over(
    trust: ssl.SSLContext, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    found = addresses("127.0.0.9", "127.0.0.1")  # nothing listens on the first one
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *args, **kw: found if host == "localhost" else real(host, *args, **kw)
    )
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server:
        assert bot(server, trust).post(MESSAGE).ts


def test_many_dead_addresses_share_one_connect_timeout(trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    clock = [1000.0]

    def dropped(address: tuple[str, int], timeout: float) -> NoReturn:
        given.append(timeout)
        clock[0] += timeout
        raise TimeoutError

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses(*[f"192.0.2.{n}" for n in range(8)]))
    monkeypatch.setattr(socket, "create_connection", dropped)
    sink = SlackBot(FakeSecrets({"slack-token": TOKEN}), "https://slack.com/api/", trust)
    with pytest.raises(SlackError, match=r"SLACK_UNAVAILABLE: no connection to slack\.com in 3 s"):
        sink.post(MESSAGE)
    assert len(given) == 8
    assert sum(given) == pytest.approx(3.0)


# Connections


@SINKS
def test_a_connection_is_kept(sink: Any, trust: ssl.SSLContext, certificate: Certificate) -> None:
    body = ACCEPTED if sink is bot else b"ok"
    with scripted(answer(200, body), certificate=certificate) as server:
        posting = sink(server, trust)
        for _ in range(5):
            posting.post(MESSAGE)
        assert (len(server.requests), server.connections) == (5, 1)


def test_a_connection_is_kept_after_a_refusal(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(refusal("is_archived"), answer(429, b""), answer(200, ACCEPTED), certificate=certificate) as server:
        posting = bot(server, trust)
        for _ in range(2):
            with pytest.raises(SlackError):
                posting.post(MESSAGE)
        posting.post(MESSAGE)
        assert server.connections == 1


def test_a_chunked_answer_is_read_to_its_end(trust: ssl.SSLContext, certificate: Certificate) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (ACCEPTED[:9], ACCEPTED[9:], b""))
    step = send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, keep=True)
    with scripted(step, certificate=certificate) as server:
        posting = bot(server, trust)
        assert [posting.post(MESSAGE).ts for _ in range(2)] == ["1770000000.000100"] * 2
        assert server.connections == 1


@SINKS
def test_a_connection_that_was_closed_while_idle_is_not_used(
    sink: Any, trust: ssl.SSLContext, certificate: Certificate
) -> None:
    body = ACCEPTED if sink is bot else b"ok"
    with scripted(answer(200, body, keep=False), answer(200, body), certificate=certificate) as server:
        posting = sink(server, trust)
        posting.post(MESSAGE)
        assert hung_up_on(posting._exchange)
        posting.post(MESSAGE)
        assert (len(server.requests), server.connections) == (2, 2)


@pytest.mark.parametrize("clock", ["time", "monotonic"])
def test_a_connection_that_idled_too_long_by_either_clock_is_not_used(
    trust: ssl.SSLContext, certificate: Certificate, monkeypatch: pytest.MonkeyPatch, clock: str
) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server:
        posting = bot(server, trust)
        posting.post(MESSAGE)
        real = getattr(time, clock)
        monkeypatch.setattr(time, clock, lambda: real() + IDLE_SECONDS)
        posting.post(MESSAGE)
        assert server.connections == 2


def test_what_is_left_of_a_large_answer_is_not_read_as_the_next(
    trust: ssl.SSLContext, certificate: Certificate
) -> None:
    large = answer(200, http(200, ACCEPTED) * 20_000)
    with scripted(large, answer(200, ACCEPTED), certificate=certificate) as server:
        posting = bot(server, trust, SHORT)
        with pytest.raises(SlackError, match="SLACK_AMBIGUOUS.*larger than"):
            posting.post(MESSAGE)
        assert posting.post(MESSAGE).ts
        assert (len(server.requests), server.connections) == (2, 2)


def test_many_threads_share_a_sink(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server, ThreadPoolExecutor(10) as pool:
        posting = bot(server, trust)
        messages = [Message("n", "c", f"C{n}", f"text {n}") for n in range(100)]
        receipts = list(pool.map(posting.post, messages))
        assert all(receipt.ts for receipt in receipts)
        assert {json.loads(request.body)["channel"] for request in server.requests} == {f"C{n}" for n in range(100)}
        assert len(server.requests) == 100
        assert server.connections <= 10


def _hang_up(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    connection.close()


# The SDK


def test_the_seam_in_slack_sdk_is_where_it_was() -> None:
    """Each client does its one HTTP request in one method of two arguments. If this fails, read slack/transport.py."""
    for client, method in (
        (WebClient, "_perform_urllib_http_request_internal"),
        (WebhookClient, "_perform_http_request_internal"),
    ):
        assert list(inspect.signature(getattr(client, method)).parameters) == ["self", "url", "req"]
        callers = inspect.getsource(inspect.getmodule(getattr(client, method)))
        assert callers.count(f"self.{method}(") == 1


@SINKS
def test_the_transport_of_slack_sdk_is_never_used(
    sink: Any, trust: ssl.SSLContext, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def used(*_: Any, **__: Any) -> NoReturn:
        pytest.fail("slack-sdk opened a connection of its own")

    for module in (base_client, webhook_client):
        monkeypatch.setattr(module, "urlopen", used)
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", used)
    with scripted(answer(200, ACCEPTED if sink is bot else b"ok"), certificate=certificate) as server:
        sink(server, trust).post(MESSAGE)


@SINKS
def test_a_proxy_in_the_environment_is_not_obeyed(
    sink: Any, trust: ssl.SSLContext, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted(answer(200, ACCEPTED)) as proxy, scripted(reset, certificate=certificate) as server:
        for variable in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(variable, proxy.url)
        with pytest.raises(SlackError, match="SLACK_AMBIGUOUS"):
            sink(server, trust).post(MESSAGE)
        assert (len(server.requests), proxy.connections) == (1, 0)


# Credentials


@pytest.mark.parametrize(
    "token",
    ["", " ", "xoxp-1-" + CANARY, "xapp-1-" + CANARY, "xoxe.xoxb-1-" + CANARY, CANARY, f'{{"token": "{TOKEN}"}}',
     f"{TOKEN}\nX-Evil: 1", f"Bearer {TOKEN}", TOKEN + "é"],
)  # fmt: skip
def test_what_is_not_a_bot_token_is_neither_sent_nor_shown(
    trust: ssl.SSLContext, certificate: Certificate, token: str
) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server:
        with pytest.raises(ConfigError, match=r"CONFIG_SECRET_FORMAT: slack-token is not a bot token") as raised:
            bot(server, trust, secrets=FakeSecrets({"slack-token": token})).post(MESSAGE)
        assert server.connections == 0
    safe(raised.value)


@pytest.mark.parametrize(
    "address",
    ["", "http://hooks.slack.com/services/T/B/c", "https://evil.example/services/T/B/c",
     "https://hooks.slack.com.evil.example/services/T/B/c", "https://user@hooks.slack.com/services/T/B/c",
     "https://hooks.slack.com@evil.example/services/T/B/c", "https://hooks.slack.com\\@evil.example/T/B/c",
     "https://hooks.slack.com/services/T/B/c\nHost: evil", "https://hooks.slack.com", "https://hooksxslack.com/T/B/c",
     "https://slack.com/services/T/B/c", "https://hooks.slack.com/services/T/B/c#x", "ftp://hooks.slack.com/T/B/c"],
)  # fmt: skip
def test_what_is_not_a_webhook_of_slack_is_neither_called_nor_shown(trust: ssl.SSLContext, address: str) -> None:
    secrets = FakeSecrets({"webhooks/C0ORDERS": f"{address}{CANARY}" if address else ""})
    with pytest.raises(ConfigError, match=r"CONFIG_SECRET_FORMAT: webhooks/C0ORDERS is not a webhook.*hooks") as raised:
        SlackWebhooks(secrets, "https://slack.com/api/", trust).post(MESSAGE)
    safe(raised.value)


@pytest.mark.parametrize(
    "api_url", ["http://slack.com/api/", "slack.com/api/", "https:///api/", "https://u:p@slack.com"]
)
@pytest.mark.parametrize("sink", [SlackBot, SlackWebhooks])
def test_slack_is_reached_by_https_alone(sink: Any, trust: ssl.SSLContext, api_url: str) -> None:
    with pytest.raises(ConfigError, match="CONFIG_INVALID: api= in Slack"):
        sink(FakeSecrets({}), api_url, trust)


def test_blanks_around_a_secret_are_no_part_of_it(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(answer(200, ACCEPTED), certificate=certificate) as server:
        bot(server, trust, secrets=FakeSecrets({"slack-token": f" {TOKEN}\n"})).post(MESSAGE)
    assert server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_replaced_token_is_picked_up_at_once(trust: ssl.SSLContext, certificate: Certificate) -> None:
    secrets = FakeSecrets({"slack-token": TOKEN}, later={"slack-token": "xoxb-2-new"})
    with scripted(refusal("token_revoked"), answer(200, ACCEPTED), certificate=certificate) as server:
        assert bot(server, trust, secrets=secrets).post(MESSAGE).ts
    assert [request.headers["Authorization"] for request in server.requests] == [f"Bearer {TOKEN}", "Bearer xoxb-2-new"]


def test_a_replaced_webhook_is_picked_up_at_once(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(answer(404, b"no_active_hooks"), answer(200, b"ok"), certificate=certificate) as server:
        old, new = f"{server.url}{HOOK_PATH}", f"{server.url}{HOOK_PATH}2"
        secrets = FakeSecrets({"webhooks/C0ORDERS": old}, later={"webhooks/C0ORDERS": new})
        SlackWebhooks(secrets, server.url, trust, LONG).post(MESSAGE)
    assert [request.target for request in server.requests] == [HOOK_PATH, f"{HOOK_PATH}2"]


def test_a_token_that_is_still_the_same_is_tried_once(trust: ssl.SSLContext, certificate: Certificate) -> None:
    secrets = FakeSecrets({"slack-token": TOKEN})
    with (
        scripted(refusal("invalid_auth"), certificate=certificate) as server,
        pytest.raises(SlackError, match="SLACK_CREDENTIAL: invalid_auth") as raised,
    ):
        bot(server, trust, secrets=secrets).post(MESSAGE)
    assert len(server.requests) == 1
    assert secrets.reads == [("slack-token", False), ("slack-token", True)]
    safe(raised.value)


@SINKS
def test_a_refused_secret_is_not_sent_again_at_once(sink: Any, trust: ssl.SSLContext, certificate: Certificate) -> None:
    refused = refusal("account_inactive") if sink is bot else answer(404, b"no_active_hooks")
    with scripted(refused, certificate=certificate) as server:
        posting = sink(server, trust)
        for _ in range(3):
            with pytest.raises(SlackError, match="SLACK_CREDENTIAL: (account_inactive|no_active_hooks)"):
                posting.post(MESSAGE)
        assert len(server.requests) == 1


def test_a_replaced_token_is_tried_once(trust: ssl.SSLContext, certificate: Certificate) -> None:
    secrets = FakeSecrets({"slack-token": TOKEN}, later={"slack-token": f"{TOKEN}-2"})
    with (
        scripted(refusal("invalid_auth"), certificate=certificate) as server,
        pytest.raises(SlackError, match="SLACK_CREDENTIAL: invalid_auth"),
    ):
        bot(server, trust, secrets=secrets).post(MESSAGE)
    assert len(server.requests) == 2


@pytest.mark.parametrize("step", [hang, reset, answer(500, b""), answer(200, b"")])
def test_an_ambiguous_answer_is_never_followed_by_a_second_post(
    trust: ssl.SSLContext, certificate: Certificate, step: Step
) -> None:
    secrets = FakeSecrets({"slack-token": TOKEN}, later={"slack-token": "xoxb-2-new"})
    with scripted(step, answer(200, ACCEPTED), certificate=certificate) as server:
        with pytest.raises(SlackError, match="SLACK_AMBIGUOUS"):
            bot(server, trust, SHORT, secrets).post(MESSAGE)
        assert len(server.requests) == 1


# Content that Slack refuses


@SINKS
def test_a_refused_layout_is_posted_as_plain_text_that_names_its_template(
    sink: Any, trust: ssl.SSLContext, certificate: Certificate
) -> None:
    refused, taken = (refusal("invalid_blocks"), answer(200, ACCEPTED))
    if sink is hook:
        refused, taken = answer(400, b"invalid_blocks"), answer(200, b"ok")
    with scripted(refused, taken, certificate=certificate) as server:
        receipt = sink(server, trust).post(MESSAGE)
    assert receipt.fallback == "invalid_blocks"
    first, second = (json.loads(request.body) for request in server.requests)
    assert first["blocks"]
    assert "blocks" not in second
    assert second["text"].startswith(MESSAGE.text)
    assert "order.created" in second["text"]
    assert "invalid_blocks" in second["text"]


@SINKS
def test_a_refused_fallback_ends_it(sink: Any, trust: ssl.SSLContext, certificate: Certificate) -> None:
    refused = refusal("no_text") if sink is bot else answer(400, b"no_text")
    with (
        scripted(refused, certificate=certificate) as server,
        pytest.raises(SlackError, match="SLACK_CONTENT: no_text"),
    ):
        sink(server, trust).post(MESSAGE)
    assert len(server.requests) == 2


def test_an_ambiguous_fallback_is_ambiguous(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with (
        scripted(refusal("invalid_blocks"), reset, certificate=certificate) as server,
        pytest.raises(SlackError, match="SLACK_AMBIGUOUS"),
    ):
        bot(server, trust).post(MESSAGE)
    assert len(server.requests) == 2


def test_both_sinks_fit_the_port(trust: ssl.SSLContext) -> None:
    sinks: list[Slack] = [
        SlackBot(FakeSecrets({}), "https://slack.com/api/", trust),
        SlackWebhooks(FakeSecrets({}), "https://slack.com/api/", trust),
    ]
    assert len(sinks) == 2


def test_the_app_asks_for_no_more_than_to_write() -> None:
    manifest = yaml.safe_load(Path("infra/slack-app-manifest.yaml").read_text())
    assert manifest["oauth_config"]["scopes"] == {"bot": ["chat:write"]}
    assert len(manifest["display_information"]["description"]) <= 140

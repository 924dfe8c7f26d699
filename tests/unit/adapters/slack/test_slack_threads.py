"""Replies, edits and read-back with a bot token: what is asked of Slack, and what each answer means."""

from __future__ import annotations

import json
import ssl
from typing import Any
from urllib.parse import parse_qsl

import pytest

from handler.adapters.http.exchange import Limits
from handler.adapters.slack.senders import SlackBot
from handler.errors import SlackError
from handler.model import Message, Receipt
from handler.ports import Slack
from lab.tls import Certificate
from tests.unit.adapters.canary import CANARY, TOKEN, FakeSecrets, safe
from tests.unit.adapters.scripted import Scripted, Step, answer, hang, reset, scripted

pytestmark = pytest.mark.usefixtures("no_secret_in_the_log")

BLOCK = {"type": "section", "text": {"type": "mrkdwn", "text": "New order *A-1*", "verbatim": True}}
MESSAGE = Message("order.created", "orders", "C0ORDERS", "New order *A-1*", (BLOCK,))
PARENT, TS = "1770000000.000100", "1770000060.000200"
SINCE = 1_770_000_060.5
SHORT = Limits(connect=1.0, total=1.5, size=1 << 20)
LONG = Limits(connect=10.0, total=20.0, size=1 << 20)


def bot(server: Scripted, trust: ssl.SSLContext, limits: Limits = LONG) -> SlackBot:
    return SlackBot(FakeSecrets({"slack-token": TOKEN}), f"{server.url}/api/", trust, limits)


def said(**fields: Any) -> Step:
    return answer(200, json.dumps({"ok": True, "channel": "C0ORDERS", "ts": TS, **fields}).encode())


def refusal(word: str) -> Step:
    return answer(200, json.dumps({"ok": False, "error": word}).encode())


def listed(*messages: Any, cursor: str = "") -> Step:
    document = {"ok": True, "messages": list(messages), "response_metadata": {"next_cursor": cursor}}
    return answer(200, json.dumps(document).encode())


def shown(mark: str, ts: str = TS, **fields: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "ts": ts,
        "text": CANARY,
        "metadata": {"event_type": "notifier", "event_payload": {"key": mark}},
        **fields,
    }


def message(**fields: Any) -> Message:
    return Message("order.created", "orders", "C0ORDERS", "text", **fields)


def test_a_bot_fits_the_port(trust: ssl.SSLContext) -> None:
    sink = SlackBot(FakeSecrets({}), "https://slack.com/api/", trust)
    port: Slack = sink
    assert port


# Replies


def test_a_reply_names_its_thread_and_a_marked_message_carries_its_mark(
    trust: ssl.SSLContext, certificate: Certificate
) -> None:
    with scripted(said(message={"ts": TS, "thread_ts": PARENT}), certificate=certificate) as server:
        receipt = bot(server, trust).post(message(thread="A-1", thread_ts=PARENT, mark="m1"))
    assert receipt == Receipt("C0ORDERS", TS, thread_ts=PARENT)
    sent = json.loads(server.requests[0].body)
    assert sent["thread_ts"] == PARENT
    assert sent["metadata"] == {"event_type": "notifier", "event_payload": {"key": "m1"}}


def test_a_message_of_its_own_names_no_thread_and_carries_nothing(
    trust: ssl.SSLContext, certificate: Certificate
) -> None:
    with scripted(said(), certificate=certificate) as server:
        bot(server, trust).post(message(thread="A-1"))
    assert not {"thread_ts", "metadata"} & json.loads(server.requests[0].body).keys()


@pytest.mark.parametrize(
    "fields",
    [{}, {"message": {"ts": TS}}, {"message": {"ts": TS, "thread_ts": TS}}, {"message": {"thread_ts": None}},
     {"message": "text"}],
)  # fmt: skip
def test_a_reply_whose_parent_is_gone_is_no_reply(
    trust: ssl.SSLContext, certificate: Certificate, fields: dict[str, Any]
) -> None:
    with scripted(said(**fields), certificate=certificate) as server:
        assert bot(server, trust).post(message(thread_ts=PARENT)).thread_ts == ""


def test_plain_text_keeps_its_thread_and_its_mark(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(refusal("invalid_blocks"), said(), certificate=certificate) as server:
        bot(server, trust).post(message(thread_ts=PARENT, mark="m1", blocks=(BLOCK,)))
    second = json.loads(server.requests[1].body)
    assert (second["thread_ts"], second["metadata"]["event_payload"]["key"]) == (PARENT, "m1")


def test_a_mark_that_is_refused_does_not_keep_the_message_back(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(refusal("metadata_must_be_sent_from_app"), said(), certificate=certificate) as server:
        assert bot(server, trust).post(message(mark="m1")).fallback == "metadata_must_be_sent_from_app"
    assert "metadata" not in json.loads(server.requests[1].body)


# Edits


@pytest.mark.parametrize("blocks", [(BLOCK,), ()])
def test_an_edit_replaces_text_and_blocks_and_leaves_the_mark(
    trust: ssl.SSLContext, certificate: Certificate, blocks: tuple[dict[str, Any], ...]
) -> None:
    with scripted(said(message={"thread_ts": TS}), certificate=certificate) as server:
        receipt = bot(server, trust).edit(message(blocks=blocks, mark="m2", thread_ts=PARENT), TS)
    assert receipt == Receipt("C0ORDERS", TS)
    (request,) = server.requests
    assert request.target == "/api/chat.update"
    assert json.loads(request.body) == {
        "channel": "C0ORDERS",
        "ts": TS,
        "text": "text",
        "blocks": list(blocks),
        "parse": "none",
        "link_names": False,
    }


@pytest.mark.parametrize(
    ("step", "code", "reason"),
    [
        (refusal("message_not_found"), "SLACK_CONFIG", "message_not_found"),
        (refusal("cant_update_message"), "SLACK_CONFIG", "cant_update_message"),
        (refusal("edit_window_closed"), "SLACK_CONFIG", "edit_window_closed"),
        (refusal("is_inactive"), "SLACK_CONFIG", "is_inactive"),
        (refusal("external_channel_migrating"), "SLACK_UNAVAILABLE", "external_channel_migrating"),
        (refusal("update_failed"), "SLACK_AMBIGUOUS", "update_failed"),
        (answer(429, b"", Retry_After="7"), "SLACK_RATE_LIMITED", "HTTP 429"),
        (reset, "SLACK_AMBIGUOUS", "the connection to localhost broke before its answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_edit_is_refused_in_slacks_own_word(
    trust: ssl.SSLContext, certificate: Certificate, step: Step, code: str, reason: str
) -> None:
    with scripted(step, certificate=certificate) as server:
        with pytest.raises(SlackError) as raised:
            bot(server, trust).edit(MESSAGE, TS)
        assert len(server.requests) == 1
    assert raised.value.code == code
    assert raised.value.reason.startswith(reason)


def test_an_edit_whose_layout_is_refused_is_plain_text(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(refusal("msg_too_long"), said(), certificate=certificate) as server:
        assert bot(server, trust).edit(MESSAGE, TS).fallback == "msg_too_long"
    second = json.loads(server.requests[1].body)
    assert (second["ts"], second["blocks"]) == (TS, [])
    assert "order.created" in second["text"]


# Read-back


def test_a_message_is_found_by_its_mark_alone(trust: ssl.SSLContext, certificate: Certificate) -> None:
    others = [
        shown("m2"), {"ts": TS}, {"ts": TS, "metadata": None}, {"ts": TS, "metadata": {"event_payload": []}},
        {"metadata": {"event_payload": {"key": "m1"}}}, "text", None,
    ]  # fmt: skip
    step = listed(*others, shown("m1", "1770000061.000300", thread_ts="1770000061.000300"))
    with scripted(step, certificate=certificate) as server:
        found = bot(server, trust).find(message(mark="m1"), SINCE)
    assert found == Receipt("C0ORDERS", "1770000061.000300")
    (request,) = server.requests
    assert request.target == "/api/conversations.history"
    assert dict(parse_qsl(request.body.decode())) == {
        "channel": "C0ORDERS",
        "oldest": "1770000000.500000",
        "include_all_metadata": "1",
        "limit": "200",
    }


@pytest.mark.parametrize("mark", ["m1", ""])
def test_what_is_not_there_is_not_found(trust: ssl.SSLContext, certificate: Certificate, mark: str) -> None:
    with scripted(listed(shown("m2"), shown(""), {"ts": TS}), certificate=certificate) as server:
        assert bot(server, trust).find(message(mark=mark), SINCE) is None


def test_every_page_is_looked_through(trust: ssl.SSLContext, certificate: Certificate) -> None:
    steps = [listed(shown("m2"), cursor="a="), listed(cursor="b="), listed(shown("m1"))]
    with scripted(*steps, certificate=certificate) as server:
        assert bot(server, trust).find(message(mark="m1"), SINCE)
    cursors = [dict(parse_qsl(request.body.decode())).get("cursor") for request in server.requests]
    assert cursors == [None, "a=", "b="]


def test_what_is_too_far_back_is_not_taken_for_absent(trust: ssl.SSLContext, certificate: Certificate) -> None:
    with scripted(listed(shown("m2"), cursor="more"), certificate=certificate) as server:
        with pytest.raises(SlackError, match="SLACK_UNREADABLE: more than 1000 messages"):
            bot(server, trust).find(message(mark="m1"), SINCE)
        assert len(server.requests) == 5


@pytest.mark.parametrize("thread", [listed(shown("m2", PARENT)), refusal("thread_not_found")])
def test_a_reply_is_looked_for_in_its_thread_and_then_in_the_channel(
    trust: ssl.SSLContext, certificate: Certificate, thread: Step
) -> None:
    with scripted(thread, listed(shown("m1")), certificate=certificate) as server:
        found = bot(server, trust).find(message(mark="m1", thread_ts=PARENT), SINCE)
    assert found == Receipt("C0ORDERS", TS)
    assert [request.target for request in server.requests] == [
        "/api/conversations.replies",
        "/api/conversations.history",
    ]
    assert dict(parse_qsl(server.requests[0].body.decode()))["ts"] == PARENT


def test_a_reply_that_is_in_its_thread_is_looked_for_nowhere_else(
    trust: ssl.SSLContext, certificate: Certificate
) -> None:
    with scripted(listed(shown("m1", thread_ts=PARENT)), certificate=certificate) as server:
        found = bot(server, trust).find(message(mark="m1", thread_ts=PARENT), SINCE)
    assert (found, len(server.requests)) == (Receipt("C0ORDERS", TS, thread_ts=PARENT), 1)


@pytest.mark.parametrize(
    ("step", "code", "reason"),
    [
        (refusal("missing_scope"), "SLACK_UNREADABLE", "missing_scope"),
        (refusal("not_in_channel"), "SLACK_UNREADABLE", "not_in_channel"),
        (refusal("channel_not_found"), "SLACK_UNREADABLE", "channel_not_found"),
        (refusal("channel_is_limited_access"), "SLACK_UNREADABLE", "channel_is_limited_access"),
        (refusal("access_denied"), "SLACK_UNREADABLE", "access_denied"),
        (refusal("word_of_tomorrow"), "SLACK_UNREADABLE", "word_of_tomorrow"),
        (refusal("invalid_arguments"), "SLACK_UNREADABLE", "invalid_arguments"),
        (refusal("invalid_cursor"), "SLACK_UNAVAILABLE", "invalid_cursor"),
        (refusal("invalid_auth"), "SLACK_CREDENTIAL", "invalid_auth"),
        (refusal("internal_error"), "SLACK_UNAVAILABLE", "internal_error"),
        (answer(429, b"", Retry_After="7"), "SLACK_RATE_LIMITED", "HTTP 429"),
        (answer(500, b""), "SLACK_UNAVAILABLE", "HTTP 500"),
        (answer(200, b'{"ok": true}'), "SLACK_UNAVAILABLE", "HTTP 200, ok, but no messages"),
        (answer(200, b"<html>"), "SLACK_UNAVAILABLE", "HTTP 200"),
        (reset, "SLACK_UNAVAILABLE", "the connection to localhost broke before its answer"),
        (hang, "SLACK_UNAVAILABLE", "no answer from localhost in time"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_read_that_fails_is_never_ambiguous(
    trust: ssl.SSLContext, certificate: Certificate, step: Step, code: str, reason: str
) -> None:
    with scripted(step, certificate=certificate) as server, pytest.raises(SlackError) as raised:
        bot(server, trust, SHORT).find(message(mark="m1"), SINCE)
    assert raised.value.code == code
    assert raised.value.reason.startswith(reason)
    assert raised.value.retry_after == (7.0 if code == "SLACK_RATE_LIMITED" else None)
    safe(raised.value)

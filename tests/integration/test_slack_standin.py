"""Both sinks against the Slack stand-in over TLS: real limits, real words, and real misbehaviour."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from handler.adapters import tls
from handler.adapters.http.exchange import Limits
from handler.adapters.slack.senders import SlackBot, SlackWebhooks
from handler.errors import SlackError
from handler.model import Message, Receipt
from handler.ports import Slack
from lab.slack import Control, running_slack
from lab.slack.config import TOKEN
from lab.tls import Authority
from tests.unit.adapters.canary import FakeSecrets

ORDERS = "C0LABORDERS"
READER = "xoxb-lab-reader"  # also has channels:history
LIMITS = Limits(connect=5.0, total=3.0, size=1 << 20)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.create(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def url(authority: Authority) -> Iterator[str]:
    with running_slack(host="localhost", certificate=authority.issue("slack", "localhost")) as base:
        yield base


@pytest.fixture
def slack(url: str, authority: Authority) -> Iterator[Control]:
    control = Control(url, authority.ca)
    control.reset()
    yield control
    control._http.clear()


@pytest.fixture
def trust(authority: Authority) -> ssl.SSLContext:
    return tls.context(str(authority.ca))


def bot(url: str, trust: ssl.SSLContext, token: str = TOKEN) -> SlackBot:
    return SlackBot(FakeSecrets({"slack-token": token}), f"{url}/api/", trust, LIMITS)


def hook(url: str, trust: ssl.SSLContext) -> Slack:
    secrets = FakeSecrets({f"webhooks/{ORDERS}": f"{url}/services/T0LAB/{ORDERS.replace('C', 'B', 1)}/lab-secret"})
    return SlackWebhooks(secrets, f"{url}/api/", trust, LIMITS)


MakeSlack = Callable[[str, ssl.SSLContext], Slack]
SINKS = pytest.mark.parametrize("make", [bot, hook])


def message(text: str = "New order", *blocks: dict[str, Any], channel: str = ORDERS) -> Message:
    return Message("order.created", "orders", channel, text, blocks)


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


@SINKS
def test_a_message_arrives_as_it_was_sent(make: MakeSlack, slack: Control, url: str, trust: ssl.SSLContext) -> None:
    receipt = make(url, trust).post(message("New order &lt;!channel&gt; 日本 😀", section("*A-1*")))
    (accepted,) = slack.messages("orders")
    assert accepted["text"] == "New order &lt;!channel&gt; 日本 😀"
    assert accepted["blocks"][0]["text"]["text"] == "*A-1*"
    assert receipt.ts in {accepted["ts"], ""}
    assert receipt.fallback == ""


@SINKS
def test_a_refused_layout_arrives_as_plain_text(
    make: MakeSlack, slack: Control, url: str, trust: ssl.SSLContext
) -> None:
    receipt = make(url, trust).post(message("New order", section("x" * 3001)))
    (accepted,) = slack.messages("orders")
    assert receipt.fallback == "invalid_blocks"
    assert not accepted["blocks"]
    assert accepted["text"].startswith("New order")
    assert "order.created" in accepted["text"]
    assert len(slack.requests()) == 2


@SINKS
def test_a_rate_limit_is_handed_on(make: MakeSlack, slack: Control, url: str, trust: ssl.SSLContext) -> None:
    slack.configure(rate={"per_second": 0.1, "burst": 1})
    sink = make(url, trust)
    sink.post(message())
    with pytest.raises(SlackError, match="SLACK_RATE_LIMITED") as raised:
        sink.post(message())
    assert raised.value.retry_after
    assert 1.0 <= raised.value.retry_after <= 10.0
    assert (len(slack.messages()), len(slack.requests())) == (1, 2)


@SINKS
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "close"},
        {"kind": "reset"},
        {"kind": "hang"},
        {"kind": "html"},
        {"kind": "truncate"},
        {"kind": "drip", "seconds": 2.5},
        {"kind": "status", "status": 500},
    ],
    ids=lambda fault: fault["kind"],
)
def test_a_message_that_was_accepted_without_a_word_is_ambiguous_and_sent_once(
    make: MakeSlack, slack: Control, url: str, trust: ssl.SSLContext, fault: dict[str, Any]
) -> None:
    options = {"accept": True} if fault["kind"] not in {"truncate", "drip"} else {}
    slack.order(**fault, **options)
    with pytest.raises(SlackError, match="SLACK_AMBIGUOUS"):
        make(url, trust).post(message())
    assert (len(slack.messages()), len(slack.requests())) == (1, 1)


@SINKS
def test_a_redirect_is_not_followed(make: MakeSlack, slack: Control, url: str, trust: ssl.SSLContext) -> None:
    slack.order("redirect", status=307, location=f"{url}/api/chat.postMessage")
    with pytest.raises(SlackError, match="SLACK_REDIRECT"):
        make(url, trust).post(message())
    assert (len(slack.messages()), len(slack.requests())) == (0, 1)


@SINKS
def test_posts_share_a_connection_that_survives_a_refusal(
    make: MakeSlack, slack: Control, url: str, trust: ssl.SSLContext
) -> None:
    sink = make(url, trust)
    slack.order("error", error="channel_not_found")
    with pytest.raises(SlackError, match="SLACK_CONFIG: channel_not_found"):
        sink.post(message())
    for number in range(3):
        sink.post(message(f"order {number}"))
    assert [accepted["text"] for accepted in slack.messages()] == ["order 0", "order 1", "order 2"]


@pytest.mark.parametrize("word", ["account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"])
def test_a_refused_token_is_a_matter_of_credentials(slack: Control, url: str, trust: ssl.SSLContext, word: str) -> None:
    with pytest.raises(SlackError, match=f"SLACK_CREDENTIAL: {word}"):
        bot(url, trust, f"xoxb-lab-{word}").post(message())
    assert len(slack.requests()) == 1


def test_an_unknown_channel_is_a_matter_of_configuration(slack: Control, url: str, trust: ssl.SSLContext) -> None:
    with pytest.raises(SlackError, match="SLACK_CONFIG: channel_not_found"):
        bot(url, trust).post(message(channel="C0NOWHERE"))
    assert len(slack.requests()) == 1


# Threads, edits and read-back


def test_a_reply_joins_its_thread_and_one_to_nothing_stands_alone(
    slack: Control, url: str, trust: ssl.SSLContext
) -> None:
    sink = bot(url, trust)
    first = sink.post(message("first"))
    reply = sink.post(replace(message("reply"), thread_ts=first.ts))
    orphan = sink.post(replace(message("orphan"), thread_ts="1700000000.000100"))
    assert (first.thread_ts, reply.thread_ts, orphan.thread_ts) == ("", first.ts, "")
    assert [accepted["thread_ts"] for accepted in slack.messages()] == ["", first.ts, ""]


@pytest.mark.parametrize("blocks", [(section("*new*"),), ()])
def test_an_edit_replaces_what_a_message_said_and_keeps_its_mark(
    slack: Control, url: str, trust: ssl.SSLContext, blocks: tuple[dict[str, Any], ...]
) -> None:
    sink = bot(url, trust)
    receipt = sink.post(replace(message("old", section("*old*")), mark="m1"))
    for _ in range(2):
        assert sink.edit(message("new", *blocks), receipt.ts) == receipt
    (accepted,) = slack.messages()
    assert (accepted["text"], accepted["metadata"]["event_payload"]) == ("new", {"key": "m1"})
    assert [block["text"]["text"] for block in accepted["blocks"]] == ["*new*"] * len(blocks)


def test_the_words_of_an_edit_that_is_refused(slack: Control, url: str, trust: ssl.SSLContext) -> None:
    hook(url, trust).post(message())
    (accepted,) = slack.messages()
    for ts, word in (("1700000000.000100", "message_not_found"), (accepted["ts"], "cant_update_message")):
        with pytest.raises(SlackError, match=f"SLACK_CONFIG: {word}"):
            bot(url, trust).edit(message("new"), ts)


@pytest.mark.parametrize("reply", [False, True])
@pytest.mark.parametrize("kind", ["close", "hang", "html"])
def test_a_message_that_was_accepted_without_a_word_is_found(
    slack: Control, url: str, trust: ssl.SSLContext, reply: bool, kind: str
) -> None:
    sink = bot(url, trust, READER)
    parent = sink.post(replace(message("another"), mark="m0")).ts if reply else ""
    began = time.time()
    lost = replace(message("lost"), mark="m1", thread_ts=parent)
    assert sink.find(lost, began) is None
    slack.order(kind, accept=True)
    with pytest.raises(SlackError, match="SLACK_AMBIGUOUS"):
        sink.post(lost)
    accepted = slack.messages()[-1]
    assert sink.find(lost, began) == Receipt(ORDERS, accepted["ts"], thread_ts=parent)


def test_a_message_is_found_among_hundreds(slack: Control, url: str, trust: ssl.SSLContext) -> None:
    slack.configure(rate={"per_second": 0, "burst": 1})
    sink = bot(url, trust, READER)
    began = time.time()
    wanted = sink.post(replace(message(), mark="m1"))
    for number in range(210):
        sink.post(replace(message(), mark=f"another {number}"))
    assert sink.find(replace(message(), mark="m1"), began) == wanted
    assert sink.find(replace(message(), mark="m1"), began + 3600) is None


def test_a_channel_that_cannot_be_read_is_named(slack: Control, url: str, trust: ssl.SSLContext) -> None:
    for token, channel, word in (
        (TOKEN, ORDERS, "missing_scope"),
        (READER, "C0LABNOTJOINED", "not_in_channel"),
        (READER, "C0NOWHERE", "channel_not_found"),
    ):
        with pytest.raises(SlackError, match=f"SLACK_UNREADABLE: {word}"):
            bot(url, trust, token).find(replace(message(channel=channel), mark="m1"), 0.0)


def test_a_read_that_is_limited_hands_on_its_wait(slack: Control, url: str, trust: ssl.SSLContext) -> None:
    slack.order("limited", method="conversations.history", retry_after="7")
    with pytest.raises(SlackError, match="SLACK_RATE_LIMITED") as raised:
        bot(url, trust, READER).find(replace(message(), mark="m1"), 0.0)
    assert raised.value.retry_after == 7.0

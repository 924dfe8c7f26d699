"""Both sinks against the Slack stand-in over TLS: real limits, real words, and real misbehaviour."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handler.adapters import tls
from handler.adapters.http_exchange import Limits
from handler.adapters.slack import BotSink, WebhookSink
from handler.errors import SlackError
from handler.model import Message
from handler.ports import Sink
from lab.slack import Control, running_slack
from lab.slack.config import TOKEN
from lab.tls import Authority
from tests.unit.adapters.canary import FakeSecrets

ORDERS = "C0LABORDERS"
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


def bot(url: str, trust: ssl.SSLContext, token: str = TOKEN) -> Sink:
    return BotSink(FakeSecrets({"slack-token": token}), f"{url}/api/", trust, LIMITS)


def hook(url: str, trust: ssl.SSLContext) -> Sink:
    secrets = FakeSecrets({f"webhooks/{ORDERS}": f"{url}/services/T0LAB/{ORDERS.replace('C', 'B', 1)}/lab-secret"})
    return WebhookSink(secrets, f"{url}/api/", trust, LIMITS)


MakeSink = Callable[[str, ssl.SSLContext], Sink]
SINKS = pytest.mark.parametrize("make", [bot, hook])


def message(text: str = "New order", *blocks: dict[str, Any], channel: str = ORDERS) -> Message:
    return Message("order.created", "orders", channel, text, blocks)


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


@SINKS
def test_a_message_arrives_as_it_was_sent(make: MakeSink, slack: Control, url: str, trust: ssl.SSLContext) -> None:
    receipt = make(url, trust).post(message("New order &lt;!channel&gt; 日本 😀", section("*A-1*")))
    (accepted,) = slack.messages("orders")
    assert accepted["text"] == "New order &lt;!channel&gt; 日本 😀"
    assert accepted["blocks"][0]["text"]["text"] == "*A-1*"
    assert receipt.ts in {accepted["ts"], ""}
    assert receipt.fallback == ""


@SINKS
def test_a_refused_layout_arrives_as_plain_text(
    make: MakeSink, slack: Control, url: str, trust: ssl.SSLContext
) -> None:
    receipt = make(url, trust).post(message("New order", section("x" * 3001)))
    (accepted,) = slack.messages("orders")
    assert receipt.fallback == "invalid_blocks"
    assert not accepted["blocks"]
    assert accepted["text"].startswith("New order")
    assert "order.created" in accepted["text"]
    assert len(slack.requests()) == 2


@SINKS
def test_a_rate_limit_is_handed_on(make: MakeSink, slack: Control, url: str, trust: ssl.SSLContext) -> None:
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
    make: MakeSink, slack: Control, url: str, trust: ssl.SSLContext, fault: dict[str, Any]
) -> None:
    options = {"accept": True} if fault["kind"] not in {"truncate", "drip"} else {}
    slack.order(**fault, **options)
    with pytest.raises(SlackError, match="SLACK_AMBIGUOUS"):
        make(url, trust).post(message())
    assert (len(slack.messages()), len(slack.requests())) == (1, 1)


@SINKS
def test_a_redirect_is_not_followed(make: MakeSink, slack: Control, url: str, trust: ssl.SSLContext) -> None:
    slack.order("redirect", status=307, location=f"{url}/api/chat.postMessage")
    with pytest.raises(SlackError, match="SLACK_REDIRECT"):
        make(url, trust).post(message())
    assert (len(slack.messages()), len(slack.requests())) == (0, 1)


@SINKS
def test_posts_share_a_connection_that_survives_a_refusal(
    make: MakeSink, slack: Control, url: str, trust: ssl.SSLContext
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

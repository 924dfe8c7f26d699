"""The Web API as slack-sdk meets it: answers, error words, threads, updates, reading back."""

from __future__ import annotations

import re
import ssl
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from lab.slack import Config, Control, Rate, running_slack
from lab.slack.config import TOKEN_REFUSALS
from lab.slack.rate import Limiter, RateLimitedError
from lab.slack.rules import RULES
from lab.tls import Authority

pytestmark = pytest.mark.usefixtures("control")


@pytest.fixture
def slack(url: str) -> WebClient:
    return client(url, "xoxb-lab-reader")


def client(url: str, token: str | None, **options: Any) -> WebClient:
    return WebClient(token, base_url=f"{url}/api/", retry_handlers=[], **options)


def refusal(call: Any, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    assert refused.value.response.status_code == 200
    answer: dict[str, Any] = refused.value.response.data
    assert answer["ok"] is False
    return answer


def test_a_post_is_answered_with_its_channel_and_ts(slack: WebClient, control: Control) -> None:
    answer = slack.chat_postMessage(
        channel="#orders",
        text="Hello",
        blocks=[{"type": "divider"}],
        metadata={"event_type": "order", "event_payload": {"id": 1}},
        unfurl_links=False,
    )
    assert answer["ok"] is True
    assert answer["channel"] == "C0LABORDERS"
    assert re.fullmatch(r"[0-9]{10}\.[0-9]{6}", answer["ts"])
    assert answer["message"]["text"] == "Hello"
    assert answer["message"]["ts"] == answer["ts"]
    [kept] = control.messages()
    expected = {
        "channel": "C0LABORDERS",
        "channel_name": "orders",
        "ts": answer["ts"],
        "text": "Hello",
        "blocks": [{"type": "divider"}],
        "metadata": {"event_type": "order", "event_payload": {"id": 1}},
        "via": "token",
        "options": {"unfurl_links": False},
        "edited": None,
    }
    assert expected.items() <= kept.items()


def test_a_ts_is_unique_and_rises_within_its_channel(slack: WebClient) -> None:
    stamps = [slack.chat_postMessage(channel="orders", text="x")["ts"] for _ in range(30)]
    assert stamps == sorted(set(stamps))


@pytest.mark.parametrize("channel", ["orders", "#orders", "C0LABORDERS"])
def test_a_channel_goes_by_name_or_id(slack: WebClient, channel: str) -> None:
    assert slack.chat_postMessage(channel=channel, text="x")["channel"] == "C0LABORDERS"


@pytest.mark.parametrize("word", TOKEN_REFUSALS)
def test_a_token_that_slack_refuses(url: str, control: Control, word: str) -> None:
    assert refusal(client(url, f"xoxb-lab-{word}").chat_postMessage, channel="orders", text="x")["error"] == word
    assert control.messages() == []


@pytest.mark.parametrize(("token", "word"), [(None, "not_authed"), ("xoxb-unknown", "invalid_auth")])
def test_a_token_that_slack_does_not_know(url: str, token: str | None, word: str) -> None:
    assert refusal(client(url, token).auth_test)["error"] == word


@pytest.mark.parametrize(
    ("token", "method", "needed", "provided"),
    [
        ("xoxb-lab-no-scopes", "chat.postMessage", "chat:write", ""),
        ("xoxb-lab-no-scopes", "chat.update", "chat:write", ""),
        ("xoxb-lab-token", "conversations.history", "channels:history", "chat:write"),
        ("xoxb-lab-token", "conversations.replies", "channels:history", "chat:write"),
    ],
)
def test_a_method_needs_its_scope(url: str, token: str, method: str, needed: str, provided: str) -> None:
    answer = refusal(client(url, token).api_call, api_method=method, json={"channel": "C0LABORDERS"})
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", needed, provided)


def test_auth_test_needs_no_scope(url: str) -> None:
    assert client(url, "xoxb-lab-no-scopes").auth_test()["team_id"] == "T0LAB"


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule != "no-threads"])
def test_a_channel_that_takes_no_messages(slack: WebClient, control: Control, rule: str) -> None:
    assert refusal(slack.chat_postMessage, channel=rule, text="x")["error"] == RULES[rule].word
    assert control.messages() == []


def test_a_channel_may_refuse_replies_alone_or_all_but_replies(slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="no-threads", text="x")["ts"]
    answer = refusal(slack.chat_postMessage, channel="no-threads", text="x", thread_ts=ts)
    assert answer["error"] == "restricted_action_non_threadable_channel"
    slack.chat_postMessage(channel="thread-only", text="x", thread_ts=ts)


def test_a_public_channel_can_be_posted_to_unjoined_with_the_scope_for_it(url: str, control: Control) -> None:
    control.configure(tokens=[{"value": "xoxb-public", "scopes": ["chat:write", "chat:write.public"]}])
    assert client(url, "xoxb-public").chat_postMessage(channel="not-joined", text="x")["ok"] is True


def test_what_is_missing_or_unknown_is_named(slack: WebClient) -> None:
    answer = refusal(slack.api_call, api_method="chat.postMessage", json={"text": "x"})
    assert (answer["error"], answer["errors"]) == ("invalid_arguments", ["missing required field: channel"])
    assert refusal(slack.chat_postMessage, channel="nowhere", text="x")["error"] == "channel_not_found"
    answer = refusal(slack.api_call, api_method="chat.shout", json={})
    assert (answer["error"], answer["req_method"]) == ("unknown_method", "chat.shout")


@pytest.mark.parametrize(
    ("content_type", "body", "word"),
    [
        ("application/json", b"{", "invalid_json"),
        ("application/json", b"\xff", "invalid_json"),
        ("application/json", b'{"text": NaN}', "invalid_json"),
        ("application/json", b"[" * 100_000, "invalid_json"),
        ("application/json", b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("application/xml", b"<a/>", "invalid_post_type"),
        ("", b"text=x", "missing_post_type"),
    ],
)
def test_a_body_that_cannot_be_read(url: str, content_type: str, body: bytes, word: str) -> None:
    headers = {"Authorization": "Bearer xoxb-lab-token", "Content-Type": content_type}
    answer = urllib3.request("POST", f"{url}/api/chat.postMessage", body=body, headers=headers, retries=False)
    assert (answer.status, answer.json()) == (200, {"ok": False, "error": word})


def test_a_form_carries_the_same_arguments(url: str, control: Control) -> None:
    form = {"token": "xoxb-lab-token", "channel": "orders", "text": "a&b é", "blocks": '[{"type": "divider"}]'}
    headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
    body = urlencode(form)
    answer = urllib3.request("POST", f"{url}/api/chat.postMessage", body=body, headers=headers, retries=False)
    assert answer.json()["ok"] is True
    assert [(message["text"], message["blocks"]) for message in control.messages()] == [
        ("a&b é", [{"type": "divider"}])
    ]


def test_a_token_in_json_is_not_read(url: str) -> None:
    answer = urllib3.request("POST", f"{url}/api/auth.test", json={"token": "xoxb-lab-token"}, retries=False)
    assert answer.json()["error"] == "not_authed"


def test_a_reply_joins_the_thread_of_its_parent(slack: WebClient, control: Control) -> None:
    parent = slack.chat_postMessage(channel="orders", text="parent")["ts"]
    reply = slack.chat_postMessage(channel="orders", text="reply", thread_ts=parent)
    assert reply["message"]["thread_ts"] == parent
    slack.chat_postMessage(channel="orders", text="reply to the reply", thread_ts=reply["ts"])
    thread = slack.conversations_replies(channel="C0LABORDERS", ts=reply["ts"])
    assert [message["text"] for message in thread["messages"]] == ["parent", "reply", "reply to the reply"]
    history = slack.conversations_history(channel="C0LABORDERS")
    assert [message["text"] for message in history["messages"]] == ["parent"]


def test_a_reply_to_nothing_becomes_a_message_of_its_own(slack: WebClient, control: Control) -> None:
    answer = slack.chat_postMessage(channel="orders", text="x", thread_ts="1732263600.000100")
    assert "thread_ts" not in answer["message"]
    assert control.messages()[0]["thread_ts"] == ""


def test_a_reply_to_a_deleted_message_becomes_one_of_its_own(slack: WebClient, control: Control) -> None:
    parent = slack.chat_postMessage(channel="orders", text="parent")["ts"]
    reply = slack.chat_postMessage(channel="orders", text="reply", thread_ts=parent)["ts"]
    control.delete("orders", parent)
    for thread in (parent, reply):
        assert "thread_ts" not in slack.chat_postMessage(channel="orders", text="x", thread_ts=thread)["message"]


def test_a_locked_thread_takes_no_replies(slack: WebClient, control: Control, url: str) -> None:
    parent = slack.chat_postMessage(channel="orders", text="parent")["ts"]
    reply = slack.chat_postMessage(channel="orders", text="reply", thread_ts=parent)["ts"]
    control.lock("C0LABORDERS", parent)
    for thread in (parent, reply):
        answer = refusal(slack.chat_postMessage, channel="orders", text="x", thread_ts=thread)
        assert answer["error"] == "restricted_action_thread_locked"
    webhook = f"{url}/services/T0LAB/B0LABORDERS/lab-secret"
    answered = urllib3.request("POST", webhook, json={"text": "x", "thread_ts": parent}, retries=False)
    assert (answered.status, answered.data) == (403, b"action_prohibited")
    slack.chat_postMessage(channel="orders", text="not a reply")


def test_a_message_has_a_permalink(url: str, slack: WebClient) -> None:
    ts = slack.chat_postMessage(channel="orders", text="x")["ts"]
    without_scopes = client(url, "xoxb-lab-no-scopes")
    answer = without_scopes.chat_getPermalink(channel="C0LABORDERS", message_ts=ts)
    expected = {"ok": True, "channel": "C0LABORDERS"}
    permalink = f"https://lab.slack.com/archives/C0LABORDERS/p{ts.replace('.', '')}"
    assert answer.data == {**expected, "permalink": permalink}
    for channel, message, word in (
        ("orders", ts, "channel_not_found"),
        ("C0LABOPS", ts, "message_not_found"),
        ("C0LABORDERS", "", "invalid_arguments"),
    ):
        assert refusal(slack.chat_getPermalink, channel=channel, message_ts=message)["error"] == word


@pytest.mark.parametrize(
    "metadata",
    [{"event_type": "order"}, {"event_payload": {}}, {"event_type": "order", "event_payload": 1}, {"event_type": ""}],
)
def test_metadata_needs_a_type_and_a_payload(slack: WebClient, metadata: dict[str, Any]) -> None:
    assert refusal(slack.chat_postMessage, channel="orders", text="x", metadata=metadata)["error"] == (
        "invalid_metadata_schema"
    )


def test_an_update_changes_what_it_names_and_keeps_the_rest(slack: WebClient, control: Control) -> None:
    blocks = [{"type": "divider"}]
    ts = slack.chat_postMessage(channel="orders", text="before", blocks=blocks)["ts"]
    answer = slack.chat_update(channel="C0LABORDERS", ts=ts, text="after")
    assert (answer["ts"], answer["text"]) == (ts, "after")
    assert answer["message"]["edited"]["user"] == answer["message"]["user"]
    [message] = control.messages()
    assert (message["text"], message["blocks"]) == ("after", blocks)
    assert message["edited"]
    slack.chat_update(channel="C0LABORDERS", ts=ts, text="after", blocks=[])
    assert control.messages()[0]["blocks"] == []


def test_an_update_sets_anew_how_the_text_is_parsed(slack: WebClient, control: Control) -> None:
    """https://docs.slack.dev/reference/methods/chat.update (2026-11-29): what is left out is client, not as before."""
    ts = slack.chat_postMessage(channel="orders", text="x", parse="none", link_names=True)["ts"]
    slack.chat_update(channel="C0LABORDERS", ts=ts, text="y")
    options = control.messages()[0]["options"]
    assert (options["parse"], options["link_names"]) == ("client", False)
    slack.chat_update(channel="C0LABORDERS", ts=ts, text="y", parse="none")
    assert control.messages()[0]["options"]["parse"] == "none"
    assert refusal(slack.chat_update, channel="C0LABORDERS", ts=ts, text="y", parse="x")["error"] == "invalid_arguments"


def test_an_update_that_slack_refuses(url: str, slack: WebClient, control: Control) -> None:
    ts = slack.chat_postMessage(channel="orders", text="x")["ts"]
    assert refusal(slack.chat_update, channel="orders", ts=ts, text="y")["error"] == "channel_not_found"
    assert refusal(slack.chat_update, channel="C0LABOPS", ts=ts, text="y")["error"] == "message_not_found"
    empty = {"channel": "C0LABORDERS", "ts": ts, "text": " "}
    assert refusal(slack.api_call, api_method="chat.update", json=empty)["error"] == "no_text"
    urllib3.request("POST", f"{url}/services/T0LAB/B0LABOPS/lab-secret", json={"text": "x"}, retries=False)
    ts = control.messages("ops")[0]["ts"]
    assert refusal(slack.chat_update, channel="C0LABOPS", ts=ts, text="y")["error"] == "cant_update_message"
    control.configure(channels=[{"id": "C0LABORDERS", "name": "orders", "rule": "archived"}])
    ts = control.messages("orders")[0]["ts"]
    assert refusal(slack.chat_update, channel="C0LABORDERS", ts=ts, text="y")["error"] == "is_inactive"


def test_history_comes_in_pages_newest_first(slack: WebClient) -> None:
    stamps = [slack.chat_postMessage(channel="orders", text=str(number))["ts"] for number in range(5)]
    pages = [
        ([message["text"] for message in page["messages"]], page["has_more"])
        for page in slack.conversations_history(channel="C0LABORDERS", limit=2)
    ]
    assert pages == [(["4", "3"], True), (["2", "1"], True), (["0"], False)]
    inner = slack.conversations_history(channel="C0LABORDERS", oldest=stamps[1], latest=stamps[3])
    assert [message["ts"] for message in inner["messages"]] == [stamps[2]]
    outer = slack.conversations_history(channel="C0LABORDERS", oldest=stamps[1], latest=stamps[3], inclusive=True)
    assert [message["ts"] for message in outer["messages"]] == [stamps[3], stamps[2], stamps[1]]


def test_history_shows_metadata_only_when_asked(slack: WebClient) -> None:
    metadata = {"event_type": "order", "event_payload": {"key": "k"}}
    slack.chat_postMessage(channel="orders", text="x", metadata=metadata)
    [plain] = slack.conversations_history(channel="C0LABORDERS")["messages"]
    [full] = slack.conversations_history(channel="C0LABORDERS", include_all_metadata=True)["messages"]
    assert ("metadata" in plain, full["metadata"]) == (False, metadata)


def test_history_may_lag_behind(slack: WebClient, control: Control) -> None:
    slack.chat_postMessage(channel="orders", text="x")
    control.configure(history_lag=3600)
    assert slack.conversations_history(channel="C0LABORDERS")["messages"] == []
    control.configure(history_lag=0)
    assert len(slack.conversations_history(channel="C0LABORDERS")["messages"]) == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"channel": "orders"}, "channel_not_found"),
        ({"channel": "C0LABNOTJOINED"}, "not_in_channel"),
        ({"limit": 1000}, "invalid_limit"),
        ({"limit": "many"}, "invalid_limit"),
        ({"cursor": "bm9uZQ=="}, "invalid_cursor"),
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"latest": "1e9"}, "invalid_ts_latest"),
    ],
)
def test_history_that_slack_refuses(slack: WebClient, arguments: dict[str, Any], word: str) -> None:
    slack.chat_postMessage(channel="orders", text="x")
    assert refusal(slack.conversations_history, **{"channel": "C0LABORDERS", **arguments})["error"] == word


def test_replies_to_nothing(slack: WebClient) -> None:
    answer = refusal(slack.conversations_replies, channel="C0LABORDERS", ts="1732263600.000100")
    assert answer["error"] == "thread_not_found"


def test_a_channel_is_limited_alone_and_told_how_long_to_wait() -> None:
    with running_slack(Config(rate=Rate(per_second=0.01, burst=2))) as url:
        slack = client(url, "xoxb-lab-token")
        for _ in range(2):
            slack.chat_postMessage(channel="orders", text="x")
        with pytest.raises(SlackApiError) as limited:
            slack.chat_postMessage(channel="orders", text="x")
        answer = limited.value.response
        assert (answer.status_code, answer.data) == (429, {"ok": False, "error": "ratelimited"})
        assert answer.headers["Retry-After"] == "100"
        slack.chat_postMessage(channel="payments", text="x")
        assert len(Control(url).messages()) == 3


def test_a_bucket_fills_steadily_up_to_its_burst() -> None:
    now = [0.0]
    limiter = Limiter(Rate(per_second=1, burst=2), clock=lambda: now[0])
    limiter.take("a")
    limiter.take("a")
    with pytest.raises(RateLimitedError, match="1 s"):
        limiter.take("a")
    now[0] = 1.0
    limiter.take("a")
    now[0] = 100.0
    limiter.take("a")
    limiter.take("a")
    with pytest.raises(RateLimitedError):
        limiter.take("a")


def test_its_clock_can_be_moved_on() -> None:
    with running_slack(Config(rate=Rate(per_second=0.01, burst=1), history_lag=3600)) as url:
        slack, control = client(url, "xoxb-lab-reader"), Control(url)
        first = slack.chat_postMessage(channel="orders", text="x")["ts"]
        with pytest.raises(SlackApiError):
            slack.chat_postMessage(channel="orders", text="x")
        assert slack.conversations_history(channel="C0LABORDERS")["messages"] == []
        control.advance(7200.0)
        assert len(slack.conversations_history(channel="C0LABORDERS")["messages"]) == 1
        second = slack.chat_postMessage(channel="orders", text="x")["ts"]
        assert 7200 <= float(second) - float(first) < 7260
        sent = [datetime.fromisoformat(request["received_at"]) for request in control.requests()]
        assert (sent[-1] - sent[0]).total_seconds() >= 7200
        control.reset()
        assert float(slack.chat_postMessage(channel="orders", text="x")["ts"]) - float(first) >= 7200


def test_it_serves_tls(tmp_path: Path) -> None:
    authority = Authority.create(tmp_path)
    certificate = authority.issue("slack", "localhost")
    with running_slack(host="localhost", certificate=certificate) as url:
        trusting = ssl.create_default_context(cafile=str(authority.ca))
        assert client(url, "xoxb-lab-token", ssl=trusting).auth_test()["ok"] is True
        assert len(Control(url, authority.ca).requests()) == 1
        with pytest.raises(OSError, match="certificate verify failed"):
            client(url, "xoxb-lab-token", ssl=ssl.create_default_context()).auth_test()


@pytest.mark.parametrize(
    ("arguments", "error", "found"),
    [
        ({"blocks": '[{"type": "divider"}]'}, "", []),
        ({"message": '{"text": "Hi"}'}, "", []),
        ({"view": '{"type": "modal"}'}, "", []),
        (
            {"blocks": '[{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]'},
            "invalid_blocks",
            ["/0/text/type"],
        ),
        ({"message": '{"blocks": [{"type": "section"}]}'}, "invalid_message", ["/blocks/0"]),
        ({}, "invalid_arguments", None),
        ({"blocks": "[]", "message": "{}"}, "invalid_arguments", None),
        ({"blocks": "{"}, "invalid_blocks", None),
        ({"message": "[]"}, "invalid_message", None),
    ],
)
def test_blocks_are_validated(
    slack: WebClient, arguments: dict[str, str], error: str, found: list[str] | None, control: Control
) -> None:
    if not error:
        assert slack.api_call("blocks.validate", data=arguments)["ok"] is True
    else:
        answer = refusal(slack.api_call, api_method="blocks.validate", data=arguments)
        assert answer["error"] == error
        if found is not None:
            assert [one["pointer"] for one in answer["errors"]] == found
            assert all(one.keys() == {"code", "message", "pointer", "constraint"} for one in answer["errors"])
    assert control.messages() == []

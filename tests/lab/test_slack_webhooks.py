"""Incoming webhooks as slack-sdk meets them: plain words, and the statuses that go with them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from slack_sdk.webhook import WebhookClient

from lab.slack import Config, Control, Rate, running_slack

ORDERS = "T0LAB/B0LABORDERS/lab-secret"


pytestmark = pytest.mark.usefixtures("control")


def post(url: str, path: str, body: dict[str, Any]) -> tuple[int, str]:
    answer = WebhookClient(f"{url}/services/{path}", retry_handlers=[]).send_dict(body)
    return answer.status_code, answer.body


def test_a_post_is_answered_ok(url: str, control: Control) -> None:
    blocks = [{"type": "divider"}]
    assert post(url, ORDERS, {"text": "Hello", "blocks": blocks}) == (200, "ok")
    [message] = control.messages()
    assert (message["channel"], message["text"], message["blocks"]) == ("C0LABORDERS", "Hello", blocks)
    assert message["via"] == "webhook"


def test_a_post_is_kept_with_how_it_is_to_be_treated(url: str, control: Control) -> None:
    options = {"parse": "none", "link_names": False, "unfurl_links": False}
    assert post(url, ORDERS, {"text": "Hello", **options}) == (200, "ok")
    assert control.messages()[0]["options"] == options


def test_a_form_carries_the_payload(url: str, control: Control) -> None:
    body = urlencode({"payload": '{"text": "a&b"}'})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = urllib3.request("POST", f"{url}/services/{ORDERS}", body=body, headers=headers, retries=False)
    assert (answer.status, answer.data) == (200, b"ok")
    assert control.messages()[0]["text"] == "a&b"


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("T0OTHER/B0LABORDERS/lab-secret", 404, "no_team"),
        ("T0LAB/B0OTHER/lab-secret", 404, "no_service"),
        ("T0LAB/B0LABORDERS/wrong", 403, "invalid_token"),
        ("T0LAB", 404, "no_service"),
        ("T0LAB/B0LABARCHIVED/lab-secret", 410, "channel_is_archived"),
        ("T0LAB/B0LABREADONLY/lab-secret", 403, "action_prohibited"),
        ("T0LAB/B0LABTHREADONLY/lab-secret", 403, "action_prohibited"),
        ("T0LAB/B0LABADMINSONLY/lab-secret", 403, "posting_to_general_channel_denied"),
        ("T0LAB/B0LABNOTJOINED/lab-secret", 200, "ok"),
        ("T0LAB/B0LABNOTHREADS/lab-secret", 200, "ok"),
    ],
)
def test_an_address_decides(url: str, path: str, status: int, word: str) -> None:
    assert post(url, path, {"text": "x"}) == (status, word)


@pytest.mark.parametrize(
    ("refused", "status"),
    [("no_active_hooks", 404), ("team_disabled", 403), ("invalid_token", 403), ("user_not_found", 400)],
)
def test_a_webhook_that_was_switched_off(url: str, control: Control, refused: str, status: int) -> None:
    control.configure(webhooks=[{"path": ORDERS, "channel": "C0LABORDERS", "refused": refused}])
    assert post(url, ORDERS, {"text": "x"}) == (status, refused)


def test_a_webhook_whose_channel_is_gone(url: str, control: Control) -> None:
    control.configure(channels=[])
    assert post(url, ORDERS, {"text": "x"}) == (404, "channel_not_found")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"text": " "}, "no_text"),
        ({"username": "x"}, "missing_text_or_fallback_or_attachments"),
        ({"text": "x", "blocks": [{"type": "fancy"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "attachments": [{"text": "a"}] * 101}, "too_many_attachments"),
    ],
)
def test_content_that_slack_refuses(url: str, control: Control, body: dict[str, Any], word: str) -> None:
    assert post(url, ORDERS, body) == (400, word)
    assert control.messages() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"text=x"])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_a_payload_that_cannot_be_read(url: str, content_type: str, body: bytes) -> None:
    answer = urllib3.request(
        "POST", f"{url}/services/{ORDERS}", body=body, headers={"Content-Type": content_type}, retries=False
    )
    assert (answer.status, answer.data) == (400, b"invalid_payload")


def test_a_webhook_is_limited_too() -> None:
    with running_slack(Config(rate=Rate(per_second=0.01, burst=1))) as url:
        assert post(url, ORDERS, {"text": "x"}) == (200, "ok")
        answer = WebhookClient(f"{url}/services/{ORDERS}", retry_handlers=[]).send(text="x")
        assert (answer.status_code, answer.body, answer.headers["Retry-After"]) == (429, "rate_limited", "100")

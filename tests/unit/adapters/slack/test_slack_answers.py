"""Every answer that Slack can give, in a table; whatever is not in it is still one of the classes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPHeaderDict

from handler.adapters.http.exchange import Answer
from handler.adapters.slack.answers import MAX_RETRY_AFTER, Delivered, retry_after, web_api, webhook
from handler.delivery.after import _GONE
from handler.errors import CODES, SlackError

NOW = 1_770_000_000.0  # 2026-02-02 02:40:00 UTC
OK = {"ok": True, "channel": "C1", "ts": "1770000000.000100", "message": {"text": "hi"}}


def said(status: int, body: bytes, **headers: str) -> Answer:
    return Answer(status, HTTPHeaderDict({name.replace("_", "-"): value for name, value in headers.items()}), body)


def of_the_web_api(status: int, document: Any) -> Delivered | SlackError:
    return web_api(said(status, json.dumps(document).encode()), NOW)


def test_the_documented_success_of_the_web_api_is_a_delivery() -> None:
    assert of_the_web_api(200, OK) == Delivered("C1", "1770000000.000100")


def test_the_documented_success_of_a_webhook_is_a_delivery() -> None:
    assert webhook(said(200, b"ok"), NOW) == Delivered()


WEB_API_WORDS = [
    ("SLACK_RATE_LIMITED", "rate_limited"),
    ("SLACK_RATE_LIMITED", "ratelimited"),
    ("SLACK_RATE_LIMITED", "message_limit_exceeded"),
    ("SLACK_UNAVAILABLE", "team_added_to_org"),
    ("SLACK_UNAVAILABLE", "org_login_required"),
    ("SLACK_AMBIGUOUS", "internal_error"),
    ("SLACK_AMBIGUOUS", "fatal_error"),
    ("SLACK_AMBIGUOUS", "request_timeout"),
    ("SLACK_AMBIGUOUS", "service_unavailable"),
    ("SLACK_CONFIG", "channel_not_found"),
    ("SLACK_CONFIG", "is_archived"),
    ("SLACK_CONFIG", "not_in_channel"),
    ("SLACK_CONFIG", "restricted_action"),
    ("SLACK_CONFIG", "restricted_action_read_only_channel"),
    ("SLACK_CONFIG", "restricted_action_thread_only_channel"),
    ("SLACK_CONFIG", "restricted_action_thread_locked"),
    ("SLACK_CONFIG", "restricted_action_non_threadable_channel"),
    ("SLACK_CONFIG", "team_not_found"),
    ("SLACK_CONFIG", "messages_tab_disabled"),
    ("SLACK_CONFIG", "ekm_access_denied"),
    ("SLACK_CONFIG", "app_access_restricted"),
    ("SLACK_CONFIG", "cannot_reply_to_message"),
    # Of chat.update and of threads
    ("SLACK_UNAVAILABLE", "external_channel_migrating"),
    ("SLACK_AMBIGUOUS", "update_failed"),
    ("SLACK_CONFIG", "thread_not_found"),
    ("SLACK_CONFIG", "message_not_found"),
    ("SLACK_CONFIG", "cant_update_message"),
    ("SLACK_CONFIG", "edit_window_closed"),
    ("SLACK_CONFIG", "is_inactive"),
    ("SLACK_CONTENT", "block_mismatch"),
    ("SLACK_CREDENTIAL", "invalid_auth"),
    ("SLACK_CREDENTIAL", "not_authed"),
    ("SLACK_CREDENTIAL", "account_inactive"),
    ("SLACK_CREDENTIAL", "token_revoked"),
    ("SLACK_CREDENTIAL", "token_expired"),
    ("SLACK_CREDENTIAL", "missing_scope"),
    ("SLACK_CREDENTIAL", "not_allowed_token_type"),
    ("SLACK_CREDENTIAL", "team_access_not_granted"),
    ("SLACK_CREDENTIAL", "accesslimited"),
    ("SLACK_CONTENT", "invalid_blocks"),
    ("SLACK_CONTENT", "invalid_blocks_format"),
    ("SLACK_CONTENT", "msg_blocks_too_long"),
    ("SLACK_CONTENT", "msg_too_long"),
    ("SLACK_CONTENT", "no_text"),
    ("SLACK_CONTENT", "too_many_attachments"),
    ("SLACK_CONTENT", "markdown_text_conflict"),
    ("SLACK_CONTENT", "invalid_metadata_format"),
    ("SLACK_CONTENT", "invalid_metadata_schema"),
    ("SLACK_CONTENT", "metadata_too_large"),
    ("SLACK_CONTENT", "metadata_must_be_sent_from_app"),
    # A word of next year's is a refusal, shown as it is.
    ("SLACK_CONFIG", "word_of_tomorrow"),
]


@pytest.mark.parametrize(("code", "word"), WEB_API_WORDS)
@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_a_refusal_of_the_web_api_is_classed_by_its_word(status: int, code: str, word: str) -> None:
    error = of_the_web_api(status, {"ok": False, "error": word})
    assert isinstance(error, SlackError)
    assert (error.code, error.reason) == (code, word)


@pytest.mark.parametrize("word", sorted(_GONE))
def test_a_first_message_that_is_gone_is_known_by_slacks_own_word(word: str) -> None:
    """What delivery/after.py looks for is listed above, and no word that only stands for any refusal."""
    error = of_the_web_api(200, {"ok": False, "error": word})
    assert isinstance(error, SlackError)
    assert (error.code, error.reason) == ("SLACK_CONFIG", word)
    assert ("SLACK_CONFIG", word) in WEB_API_WORDS


WEBHOOK_WORDS = [
    (400, "SLACK_CONTENT", "invalid_payload"),
    (400, "SLACK_CONTENT", "no_text"),
    (400, "SLACK_CONTENT", "missing_text_or_fallback_or_attachments"),
    (400, "SLACK_CONTENT", "invalid_blocks"),
    (400, "SLACK_CONTENT", "too_many_attachments"),
    (400, "SLACK_CONFIG", "user_not_found"),
    (403, "SLACK_CONFIG", "action_prohibited"),
    (403, "SLACK_CONFIG", "posting_to_general_channel_denied"),
    (404, "SLACK_CONFIG", "channel_not_found"),
    (410, "SLACK_CONFIG", "channel_is_archived"),
    (403, "SLACK_CREDENTIAL", "invalid_token"),
    (404, "SLACK_CREDENTIAL", "no_active_hooks"),
    (404, "SLACK_CREDENTIAL", "no_service"),
    (404, "SLACK_CREDENTIAL", "no_team"),
    (403, "SLACK_CREDENTIAL", "team_disabled"),
    (404, "SLACK_CONFIG", "word_of_tomorrow"),
]


@pytest.mark.parametrize(("status", "code", "word"), WEBHOOK_WORDS)
@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_refusal_of_a_webhook_is_classed_by_its_word(status: int, code: str, word: str, ending: str) -> None:
    error = webhook(said(status, (word + ending).encode()), NOW)
    assert isinstance(error, SlackError)
    assert (error.code, error.reason) == (code, word)


@pytest.mark.parametrize("judge", [web_api, webhook])
@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (301, b"", "SLACK_REDIRECT"),
        (302, b'{"ok":true,"channel":"C1","ts":"1.2"}', "SLACK_REDIRECT"),
        (307, b"ok", "SLACK_REDIRECT"),
        (429, b"", "SLACK_RATE_LIMITED"),
        (500, b"", "SLACK_AMBIGUOUS"),
        (500, b"rollup_error", "SLACK_AMBIGUOUS"),
        (503, b'{"ok":false,"error":"invalid_auth"}', "SLACK_AMBIGUOUS"),
        (502, b"<html>Bad Gateway</html>", "SLACK_AMBIGUOUS"),
        (504, b'{"ok":true,"channel":"C1","ts":"1.2"}', "SLACK_AMBIGUOUS"),
        (200, b"", "SLACK_AMBIGUOUS"),
        (200, b"<html>Sign in</html>", "SLACK_AMBIGUOUS"),
        (200, b'{"ok":true,"channel":"C1","ts":"1.', "SLACK_AMBIGUOUS"),
        (200, b"OK", "SLACK_AMBIGUOUS"),
        (200, b"ok\n", "SLACK_AMBIGUOUS"),
        (200, b"\xff\xfe", "SLACK_AMBIGUOUS"),
        (200, json.dumps(OK).encode("utf-16"), "SLACK_AMBIGUOUS"),
        (201, b"ok", "SLACK_AMBIGUOUS"),
        (204, b"", "SLACK_AMBIGUOUS"),
        (403, b"<html>Blocked by the proxy</html>", "SLACK_UNAVAILABLE"),
        (407, b"", "SLACK_UNAVAILABLE"),
    ],
)
def test_what_slack_does_not_document_is_never_a_success(judge: Any, status: int, body: bytes, code: str) -> None:
    error = judge(said(status, body), NOW)
    assert isinstance(error, SlackError)
    assert error.code == code
    assert error.reason.startswith(f"HTTP {status}")


@pytest.mark.parametrize(
    "document",
    [
        {"ok": True},
        {"ok": True, "channel": "C1"},
        {"ok": True, "ts": "1.2"},
        {"ok": True, "channel": "C1", "ts": 1.2},
        {"ok": True, "channel": None, "ts": "1.2"},
        {"ok": True, "channel": "", "ts": ""},
        {"ok": "true", "channel": "C1", "ts": "1.2"},
        {"ok": 1, "channel": "C1", "ts": "1.2"},
        {"ok": False},
        {"ok": False, "error": None},
        {"ok": False, "error": ["invalid_auth"]},
        {"error": "invalid_auth"},
        [OK],
        "ok",
        None,
        42,
    ],
)
def test_a_200_of_another_shape_is_ambiguous(document: Any) -> None:
    error = of_the_web_api(200, document)
    assert isinstance(error, SlackError)
    assert error.code == "SLACK_AMBIGUOUS"


@pytest.mark.parametrize("bomb", [b"[" * 100_000, b"9" * 100_000, b'{"ok":' + b"[" * 100_000])
def test_a_bomb_is_ambiguous(bomb: bytes) -> None:
    error = web_api(said(200, bomb), NOW)
    assert isinstance(error, SlackError)
    assert error.code == "SLACK_AMBIGUOUS"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1", 1.0),
        ("30", 30.0),
        (" 30 ", 30.0),
        ("0", 0.0),
        ("0.5", 0.5),
        ("3600", 3600.0),
        ("3601", 3600.0),
        ("9" * 400, 3600.0),
        ("Mon, 02 Feb 2026 02:41:00 GMT", 60.0),
        ("Mon, 02 Feb 2026 02:39:00 GMT", 0.0),
        ("Tue, 02 Feb 2027 02:40:00 GMT", 3600.0),
        (None, 30.0),
        ("", 30.0),
        ("soon", 30.0),
        ("-5", 30.0),
        ("1, 2", 30.0),
        ("nan", 30.0),
        ("inf", 30.0),
        ("1e3", 30.0),
        ("٣", 30.0),
        ("Mon, 99 Feb 2026 99:99:99 GMT", 30.0),
    ],
)
def test_retry_after_is_a_sane_number_of_seconds(header: str | None, seconds: float) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.text())
def test_no_retry_after_is_too_absurd(header: str) -> None:
    assert 0.0 <= retry_after(header, NOW) <= MAX_RETRY_AFTER


def test_a_429_carries_what_it_asks_for_on_either_way() -> None:
    for judge in (web_api, webhook):
        error = judge(said(429, b'{"ok":false,"error":"ratelimited"}', retry_after="7"), NOW)
        assert isinstance(error, SlackError)
        assert (error.code, error.retry_after) == ("SLACK_RATE_LIMITED", 7.0)


def test_a_plans_limit_is_not_tried_again_within_seconds() -> None:
    error = of_the_web_api(200, {"ok": False, "error": "message_limit_exceeded"})
    assert isinstance(error, SlackError)
    assert error.retry_after == MAX_RETRY_AFTER


def test_only_a_rate_limit_names_a_wait() -> None:
    error = web_api(said(503, b"", retry_after="7"), NOW)
    assert isinstance(error, SlackError)
    assert error.retry_after is None


@given(st.integers(100, 999), st.binary(max_size=200))
def test_every_answer_has_a_class_and_quotes_no_body(status: int, body: bytes) -> None:
    for judge in (web_api, webhook):
        result = judge(said(status, body), NOW)
        assert isinstance(result, Delivered) or (result.code in CODES and len(result.reason) <= 80)

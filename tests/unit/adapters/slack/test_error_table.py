"""Every error that Slack documents for a method in use has a class and a remedy.

Typed in from the pages' tables of errors on 2026-11-29. The errors of chat.postMessage that older pages had, and those
which all methods share, are in lists of their own.
"""

from __future__ import annotations

import json

import pytest
from urllib3 import HTTPHeaderDict

from cli import reference
from handler.adapters.http.exchange import Answer
from handler.adapters.slack.answers import Delivered, messages, web_api, webhook
from handler.adapters.slack.error_table import SLACK_ERRORS
from handler.errors import CODES, SlackError

NOW = 1_770_000_000.0

# What the page of each method lists below its own errors.
COMMON = """
    access_denied accesslimited account_inactive deprecated_endpoint ekm_access_denied enterprise_is_restricted
    fatal_error internal_error invalid_arg_name invalid_arguments invalid_array_arg invalid_auth invalid_charset
    invalid_form_data invalid_post_type is_bot method_deprecated missing_post_type missing_scope no_permission
    not_allowed_token_type not_authed org_login_required ratelimited request_timeout service_unavailable
    team_access_not_granted team_added_to_org token_expired token_revoked two_factor_setup_required unknown_method"""

DOCUMENTED = {
    "https://docs.slack.dev/reference/methods/chat.postMessage": """
        app_access_restricted as_user_not_supported attachment_payload_limit_exceeded cannot_reply_to_message
        channel_not_found draft_already_deleted draft_already_sent draft_has_conflict draft_not_found
        duplicate_channel_not_found duplicate_message_not_found ekm_access_denied invalid_blocks invalid_blocks_format
        invalid_metadata_format invalid_metadata_schema is_archived markdown_text_conflict message_limit_exceeded
        messages_tab_disabled metadata_must_be_sent_from_app metadata_too_large missing_file_data msg_blocks_too_long
        msg_too_long no_text not_in_channel rate_limited restricted_action restricted_action_non_threadable_channel
        restricted_action_read_only_channel restricted_action_thread_locked restricted_action_thread_only_channel
        send_on_behalf_not_allowed slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked
        slack_connect_lists_sharing_blocked team_not_found too_many_attachments too_many_contact_cards""",
    "https://docs.slack.dev/reference/methods/chat.update": """
        as_user_not_supported block_mismatch blocked_file_type cant_broadcast_message cant_update_message
        channel_not_found edit_window_closed external_channel_migrating file_deleted file_is_deleted file_not_found
        file_share_limit_reached invalid_attachments invalid_blocks invalid_blocks_format invalid_metadata_format
        invalid_metadata_schema is_inactive markdown_text_conflict max_file_sharing_exceeded message_limit_exceeded
        message_not_found metadata_must_be_sent_from_app metadata_too_large msg_too_long
        no_dual_broadcast_content_update no_text posting_to_channel_denied slack_connect_blocked_file_type
        slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked slack_connect_file_link_sharing_blocked
        slack_connect_file_upload_sharing_blocked streaming_state_conflict team_not_found too_many_attachments
        unable_to_share_files update_failed""",
    "https://docs.slack.dev/reference/methods/conversations.history": """
        channel_is_limited_access channel_not_found invalid_cursor invalid_metadata_filter_keys invalid_ts_latest
        invalid_ts_oldest not_in_channel""",
    "https://docs.slack.dev/reference/methods/conversations.replies": """
        channel_not_found invalid_cursor invalid_metadata_filter_keys invalid_ts_latest invalid_ts_oldest
        list_record_comment_fetch_failed method_not_supported_for_channel_type missing_scope thread_not_found""",
    "https://docs.slack.dev/reference/methods/conversations.info": """
        channel_is_limited_access channel_not_found missing_scope""",
    "https://docs.slack.dev/reference/methods/chat.getPermalink": "channel_not_found message_not_found",
    "https://docs.slack.dev/reference/methods/auth.test": "internal_error invalid_auth",
}
# https://docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks
WEBHOOKS = [
    (400, "invalid_payload"),
    (400, "user_not_found"),
    (403, "action_prohibited"),
    (404, "channel_not_found"),
    (410, "channel_is_archived"),
    (500, "rollup_error"),
]
# What each means, by what the pages say of it.
CLASSES = {
    "SLACK_RATE_LIMITED": "rate_limited ratelimited message_limit_exceeded",
    # The call did nothing, and the cause passes by itself.
    "SLACK_UNAVAILABLE": """
        external_channel_migrating invalid_cursor list_record_comment_fetch_failed org_login_required
        streaming_state_conflict team_added_to_org""",
    # "It's possible some aspect of the operation succeeded", or nothing is said of it.
    "SLACK_AMBIGUOUS": "fatal_error internal_error request_timeout rollup_error service_unavailable update_failed",
    # Somebody has to change the token, or the app.
    "SLACK_CREDENTIAL": """
        accesslimited account_inactive invalid_auth is_bot missing_scope not_allowed_token_type not_authed
        team_access_not_granted token_expired token_revoked two_factor_setup_required""",
    # A plain text may pass where this did not.
    "SLACK_CONTENT": """
        attachment_payload_limit_exceeded block_mismatch blocked_file_type file_deleted file_is_deleted file_not_found
        file_share_limit_reached invalid_arguments invalid_attachments invalid_blocks invalid_blocks_format
        invalid_metadata_format invalid_metadata_schema invalid_payload markdown_text_conflict max_file_sharing_exceeded
        metadata_must_be_sent_from_app metadata_too_large missing_file_data msg_blocks_too_long msg_too_long no_text
        slack_connect_blocked_file_type slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked
        slack_connect_file_link_sharing_blocked slack_connect_file_upload_sharing_blocked
        slack_connect_lists_sharing_blocked too_many_attachments too_many_contact_cards unable_to_share_files""",
}
CLASS = {word: code for code, words in CLASSES.items() for word in words.split()}

POSTED = [(page, word) for page, words in DOCUMENTED.items() for word in f"{words} {COMMON}".split()]


def refused(word: str) -> Answer:
    return Answer(200, HTTPHeaderDict(), json.dumps({"ok": False, "error": word}).encode())


@pytest.mark.parametrize(("page", "word"), POSTED, ids=[f"{page.rpartition('/')[2]} {word}" for page, word in POSTED])
def test_a_documented_error_has_a_class_and_a_remedy(page: str, word: str) -> None:
    judge = messages if "/conversations.h" in page or "/conversations.r" in page else web_api
    error = judge(refused(word), NOW)
    assert isinstance(error, SlackError)
    assert (error.code, error.reason) == (CLASS.get(word, "SLACK_CONFIG"), word)
    assert len(SLACK_ERRORS[word].remedy) > 10


@pytest.mark.parametrize(("status", "word"), WEBHOOKS)
def test_a_documented_error_of_a_webhook_has_a_class_and_a_remedy(status: int, word: str) -> None:
    error = webhook(Answer(status, HTTPHeaderDict(), word.encode()), NOW)
    assert isinstance(error, SlackError)
    assert error.code == CLASS.get(word, "SLACK_CONFIG")
    assert SLACK_ERRORS[word].remedy


@pytest.mark.parametrize("word", ["word_of_tomorrow", "restricted_action_of_tomorrow"])
def test_an_unknown_word_is_a_refusal(word: str) -> None:
    for judge in (web_api, messages):
        error = judge(refused(word), NOW)
        assert not isinstance(error, Delivered)
        assert error is not None
        assert (error.code, error.reason) == ("SLACK_CONFIG", word)


def test_every_word_is_of_a_known_class_and_on_the_page_for_the_person_on_call() -> None:
    page = reference.codes()
    for word, (code, remedy) in SLACK_ERRORS.items():
        assert code in CODES
        assert f"| `{word}` | `{code}` | {remedy} |" in page

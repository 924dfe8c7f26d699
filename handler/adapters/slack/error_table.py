"""Slack's error words, such as channel_not_found: the notifier's code for each, and what to do.

The table has every error that Slack documents for the methods used and for incoming webhooks, as of 2026-11-29:

- https://docs.slack.dev/reference/methods/ chat.postMessage, chat.update, chat.getPermalink, conversations.history,
  conversations.replies, conversations.info, auth.test
- https://docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks; other errors of webhooks
  are not documented, and are taken from users' reports

docs/codes.md lists this table by word. A word that is not in the table still counts as a refusal.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class SlackErrorEntry(NamedTuple):
    """The notifier's code for an error, and what to do about it."""

    code: str
    remedy: str


UNKNOWN_SLACK_ERROR: Final = SlackErrorEntry("SLACK_CONFIG", "look it up at https://docs.slack.dev/reference/methods/")

_NOTHING: Final = "nothing: it is retried"
_LOOK: Final = "look in the channel: Slack may have taken the message"
_REPORT: Final = "report it: the notifier never sends this. Also check whether a proxy changes the requests"
_DEPLOY: Final = "check api= in the parameter Slack, and deploy a newer notifier"
_RULES: Final = "ask an administrator of the workspace to let the app post there, or name another channel"
_GONE: Final = "nothing: if the message or its thread is gone or locked, the notifier posts a new message"
_PREVIEW: Final = "preview the template, and correct the blocks"
_SHORTER: Final = "shorten the template's text or blocks"
_FILES: Final = "remove the file, the link to it, or its block from the template"
_TOKEN: Final = "put a valid token into the secret slack-token"  # noqa: S105 - not one
_WEBHOOK: Final = "make a new webhook in the app's settings, and put its address into the secret"
_SCOPES: Final = "add the scope to the app (OAuth & Permissions), install it again, and store its new token"

_TABLE: Final = (
    # Rate limits
    ("SLACK_RATE_LIMITED", "rate_limited ratelimited", _NOTHING),
    (
        "SLACK_RATE_LIMITED",
        "message_limit_exceeded",
        "the workspace sends too many messages for its plan: wait, or change the plan",
    ),
    # Not posted, but may succeed later
    (
        "SLACK_UNAVAILABLE",
        "team_added_to_org org_login_required external_channel_migrating",
        "wait until Slack's migration has ended",
    ),
    ("SLACK_UNAVAILABLE", "streaming_state_conflict list_record_comment_fetch_failed invalid_cursor", _NOTHING),
    # Outcome unknown
    ("SLACK_AMBIGUOUS", "internal_error fatal_error service_unavailable rollup_error update_failed", _LOOK),
    (
        "SLACK_AMBIGUOUS",
        "request_timeout",
        "look in the channel, and check the network path to Slack: a request was cut off",
    ),
    # Wrong destination or method
    (
        "SLACK_CONFIG",
        "channel_not_found",
        "correct the channel's id in templates/_stages/; in a private channel first invite the app",
    ),
    ("SLACK_CONFIG", "not_in_channel", "invite the app to the channel"),
    ("SLACK_CONFIG", "no_permission", "invite the app to the channel, and check its scopes"),
    ("SLACK_CONFIG", "is_archived is_inactive channel_is_archived", "name another channel in templates/_stages/"),
    (
        "SLACK_CONFIG",
        (
            "restricted_action restricted_action_read_only_channel restricted_action_thread_only_channel access_denied"
            " ekm_access_denied app_access_restricted enterprise_is_restricted channel_is_limited_access"
            " posting_to_channel_denied action_prohibited posting_to_general_channel_denied"
        ),
        _RULES,
    ),
    (
        "SLACK_CONFIG",
        (
            "thread_not_found message_not_found cannot_reply_to_message restricted_action_thread_locked"
            " restricted_action_non_threadable_channel cant_update_message edit_window_closed"
        ),
        _GONE,
    ),
    (
        "SLACK_CONFIG",
        "method_not_supported_for_channel_type messages_tab_disabled user_not_found",
        "name a channel in templates/_stages/, not a person or an app",
    ),
    ("SLACK_CONFIG", "team_not_found", "write the channel's id, not its name, in templates/_stages/"),
    ("SLACK_CONFIG", "method_deprecated deprecated_endpoint unknown_method", _DEPLOY),
    (
        "SLACK_CONFIG",
        (
            "as_user_not_supported send_on_behalf_not_allowed cant_broadcast_message no_dual_broadcast_content_update"
            " draft_already_deleted draft_already_sent draft_has_conflict draft_not_found duplicate_channel_not_found"
            " duplicate_message_not_found invalid_metadata_filter_keys invalid_ts_latest invalid_ts_oldest"
            " invalid_arg_name invalid_array_arg invalid_charset invalid_form_data invalid_post_type missing_post_type"
        ),
        _REPORT,
    ),
    # Wrong token or webhook
    (
        "SLACK_CREDENTIAL",
        "invalid_auth not_authed account_inactive token_revoked token_expired not_allowed_token_type is_bot",
        _TOKEN,
    ),
    ("SLACK_CREDENTIAL", "missing_scope", _SCOPES),
    ("SLACK_CREDENTIAL", "team_access_not_granted", "install the app to this workspace of the organization"),
    ("SLACK_CREDENTIAL", "two_factor_setup_required", "let the app's owner set up two-factor authentication"),
    (
        "SLACK_CREDENTIAL",
        "accesslimited",
        "let an administrator allow the function's address (notifier doctor shows it)",
    ),
    ("SLACK_CREDENTIAL", "invalid_token no_active_hooks no_service no_team team_disabled", _WEBHOOK),
    # Wrong content
    (
        "SLACK_CONTENT",
        (
            "invalid_blocks invalid_blocks_format block_mismatch invalid_arguments invalid_attachments"
            " markdown_text_conflict too_many_contact_cards invalid_payload invalid_json json_not_object"
        ),
        _PREVIEW,
    ),
    (
        "SLACK_CONTENT",
        "msg_too_long msg_blocks_too_long too_many_attachments attachment_payload_limit_exceeded",
        _SHORTER,
    ),
    (
        "SLACK_CONTENT",
        "no_text missing_text_or_fallback_or_attachments",
        "write a text that always says something",
    ),
    (
        "SLACK_CONTENT",
        "invalid_metadata_format invalid_metadata_schema metadata_too_large metadata_must_be_sent_from_app",
        "report it: the message was posted without its metadata",
    ),
    (
        "SLACK_CONTENT",
        (
            "blocked_file_type file_deleted file_is_deleted file_not_found file_share_limit_reached"
            " max_file_sharing_exceeded missing_file_data unable_to_share_files slack_connect_blocked_file_type"
            " slack_connect_canvas_sharing_blocked slack_connect_clip_sharing_blocked"
            " slack_connect_file_link_sharing_blocked slack_connect_file_upload_sharing_blocked"
            " slack_connect_lists_sharing_blocked"
        ),
        _FILES,
    ),
)

SLACK_ERRORS: Final[dict[str, SlackErrorEntry]] = {
    word: SlackErrorEntry(code, remedy) for code, words, remedy in _TABLE for word in words.split()
}

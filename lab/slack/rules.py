"""Rules that keep the app from posting to a channel, with Slack's error words."""

from __future__ import annotations

from typing import Final, NamedTuple


class Rule(NamedTuple):
    """Why a channel refuses posts: the error word for a token and for a webhook, and which messages are refused.

    With an empty `webhook` the rule does not apply to webhooks. Slack does not publish the webhook words of the other
    rules.
    """

    word: str
    webhook: str = "action_prohibited"
    top_level: bool = True
    replies: bool = True

    def refuses(self, *, reply: bool) -> bool:
        """Return whether it refuses this message: a `reply`, or one outside a thread."""
        return self.replies if reply else self.top_level


RULES: Final = {
    "archived": Rule("is_archived", webhook="channel_is_archived"),
    "not-joined": Rule("not_in_channel", webhook=""),
    "read-only": Rule("restricted_action_read_only_channel"),
    "thread-only": Rule("restricted_action_thread_only_channel", replies=False),
    "no-threads": Rule("restricted_action_non_threadable_channel", top_level=False),
    "admins-only": Rule("restricted_action", webhook="posting_to_general_channel_denied"),
    "keys-revoked": Rule("ekm_access_denied"),
}

"""Why a channel takes no messages, in Slack's words."""

from __future__ import annotations

from typing import Final, NamedTuple


class Rule(NamedTuple):
    """Why posting to a channel is refused: Slack's word to a token, to a webhook, and for which messages.

    An empty `webhook` is a rule that does not bind webhooks. Which word a webhook gets for the others is not published.
    """

    word: str
    webhook: str = "action_prohibited"
    top_level: bool = True
    replies: bool = True

    def refuses(self, *, reply: bool) -> bool:
        """Whether it refuses a reply, or a message of its own."""
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

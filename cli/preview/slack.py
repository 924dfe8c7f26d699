"""The Slack that a test message goes to: that of a token, of a deployed stack, or of a demo."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli import running
from cli.language import later, say
from cli.operations.refusals import UnansweredError
from cli.running import Running

if TYPE_CHECKING:  # what a command needs that is not misused
    from handler.errors import NotifierError
    from handler.model import Message, Receipt
    from handler.ports import Secrets
    from handler.settings import Settings

DEMO_STAGE: Final = "demo"
TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of the variable
_TOKEN_WORDS: Final = (
    "invalid_auth not_authed account_inactive token_revoked token_expired not_allowed_token_type is_bot".split()  # noqa: SIM905
)
# What to do about Slack's errors, where it is another thing for a test than for the function (error_table.py).
_REMEDIES: Final = {
    "channel_not_found": later("check the id after --to; in a private channel first invite the app"),
    "is_archived": later("name another channel after --to"),
    "missing_scope": later("add the scope chat:write to the app (OAuth & Permissions), and install it again"),
    "messages_tab_disabled": later("turn on the Messages Tab in the app's settings (App Home)"),
    "user_not_found": later("check the person's id: in their profile, Copy member ID"),
}

_OF_CODES: Final = {
    "SLACK_AMBIGUOUS": later("look there before you send it again: Slack may have the message"),
    "SLACK_RATE_LIMITED": later("wait a minute, and send it again"),
    "SLACK_UNAVAILABLE": later("check the way from here to Slack, and Slack's status page; then send it again"),
}


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where messages are posted: `place` is what a person calls it, `demo` the demo that it belongs to.

    `settings` are those of a deployed function; without them it is Slack itself.
    """

    place: str
    secrets: Secrets
    settings: Settings | None = None
    demo: Running | None = None

    def post(self, message: Message) -> Receipt:
        """Post a message as the function does.

        Raises click.ClickException, which says what to do; UnansweredError for a stack without a bot's token.
        """
        from handler.errors import NotifierError

        try:
            return self._post(message)
        except NotifierError as error:
            raise click.ClickException(
                say("{error}\n  fix: {remedy}", error=error, remedy=self._remedy(error))
            ) from None

    def link(self, receipt: Receipt) -> str:
        """Return where to look at a message that was posted."""
        page = self.demo.page if self.demo else ""
        return page or f"https://slack.com/archives/{receipt.channel}/p{receipt.ts.replace('.', '')}"

    def stages(self, folder: Path) -> tuple[str, ...]:
        """Return the stage of a folder of templates that a test is for where none is named: in a demo its own."""
        return (DEMO_STAGE,) if self.demo and (folder / "_stages" / f"{DEMO_STAGE}.yaml").exists() else ()

    def _post(self, message: Message) -> Receipt:
        from handler.adapters import tls
        from handler.adapters.slack.senders import SlackBot
        from handler.addresses import SlackAddress

        address = self.settings.slack if self.settings else SlackAddress()
        if address.mode != "bot":
            raise UnansweredError(
                say("{place} posts by webhooks, each to one channel. Set {variable}.", place=self.place, variable=TOKEN)
            )
        return SlackBot(self.secrets, address.api_url, tls.context(address.ca), proxy=address.proxy).post(message)

    def _remedy(self, error: NotifierError) -> str:
        from handler.adapters.slack.error_table import SLACK_ERRORS
        from handler.errors import CODES, SlackError

        reason = error.reason if isinstance(error, SlackError) else ""
        by_hand = self.settings is None
        if by_hand and (reason in _TOKEN_WORDS or error.code == "CONFIG_SECRET_FORMAT"):
            return say("put a valid bot token (xoxb-...) into {variable}", variable=TOKEN)
        if reason in _REMEDIES:
            return say(_REMEDIES[reason])
        if error.code in _OF_CODES:
            return say(_OF_CODES[error.code])
        return say(SLACK_ERRORS[reason].remedy if reason in SLACK_ERRORS else CODES[error.code].remedy)


def find(stack_name: str | None) -> Workspace:
    """Return the Slack of a stack, if it is named; else that of SLACK_BOT_TOKEN; else that of the demo that runs here.

    Raises click.UsageError where there is none of them, UnansweredError.
    """
    from cli.preview.connections import GivenSecrets, deployed_settings
    from handler.adapters.slack.senders import BOT_SECRET
    from handler.adapters.state.secret_store import SecretStore

    token = os.environ.get(TOKEN, "").strip()
    if token and not stack_name:
        return Workspace(say("the Slack of {variable}", variable=TOKEN), GivenSecrets({BOT_SECRET: token}))
    demo = None if stack_name else running.chosen()
    if not (stack_name or demo):
        raise click.UsageError(
            say(
                "Set {variable} to a bot's token, or name a stack with --stack. {otherwise}",
                variable=TOKEN,
                otherwise=running.absent(),
            )
        )
    if demo:
        os.environ.update(demo.environment)
    settings = deployed_settings(demo.stack if demo else stack_name)
    place = say("the demo's Slack") if demo else say("the Slack of the stack {name}", name=stack_name)
    return Workspace(place, SecretStore(settings.secrets), settings, demo)

"""The Slack that a test message is sent to: that of a token, of a deployed stack, or of the demo."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cli import running
from cli.language import say
from cli.operations.aws_errors import UnansweredError
from cli.running import Running

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
    from handler.catalog import Stage
    from handler.errors import NotifierError
    from handler.model import Message, Receipt
    from handler.ports import Secrets
    from handler.settings import Settings

DEMO_STAGE: Final = "demo"
TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 - the name of the variable


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where test messages are posted. `place` describes it for people; `demo` is the demo that it belongs to, if any.

    `settings` are those of a deployed function. Without them, messages go to Slack itself.
    """

    place: str
    secrets: Secrets
    settings: Settings | None = None
    demo: Running | None = None

    def post(self, message: Message, stage: Stage) -> Receipt:
        """Post a message of a stage as the function does.

        Raises click.ClickException, with what to do; UnansweredError for a stack without a bot token.
        """
        from cli import diagnoses
        from handler.errors import NotifierError

        try:
            return self._post(message)
        except NotifierError as error:
            remedy = self._remedy(error, message.destination, stage)
            raise click.ClickException(diagnoses.with_remedy(error, remedy)) from None

    def link(self, receipt: Receipt) -> str:
        """Return a link to a posted message."""
        page = self.demo.page if self.demo else ""
        return page or f"https://slack.com/archives/{receipt.channel}/p{receipt.ts.replace('.', '')}"

    def stages(self, folder: Path) -> tuple[str, ...]:
        """Return the default stages of a test: in a demo, the stage `demo` if the folder has it; else none."""
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

    def _remedy(self, error: NotifierError, to: str, stage: Stage) -> str:
        from cli.preview import slack_remedies

        if slack_remedies.reason(error) == slack_remedies.NO_CHANNEL and (
            meant := slack_remedies.channel(to, stage, self._channels())
        ):
            return meant
        return slack_remedies.remedy(error, by_hand=self.settings is None)

    def _channels(self) -> Mapping[str, str]:
        """The names of the demo's channels and people by their ids; empty for a Slack of which nothing is known."""
        if not (self.demo and self.settings):
            return {}
        from lab.slack import Control

        address = self.settings.slack
        control = Control(address.api_url.removesuffix("/api/"), Path(address.ca) if address.ca else None)
        try:
            return {one["id"]: one["name"] for one in control.channels() if not one["rule"]}
        finally:
            control.close()


def find(stack_name: str | None) -> Workspace:
    """Return the Slack of the given stack; else that of SLACK_BOT_TOKEN; else that of the demo that runs here.

    Raises click.UsageError if there is none of them, and UnansweredError.
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

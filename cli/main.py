"""The `notifier` command: one verb a module, which is imported once somebody uses it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

import click

from cli import language

# Each verb, which is a function of that name in the module of that name, and what the list of commands says of it.
VERBS: Final = {
    "balance": "Check that nothing is lost.",
    "bundle": "Write the code and the compiled templates for the package.",
    "demo": "Run everything on this machine, and watch the posts.",
    "doctor": "Check a deployment, and say how to fix it.",
    "emit": "Publish an event, as an application would.",
    "explain": "Show what happened to one event, and why.",
    "lint": "Check the templates and stages.",
    "list": "List the notifications: channels, mentions, data, owner.",
    "new": "Begin a notification: a template from a table.",
    "poll": "Show how polls are doing; run, pause, rewind or start one.",
    "preview": "Show what would be posted, before anybody gets it.",
    "replay": "Send the events in the dead-letter queue again.",
    "sample": "Take a sample from a real row, without what is personal.",
    "schema": "Write the JSON Schemas that editors use to check templates.",
    "send": "Send one message as a test, to yourself or to a channel.",
    "sql": "Show the tables of a database, or run a SELECT on it.",
    "test": "Compare each sample's message with the approved one.",
    "types": "Print the event types that have a template.",
}


class _Commands(Mapping[str, click.Command]):
    """The commands by their verbs, each imported when it is asked for: those of `demo` alone take seconds."""

    def __getitem__(self, verb: str) -> click.Command:
        if verb not in VERBS:
            raise KeyError(verb)
        command: click.Command = getattr(import_module(f"cli.commands.{verb}"), verb)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class _Group(click.Group):
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Group, commands=_Commands(), context_settings={"max_content_width": 100})
@click.option(
    "--lang",
    type=click.Choice(language.LANGUAGES),
    envvar=language.VARIABLE,
    help="The language of what is printed [NOTIFIER_LANG].",
)
def main(lang: str | None) -> None:
    """Post events of an application to Slack.

    Edit templates/, check them with `notifier lint`, and try them with `notifier demo`.

    Exit status: 0 success, 1 a finding or a failure, 2 the command was misused.
    """
    language.choose(lang)

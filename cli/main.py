"""The `notifier` command: one module per verb, imported only when it is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from io import TextIOWrapper
from typing import Any, Final

import click

from cli import language
from cli.failures import explained
from cli.language import later, say

PACKAGE: Final = "slack-chatops-notifier"
# Missing without the extra [aws]. Any other missing module needs a checkout: the lab, and its libraries.
OF_AWS: Final = frozenset({"boto3", "botocore"})
OURS: Final = frozenset({"cli", "handler"})
# The verbs, with their line in the list of commands. Each is a function in the module of the same name.
VERBS: Final = {
    "balance": later("Check that nothing is lost."),
    "bundle": later("Write the code and the compiled templates for the package."),
    "demo": later("Run everything on this machine, and watch the posts."),
    "doctor": later("Check a deployment, and say how to fix it."),
    "emit": later("Publish an event, as an application would."),
    "explain": later("Show what happened to one event, and why."),
    "lint": later("Check the templates and stages."),
    "list": later("List the notifications: channels, mentions, data, owner."),
    "new": later("Begin a notification: a template from a table."),
    "poll": later("Show how polls are doing; run, pause, rewind or start one."),
    "preview": later("Show what would be posted, before anybody gets it."),
    "replay": later("Send the events in the dead-letter queue again."),
    "sample": later("Take a sample from a real row, without what is personal."),
    "schema": later("Write the JSON Schemas that editors use to check templates."),
    "send": later("Send one message as a test, to yourself or to a channel."),
    "sql": later("Show the tables of a database, or run a SELECT on it."),
    "test": later("Compare each sample's message with the approved one."),
    "types": later("Print the event types that have a template."),
}


class _Commands(Mapping[str, click.Command]):
    """The commands by verb. Each is imported when it is needed: the imports of `demo` alone take seconds."""

    def __getitem__(self, verb: str) -> click.Command:
        if verb not in VERBS:
            raise KeyError(verb)
        try:
            command: click.Command = getattr(import_module(f"cli.commands.{verb}"), verb)
        except ModuleNotFoundError as error:
            if _missing(error) in OURS:
                raise
            return _Absent(verb, error)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class _Absent(click.Command):
    """Stands in for a verb that cannot be imported: it has a --help, and says what is missing."""

    def __init__(self, verb: str, error: ModuleNotFoundError) -> None:
        self._error = error
        lenient = {"ignore_unknown_options": True, "allow_extra_args": True}
        super().__init__(verb, help=say(VERBS[verb]), context_settings=lenient)

    def invoke(self, ctx: click.Context) -> None:  # noqa: ARG002 - click's
        """Raise the error of the import."""
        raise self._error

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Say what is missing."""
        formatter.write_paragraph()
        formatter.write_text(_remedy(_missing(self._error)))


def _missing(error: ModuleNotFoundError) -> str:
    return (error.name or "").partition(".")[0]


def _remedy(module: str) -> str:
    """Say what to do about a module that is not installed."""
    if module in OF_AWS:
        return say("{module} is not installed. Install {package}[aws].", module=module, package=PACKAGE)
    return say("This needs a checkout of the project: {module} is not installed.", module=module)


def _redacted(error: click.ClickException) -> click.ClickException:
    """Return an error that repeats no secret, such as a token that was typed as an option."""
    from handler.redaction import redact

    error.message = redact(error.message)  # type: ignore[misc]  # Final for those who inherit, not for us
    return error


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. A missing module, and what the system or AWS refuses, end in a sentence without secrets."""
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort):
            raise
        except click.ClickException as error:
            raise _redacted(error) from None
        except ModuleNotFoundError as error:
            if (module := _missing(error)) in OURS:
                raise
            raise click.ClickException(_remedy(module)) from None
        except Exception as error:
            if told := explained(error):
                raise _redacted(told) from None
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands without importing them."""
        with formatter.section(say("Commands")):
            formatter.write_dl([(verb, say(words)) for verb, words in VERBS.items()])


@click.group(cls=_Group, commands=_Commands(), context_settings={"max_content_width": 100})
@click.option(
    "--lang",
    type=click.Choice(language.LANGUAGES),
    envvar=language.VARIABLE,
    help="The language of what is printed [NOTIFIER_LANG]. Default: that of the stage production, else English.",
)
@click.version_option(package_name=PACKAGE)
def main(lang: str | None) -> None:
    """Post events of an application to Slack.

    Edit templates/, check them with `notifier lint`, and try them with `notifier demo`.

    Exit status: 0 success, 1 a finding or a failure, 2 the command was misused.
    """
    click.get_current_context().with_resource(language.speaking(lang))
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # characters that the console cannot encode become question marks

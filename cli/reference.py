"""Generates the reference pages: `make docs` writes them, a test compares them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from cli import language
from cli.language import say
from cli.main import main
from handler.adapters.slack.error_table import SLACK_ERRORS, UNKNOWN_SLACK_ERROR
from handler.errors import CODES, LAST_ATTEMPT

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
WIDTH: Final = 100


def commands() -> str:
    """Return docs/cli.md: the help of each command."""
    parts = ["# The `notifier` command\n", "<!-- Made by `make docs` from the program. -->\n", _help(main, "notifier")]
    for name, command in sorted(main.commands.items()):
        parts += [f"## notifier {name}\n", _help(command, f"notifier {name}")]
        for verb, one in sorted(command.commands.items()) if isinstance(command, click.Group) else ():
            parts += [f"### notifier {name} {verb}\n", _help(one, f"notifier {name} {verb}")]
    return "\n".join(parts)


def codes(name: str = language.ENGLISH) -> str:
    """Return docs/codes.md, or docs/ja/codes.md: every way in which an event can fail."""
    with language.speaking(name):
        return "\n".join(_codes()) + "\n"


def _codes() -> Iterator[str]:
    yield say("# Error codes") + "\n"
    yield "<!-- Made by `make docs` from handler/errors.py. -->\n"
    yield (
        say(
            "A code appears in the log line of a delivery and on a message in the dead-letter queue. *Again* says "
            "whether the event stays in the queue and is retried by itself, 50 times in three hours or more. Other "
            "events are parked at once. [runbook.md](runbook.md) says what to do about the events."
        )
        + "\n"
    )
    yield say("| code | again | what it means | what to do |")
    yield "| --- | --- | --- | --- |"
    for code, (retry, meaning, remedy) in CODES.items():
        again = say("yes") if retry else ""
        if code in LAST_ATTEMPT:
            again = say("up to attempt {number}", number=LAST_ATTEMPT[code])
        yield f"| `{code}` | {again} | {_cell(say(meaning))} | {_cell(say(remedy))} |"
    yield "\n" + say("## Slack's words") + "\n"
    yield "<!-- Made from handler/adapters/slack/error_table.py, which names the sources and their date. -->\n"
    yield (
        say(
            "The detail of a `SLACK_` code contains Slack's own word for the error. A word that is not in this list "
            "has the code `{code}`: {remedy}.",
            code=UNKNOWN_SLACK_ERROR.code,
            remedy=say(UNKNOWN_SLACK_ERROR.remedy),
        )
        + "\n"
    )
    yield say("| word | code | what to do |")
    yield "| --- | --- | --- |"
    for word, (code, remedy) in sorted(SLACK_ERRORS.items()):
        yield f"| `{word}` | `{code}` | {_cell(say(remedy))} |"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _help(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name, terminal_width=WIDTH)
    return f"```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    (DOCS / "cli.md").write_text(commands(), encoding="utf-8")
    (DOCS / "codes.md").write_text(codes(), encoding="utf-8")
    (DOCS / "ja/codes.md").write_text(codes("ja"), encoding="utf-8")

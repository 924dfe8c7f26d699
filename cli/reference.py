"""The reference pages that are made from the program: `make docs` writes them, a test compares them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from cli.main import main
from handler.adapters.slack.error_table import SLACK_ERRORS, UNKNOWN_SLACK_ERROR
from handler.errors import CODES, LAST_ATTEMPT

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
WIDTH: Final = 100


def commands() -> str:
    """Return docs/cli.md: what each command says of itself."""
    parts = ["# The `notifier` command\n", "<!-- Made by `make docs` from the program. -->\n", _help(main, "notifier")]
    for name, command in sorted(main.commands.items()):
        parts += [f"## notifier {name}\n", _help(command, f"notifier {name}")]
        for verb, one in sorted(command.commands.items()) if isinstance(command, click.Group) else ():
            parts += [f"### notifier {name} {verb}\n", _help(one, f"notifier {name} {verb}")]
    return "\n".join(parts)


def codes() -> str:
    """Return docs/codes.md: every way in which an event can fail."""
    return "\n".join(_codes()) + "\n"


def _codes() -> Iterator[str]:
    yield "# Error codes\n"
    yield "<!-- Made by `make docs` from handler/errors.py. -->\n"
    yield "A code appears in the log line of a delivery and on a message in the dead-letter queue. *Again* says whether"
    yield "the event stays in the queue and is retried by itself, 50 times in three hours or more. Other events are"
    yield "parked at once. [runbook.md](runbook.md) says what to do about the events.\n"
    yield "| code | again | what it means | what to do |"
    yield "| --- | --- | --- | --- |"
    for code, (retry, meaning, remedy) in CODES.items():
        again = f"up to attempt {LAST_ATTEMPT[code]}" if code in LAST_ATTEMPT else "yes" if retry else ""
        yield f"| `{code}` | {again} | {_cell(meaning)} | {_cell(remedy)} |"
    yield "\n## Slack's words\n"
    yield "<!-- Made from handler/adapters/slack/error_table.py, which names the sources and their date. -->\n"
    yield "The detail of a `SLACK_` code contains Slack's own word for the error. A word that is not in this list has"
    yield f"the code `{UNKNOWN_SLACK_ERROR.code}`: {UNKNOWN_SLACK_ERROR.remedy}.\n"
    yield "| word | code | what to do |"
    yield "| --- | --- | --- |"
    for word, (code, remedy) in sorted(SLACK_ERRORS.items()):
        yield f"| `{word}` | `{code}` | {_cell(remedy)} |"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _help(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name, terminal_width=WIDTH)
    return f"```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    (DOCS / "cli.md").write_text(commands(), encoding="utf-8")
    (DOCS / "codes.md").write_text(codes(), encoding="utf-8")

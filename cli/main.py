"""The `notifier` command: one verb a module."""

from __future__ import annotations

import click

from cli.bundle import bundle
from cli.demo import demo
from cli.emit import emit
from cli.lint import lint
from cli.schema import schema
from cli.types import types


@click.group(context_settings={"max_content_width": 100})
def main() -> None:
    """Say in Slack what happened in an application.

    Edit templates/, check them with `notifier lint`, and see them at work with `notifier demo`.

    Exit status: 0 all is well, 1 something was found or failed, 2 the command was misused.
    """


for command in (bundle, demo, emit, lint, schema, types):
    main.add_command(command)

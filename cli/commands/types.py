"""`notifier types`: list the event types for which there are templates."""

from __future__ import annotations

from pathlib import Path

import click

from cli import compiler
from cli.compiler import files
from cli.language import say
from cli.preview import selection


@click.command(short_help="Print the event types that have a template.")
@selection.templates()
def types(folder: Path) -> None:
    """Print the event types that have a template, separated by commas.

    It is for scripts; `notifier list` says what each template does.

    Use the output as the parameter EventTypes, so that the subscription receives only these types from a shared topic:

    \b
      sam deploy --parameter-overrides EventTypes=$(.venv/bin/notifier types) ...
    """  # noqa: D301 - \b is what keeps these lines apart
    found = {template.notification.event for template in compiler.compile_templates(folder).templates}
    if not found:
        raise click.ClickException(say("There is no template in {folder}.", folder=files.shown(folder)))
    click.echo(",".join(sorted(found)))

"""`notifier schema`: write the JSON Schemas with which editors complete and check templates."""

from __future__ import annotations

from pathlib import Path

import click

from cli.compiler.schema import SCHEMAS, TEMPLATE, document
from cli.language import say
from cli.preview import selection


@click.command(short_help="Write the JSON Schemas that editors use to check templates.")
@selection.templates()
@click.option("--print", "as_text", is_flag=True, help="Print that of a template, and write nothing.")
def schema(folder: Path, as_text: bool) -> None:
    """Write the JSON Schemas of templates, stages, labels and privacy into the folder with the templates.

    A template whose first line is this one is completed and checked by any editor with a YAML language server:

    \b
      # yaml-language-server: $schema=./.schema.json
    """  # noqa: D301 - \b is what keeps these lines apart
    if as_text:
        click.echo(document(TEMPLATE), nl=False)
        return
    for name, content in SCHEMAS.items():
        path = folder / name
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise click.ClickException(say("{path} is not an ordinary file; remove it, and run this again", path=path))
        path.parent.mkdir(exist_ok=True)
        path.write_text(document(content), encoding="utf-8")
        click.echo(say("Wrote {path}", path=path))

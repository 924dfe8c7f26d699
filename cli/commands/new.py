"""`notifier new`: write a first template for an event from a database table."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.language import say
from cli.preview import connections, selection

if TYPE_CHECKING:  # imported when the command runs: usage errors stay fast
    from cli.compiler.template import Template
    from cli.new_template.content import NewContent, Options
    from cli.new_template.rows import Sampled
    from cli.new_template.validation import Trial
    from cli.preview.connections import Connections
    from cli.preview.selection import Selection
    from cli.privacy.rules import Rules
    from handler.catalog import Stage

_LANGUAGES: Final = ("en", "ja")


@click.command(short_help="Begin a notification: a template from a table.")
@click.argument("name", metavar="TYPE")
@click.option("--table", default="", metavar="NAME", help="The table or view with the rows of the events.")
@click.option("--no-table", is_flag=True, help="Show what the event carries in its `data`, and read no row.")
@click.option("--id-column", default="", metavar="NAME", help="The column that the event's id is in. Default: the key.")
@click.option(
    "--columns",
    default="",
    metavar="NAMES",
    help="What to show, separated by commas; with --no-table the keys of `data`. Default: the most telling columns.",
)
@click.option("--channel", default="", metavar="ALIAS", help="The channel's alias, as the stages list it.")
@click.option("--title", default="", metavar="TEXT", help="How the message begins. Default: the words of TYPE.")
@click.option("--description", default="", metavar="TEXT", help="What the notification is for, for people.")
@click.option("--owner", default="", metavar="TEXT", help="Whom to ask about the notification.")
@click.option(
    "--poll",
    "--every",
    "every",
    default="",
    metavar="INTERVAL",
    help='Find new rows by a poll, such as 1m or "0 9 * * *", in place of events that an application publishes.',
)
@click.option(
    "--id", "row_id", default="", metavar="ID", help="The row of the sample. Default: the one with the highest id."
)
@click.option("--language", type=click.Choice(_LANGUAGES), help="The language of the message. Default: the stage's.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the default of what no option says.")
@selection.options
@connections.options
def new(
    name: str,
    no_table: bool,
    folder: Path,
    stage_names: Sequence[str],
    databases: Sequence[str],
    apis: Sequence[str],
    yes: bool,
    **said: str | None,
) -> None:
    """Write the template TYPE.yaml, with a sample from a real row and its approved message.

    TYPE is the type of the event, such as order.created. What no option says is asked: the table, the columns, the
    channel. Without a terminal, or with --yes, nothing is asked. The values of the row are masked as `notifier sample`
    masks them. Only SELECT, EXPLAIN and SHOW run. Nothing is written if `notifier lint` would find something, and no
    file is replaced:

    \b
      notifier new refund.requested
      notifier new refund.requested --table refunds --channel support --every 1m --yes
      notifier new build.failed --no-table --columns branch,author --channel builds

    Exit status: 0 it is written, 1 it is not, 2 the command was misused.
    """  # noqa: D301 - \b is what keeps these lines apart
    from cli.compiler.files import shown
    from cli.new_template import asking as terminal
    from cli.new_template import validation
    from cli.new_template.asking import Asking
    from cli.new_template.content import MistakenError, NewContent, Options

    wish = Options(**{key: value or "" for key, value in said.items()})
    _refuse(name, wish, folder, no_table=no_table)
    chosen = selection.select("", folder, stage_names)
    asking = Asking(is_on=not yes and terminal.is_there())
    begun = NewContent(name, wish, chosen.folder, _stages(chosen), _rules(chosen), asking)
    needed = {"--table": wish.table or no_table, "--channel": wish.channel or len(begun.aliases) == 1}
    asking.refuse_missing(needed)
    try:
        with _connected(databases, apis, no_table=no_table) as connected:
            made = begun.of_table(connected, _named(databases)) if connected else begun.of_data()
            tried = validation.tried(chosen.folder, name, made.content, connected.database if connected else None)
        template = _sound(tried, chosen.folder)
        _show(begun, template, made)
        if not asking.confirmed(say("Write it?")):
            raise click.Abort
        paths = validation.write(chosen.folder, template, made.content, begun.stages)
    except MistakenError as error:
        _sound(validation.tried(chosen.folder, name, error.content, None), chosen.folder)
    except OSError as error:
        place = shown(error.filename or folder)
        raise click.ClickException(say("{file}: {problem}", file=place, problem=error.strerror or "")) from None
    _say_next(begun, made, paths)


def _refuse(name: str, wish: Options, folder: Path, *, no_table: bool) -> None:
    """Raise UsageError, before any row is read, for an invalid or existing name, and for options that conflict."""
    from cli.compiler.files import MAX_NAME, printable
    from cli.compiler.files import shown as shown_path
    from cli.compiler.template import EVENT_TYPE
    from cli.new_template.content import checked_title
    from cli.preview import approved

    if not EVENT_TYPE.fullmatch(name) or len(name) > MAX_NAME:
        raise click.UsageError(
            say(
                "{name} is not an event type. Write small letters, digits and _, with dots between, such as {example}",
                name=printable(name[:MAX_NAME]),
                example="order.created",
            )
        )
    for path in (folder / f"{name}.yaml", approved.path(folder, name)):
        if path.exists() or path.is_symlink():
            raise click.UsageError(say("{file} is there already, and is not replaced.", file=shown_path(path)))
    if no_table and (wish.table or wish.id_column or wish.every):
        raise click.UsageError(say("--no-table reads no row, so there is no --table, --id-column or --every."))
    checked_title(wish.title)


def _stages(chosen: Selection) -> tuple[Stage, ...]:
    """Return all stages, the chosen one first."""
    return tuple({one.name: one for one in (*chosen.stages, *chosen.compilation.stages)}.values())


def _rules(chosen: Selection) -> Rules:
    if chosen.compilation.privacy is None:
        raise click.ClickException(
            say(
                "{file} has mistakes, so nobody knows what is personal. Correct them first: notifier lint",
                file=chosen.folder / "_privacy.yaml",
            )
        )
    return chosen.compilation.privacy


@contextmanager
def _connected(databases: Sequence[str], apis: Sequence[str], *, no_table: bool) -> Iterator[Connections | None]:
    """Open the connections. Errors while they are used become ClickExceptions that say how to fix them."""
    from cli import diagnoses
    from cli.sampling.yaml_values import UnwritableError
    from handler.errors import CODES, NotifierError

    found: Any = nullcontext() if no_table else connections.connect(databases, apis)
    try:
        with found as connected:
            yield connected
    except NotifierError as error:
        fix = say("fix: {remedy}", remedy=say(CODES[error.code].remedy))
        raise click.ClickException(f"{diagnoses.told(error)}\n  {fix}") from None
    except UnwritableError as error:
        raise click.ClickException(
            say("The row has a value that a sample cannot hold ({kind}). Name other columns.", kind=str(error))
        ) from None


def _named(databases: Sequence[str]) -> str:
    """Return the name of the database that the template reads, from the --db options."""
    names = [one.partition("=")[0] if "=" in one.partition("://")[0] else "default" for one in databases]
    return "default" if not names or "default" in names else names[0]


def _sound(tried: Trial, folder: Path) -> Template:
    """Return the template, or print the findings and raise ClickException. Prints what a database could not check."""
    from cli.commands.lint import show_findings

    show_findings(tried.findings, folder)
    for note in tried.notes:
        click.echo(note, err=True)
    if tried.template is None or tried.findings:
        raise click.ClickException(say("Nothing is written: with this template, lint finds the above."))
    return tried.template


def _show(begun: NewContent, template: Template, made: Sampled) -> None:
    """Print the message as `notifier preview` does."""
    from cli.operations.screen import console
    from cli.preview.compose import Previews
    from cli.preview.mrkdwn import View
    from cli.preview.panels import shown

    screen = console()
    stage = begun.stages[0]
    [sample] = template.samples
    preview = Previews(stage).of_sample(template.notification, sample)
    screen.print(*shown(preview, View.of(stage, clickable=screen.is_terminal)), sep="\n")
    screen.print()
    if masked := [path[-1] for path in made.taken.of(masked=True)]:
        screen.print(say("Masked: {names}", names=", ".join(masked)), markup=False)


def _say_next(begun: NewContent, made: Sampled, paths: Sequence[Path]) -> None:
    """Say what was written, and what to do next."""
    from cli.compiler.files import shown

    click.echo(say("Wrote {files}.", files=", ".join(map(shown, paths))))
    elsewhere = "" if begun.folder == Path("templates") else f" --templates {shlex.quote(shown(begun.folder))}"
    command = f"notifier preview{elsewhere} {begun.name}"
    click.echo(say("Change the words, and look at the message: {command}", command=command))
    command = f"notifier test{elsewhere} --approve {begun.name}"
    click.echo(say("Approve it again, and commit the files: {command}", command=command))
    if begun.wish.every:
        click.echo(say("The deployment finds new rows if it has the parameter {parameter}.", parameter="Polls=on"))
        click.echo(say("For each change of a column, or totals once a day, see docs/recipes.md, 4 and 5."))
    else:
        event = json.dumps({"type": begun.name, "id": made.taken.sample["id"]}, ensure_ascii=False)
        click.echo(say("The application publishes {event}", event=event))

"""`notifier sample`: add a sample from a real row to a template, with personal data masked."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli.language import say
from cli.preview import connections, selection

if TYPE_CHECKING:
    from cli.preview.runs import OfRow
    from cli.preview.selection import Selection
    from cli.privacy.decision import Decision
    from cli.privacy.masking import Masking
    from cli.privacy.usage import Usage
    from cli.sampling.from_row import Taken
    from cli.sampling.target import Target
    from handler.model import Notification

ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class _Options:
    """The options: the name of the sample, and what to do."""

    name: str
    plain: bool
    replace: bool
    rows: int
    data: Mapping[str, Any]


@click.command(short_help="Take a sample from a real row, without what is personal.")
@click.argument("what", metavar="TYPE")
@click.argument("row_id", metavar="ID")
@click.option("--name", default="", metavar="TEXT", help="The name of the sample. Default: id ID.")
@click.option("--data", default="", metavar="JSON", help="A JSON object: the `data` of the event.")
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=ROWS,
    show_default=True,
    help="How many rows to keep of each list.",
)
@click.option("--plain", is_flag=True, help="Mask nothing.")
@click.option("--replace", is_flag=True, help="Replace the sample of this name.")
@click.option("--stdout", "only_print", is_flag=True, help="Print the sample, and write nothing.")
@selection.options
@connections.options
def sample(
    what: str,
    row_id: str,
    name: str,
    data: str,
    rows: int,
    plain: bool,
    replace: bool,
    only_print: bool,
    folder: Path,
    stage_names: Sequence[str],
    databases: Sequence[str],
    apis: Sequence[str],
) -> None:
    """Read the row ID as the function does, and add it to the samples of the template TYPE.

    TYPE is the name of a template, an event type, or a file. Values that templates/_privacy.yaml does not allow are
    masked. The rest of the file stays as it is. Nothing is written if `notifier lint` would find something new:

    \b
      notifier sample order.created 1042
      notifier sample order.created 1042 --name "a large order" --db mysql://reader@replica.example.org/shop
    """  # noqa: D301 - \b is what keeps these lines apart
    from cli.compiler.files import PRIVACY
    from cli.sampling.target import Target

    wish = _Options(_checked(name), plain, replace, rows, _object(data) if data else {})
    chosen, path = _chosen(what, folder, stage_names)
    target = Target(path.stem, _content(path))
    _refuse_unwritable(target, path, wish, only_print=only_print)
    notification = target.notification
    if notification is None:
        raise click.ClickException(
            say("{file} has mistakes. Correct them first: notifier lint {file}", file=shlex.quote(str(path)))
        )
    masking = None if plain else _masking(chosen, notification)
    found = _found(chosen, notification, row_id, databases, apis, wish.data)
    taken = _taken(found, notification, row_id, wish, masking)
    called = wish.name or f"id {taken.sample['id']}"
    if only_print:
        _print(called, taken)
        return
    _refuse_taken_name(called, target, wish)
    _write(target, path, called, taken, chosen)
    click.echo(say("Wrote the sample `{name}` to {file}.", name=called, file=path))
    _report(taken, masking.said if masking else None, masked=not plain)
    if masking and not (chosen.folder / PRIVACY).exists():
        click.echo(say("This folder has no {file}, so everything is masked. Copy that of the project.", file=PRIVACY))
    click.echo(say("Look at it: {command}", command=f"notifier preview {target.name} --sample {shlex.quote(called)}"))


def _checked(name: str) -> str:
    """Return a valid name of a sample; empty if none was given. Raises click.BadParameter."""
    braces = any(mark in name for mark in ("{{", "{%", "{#"))
    if name and (not name.strip() or not name.isprintable() or name == "<<" or braces):
        raise click.BadParameter(say("a name is one line, without {{ }}"), param_hint="--name")
    return name


def _object(text: str) -> dict[str, Any]:
    from handler import strict_json
    from handler.errors import EventError

    try:
        data = strict_json.loads(text)
    except EventError as error:
        raise click.BadParameter(say("this is not JSON: {why}", why=str(error)), param_hint="--data") from None
    if not isinstance(data, dict):
        raise click.BadParameter(
            say("write an object, such as {example}", example='{"coupon": "TEA"}'), param_hint="--data"
        )
    return data


def _chosen(what: str, folder: Path, stage_names: Sequence[str]) -> tuple[Selection, Path]:
    """Return the compiled folder, and the template's file. The file alone identifies a template without samples."""
    chosen = selection.select(what, folder, stage_names)
    names = [one.notification.name for one in chosen.templates]
    if not names:
        return chosen, Path(what) if what.endswith(".yaml") else folder / f"{what}.yaml"
    if len(names) != 1:
        raise click.UsageError(say("Name one of these templates: {names}.", names=", ".join(names)))
    return chosen, chosen.folder / f"{names[0]}.yaml"


def _content(path: Path) -> bytes:
    from cli.compiler import files

    try:
        return files.content(path.parent, path.name)
    except OSError as error:
        raise click.ClickException(say("{file} cannot be read: {why}.", file=path, why=error.strerror or "")) from None


def _refuse_unwritable(target: Target, path: Path, wish: _Options, *, only_print: bool) -> None:
    """Raise ClickException if the sample could not be written, before the row is read."""
    from cli.sampling import saving

    if only_print:
        return
    match saving.problem(path):
        case "read-only":
            raise click.ClickException(say("{file} is read-only. --stdout prints the sample instead.", file=path))
        case "folder":
            raise click.ClickException(
                say("The folder of {file} is read-only. --stdout prints the sample instead.", file=path)
            )
    if wish.name:
        _refuse_taken_name(wish.name, target, wish)


def _refuse_taken_name(name: str, target: Target, wish: _Options) -> None:
    if name in target.names and not wish.replace:
        free = next(one for number in range(2, 1_000_000) if (one := f"{name} {number}") not in target.names)
        raise click.UsageError(
            say(
                "There is a sample `{name}` already. Add --replace, or --name {free}",
                name=name,
                free=shlex.quote(free),
            )
        )


def _masking(chosen: Selection, notification: Notification) -> Masking:
    from cli.compiler.files import PRIVACY
    from cli.compiler.personal import constants
    from cli.privacy.masking import Masking

    rules = chosen.compilation.privacy
    if rules is None:
        raise click.ClickException(
            say(
                "{file} has mistakes, so nobody knows what is personal. Correct them first: notifier lint",
                file=chosen.folder / PRIVACY,
            )
        )
    return Masking(rules, constants(notification, chosen.compilation.stages))


def _found(
    chosen: Selection,
    notification: Notification,
    row_id: str,
    databases: Sequence[str],
    apis: Sequence[str],
    data: Mapping[str, Any],
) -> OfRow:
    from cli import diagnoses
    from cli.operations.screen import working
    from cli.preview import runs
    from cli.preview.compose import Previews
    from handler.errors import NotifierError

    try:
        with connections.connect(databases, apis) as connected, working(say("Reading the row")):
            previews, polls = Previews(chosen.stages[0]), chosen.compilation.polls
            samples = [sample for one in chosen.templates for sample in one.samples]
            found = _id(row_id, notification)
            return runs.of_event(previews, notification, samples, polls, found, data, connected)
    except NotifierError as error:
        raise click.ClickException(diagnoses.told(error)) from None


def _id(text: str, notification: Notification) -> int | str:
    """Return an id as it is published: a number if it consists of digits, unless the template accepts texts."""
    return int(text) if notification.id.kind == "integer" and re.fullmatch("[0-9]{1,20}", text) else text


def _taken(of_row: OfRow, notification: Notification, row_id: str, wish: _Options, masking: Masking | None) -> Taken:
    """Return the sample. A row with which the template fails is a useful sample too, so that is not an error."""
    from cli import diagnoses
    from cli.preview.events import advice
    from cli.sampling.from_row import taken
    from handler.errors import TemplateError

    found = of_row.preview
    if found.error and of_row.wanted:
        raise click.ClickException(diagnoses.with_remedy(found.error, advice(of_row.wanted)))
    lookups = {one.name for one in notification.lookups}
    if found.error and (not isinstance(found.error, TemplateError) or lookups - found.answers.keys()):
        raise click.ClickException(diagnoses.told(found.error))
    if lookups - found.answers.keys():
        raise click.ClickException(say("{rule}: the function reads no more than this.", rule=found.rule))
    answers = {one.name: found.answers[one.name] for one in notification.lookups}
    return taken(_id(row_id, notification), of_row.data, answers, wish.rows, masking)


def _print(name: str, taken: Taken) -> None:
    from cli.sampling import insertion
    from cli.sampling.yaml_values import UnwritableError

    try:
        click.echo(insertion.inserted("", name, taken.sample), nl=False)
    except UnwritableError as error:
        raise _unwritable(error) from None


def _write(target: Target, path: Path, name: str, taken: Taken, chosen: Selection) -> None:
    from cli.sampling import saving
    from cli.sampling.target import InsertionError
    from cli.sampling.yaml_values import UnwritableError

    try:
        after = target.with_sample(name, taken.sample)
    except UnwritableError as error:
        raise _unwritable(error) from None
    except InsertionError:
        raise click.ClickException(
            say("{file} is written in a way that nothing can be added to. Paste what --stdout prints.", file=path)
        ) from None
    if new := target.new_findings(after, chosen.compilation.stages):
        for one in new:
            click.echo(f"{one}\n  {say('fix: {remedy}', remedy=one.fix)}", err=True)
        raise click.ClickException(
            say("Nothing is written: with this sample, lint finds the above. The lines are those of the new file.")
        )
    try:
        if not saving.replace(path, target.content, after):
            raise click.ClickException(say("{file} has changed meanwhile. Run this again.", file=path))
    except OSError as error:
        raise click.ClickException(
            say("{file} cannot be written: {why}.", file=path, why=error.strerror or "")
        ) from None


def _unwritable(error: Exception) -> click.ClickException:
    return click.ClickException(
        say("The row has a value that a sample cannot hold ({kind}). Convert it in the SELECT.", kind=str(error))
    )


def _report(taken: Taken, said: Usage | None, *, masked: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    from cli.operations.screen import console

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for title, among in ((say("Masked"), True), (say("Kept"), False)):
        for number, (path, found) in enumerate(taken.of(masked=among).items()):
            reasons = ", ".join(dict.fromkeys(map(_reason, found)))
            table.add_row(title if not number else "", Text(".".join(path)), Text(reasons, "dim"))
    if not masked:
        click.echo(say("Nothing was masked."))
    elif table.row_count:
        console().print(table)
    if nothing := [name for name, answer in taken.sample.get("lookups", {}).items() if answer is None]:
        click.echo(say("Nothing was found for {names}.", names=", ".join(nothing)))
    for name, count in taken.cut.items():
        kept = len(taken.sample["lookups"][name])
        click.echo(
            say("Kept {kept} of {count} rows of {name}; --rows {count} keeps all.", kept=kept, count=count, name=name)
        )
    if said and (branching := taken.branching(said)):
        click.echo(
            say(
                "The template compares {columns}, so the sample may look different from the row. If they are not "
                "personal, name them under `keep` in _privacy.yaml.",
                columns=", ".join(branching),
            )
        )


def _reason(found: Decision) -> str:
    match found.why:
        case "rule":
            return say("{entry} is under {kind}", entry=found.entry, kind=found.kind)
        case "no rule":
            return say("no list names it")
        case "compared":
            return say("the template has this value")
        case "currency":
            return say("the template writes amounts with it")
        case "address":
            return say("`{entry}` is under `keep`, but there is an address in it", entry=found.entry)
        case _:
            return say("no text")
